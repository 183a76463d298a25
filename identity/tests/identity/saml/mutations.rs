//! Random changes: whatever is done to a good response, it is refused or says what it said.

use tenantry_identity::saml::Assertion;
use tenantry_kernel::{Entropy, OsEntropy};

use super::provider::{ALICE, MALLORY, World};

const EACH: usize = 1000;

/// Splitmix64: reproducible from the seed that a failure names.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    /// A part of the text, at most this long.
    fn span(&mut self, text: &str, longest: usize) -> (usize, usize) {
        let from = self.throw(text.len());
        (from, (from + 1 + self.throw(longest)).min(text.len()))
    }
}

/// What an attacker would put somewhere.
fn fragments(world: &World) -> Vec<String> {
    let evil = world.assertion().replace("_assertion1", "_evil").replace(ALICE, MALLORY);
    vec![
        evil,
        format!("<saml:NameID>{MALLORY}</saml:NameID>"),
        format!("<saml:Subject><saml:NameID>{MALLORY}</saml:NameID></saml:Subject>"),
        format!("<saml:AttributeValue>{MALLORY}</saml:AttributeValue>"),
        "<!-- -->".to_owned(),
        "<![CDATA[x]]>".to_owned(),
        "<?x y?>".to_owned(),
        "&#97;".to_owned(),
        "&amp;".to_owned(),
        " xmlns:saml=\"urn:x\"".to_owned(),
        " xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"".to_owned(),
        " ID=\"_assertion1\"".to_owned(),
        "</saml:NameID>".to_owned(),
        "</saml:Assertion>".to_owned(),
        "\u{0}".to_owned(),
        "\r\n".to_owned(),
    ]
}

fn mutate(text: &str, fragments: &[String], dice: &mut Dice) -> String {
    let mut changed = text.to_owned();
    for _ in 0..1 + dice.throw(3) {
        let (from, to) = dice.span(&changed, 60);
        let part = changed[from..to].to_owned();
        match dice.throw(7) {
            0 => changed.replace_range(from..from + 1, &char::from(32 + dice.throw(95) as u8).to_string()),
            1 => changed.replace_range(from..to, ""),
            2 => {
                let at = dice.throw(changed.len());
                changed.insert_str(at, &part);
            }
            3 => {
                let (other_from, other_to) = dice.span(&changed, 60);
                changed.replace_range(other_from..other_to, &part);
            }
            4 => changed.insert_str(from, &fragments[dice.throw(fragments.len())]),
            5 => {
                // Between two elements, where it is likely to stay well-formed.
                let gaps: Vec<_> = changed.match_indices("><").map(|(at, _)| at + 1).collect();
                let gap = gaps[dice.throw(gaps.len())];
                changed.insert_str(gap, &fragments[dice.throw(fragments.len())]);
            }
            _ => {
                // A whole tag, moved to another place between two elements.
                let tags: Vec<_> = changed.match_indices('<').map(|(at, _)| at).collect();
                let from = tags[dice.throw(tags.len())];
                let to = changed[from..].find('>').map_or(changed.len(), |at| from + at + 1);
                let tag = changed[from..to].to_owned();
                changed.replace_range(from..to, "");
                let gaps: Vec<_> = changed.match_indices("><").map(|(at, _)| at + 1).collect();
                let gap = gaps[dice.throw(gaps.len())];
                changed.insert_str(gap, &tag);
            }
        }
    }
    changed
}

fn try_all(world: &World, good: &str) {
    let original: Assertion = world.check(good).unwrap();
    let fragments = fragments(world);
    let mut seed = [0; 8];
    OsEntropy.fill(&mut seed);
    let seed = u64::from_ne_bytes(seed);
    let mut dice = Dice(seed);
    let (mut refused, mut reasons) = (0, std::collections::HashSet::new());
    for turn in 0..EACH {
        let changed = mutate(good, &fragments, &mut dice);
        match world.check(&changed) {
            Ok(assertion) => assert_eq!(assertion, original, "seed {seed}, turn {turn}: {changed}"),
            Err(refusal) => {
                refused += 1;
                reasons.insert(refusal);
            }
        }
    }
    // Else the changes were no changes.
    assert!(refused > EACH / 2, "seed {seed}: only {refused} were refused");
    assert!(reasons.len() >= 5, "seed {seed}: {reasons:?}");
}

#[test]
fn a_thousand_changes_of_a_signed_assertion_never_make_another_identity() {
    let world = World::new();
    try_all(&world, &world.signed_assertion());
}

#[test]
fn a_thousand_changes_of_a_signed_response_never_make_another_identity() {
    let world = World::new();
    try_all(&world, &world.signed_response());
}
