//! What no parser gets to see.
//!
//! The text is looked through before the first parser reads it. In XML, `<!` begins a comment, a CDATA section or a
//! declaration and nothing else, and `<?` a processing instruction: a text without the two has no entities, no document
//! type, and no place where one parser sees two texts and another sees one. This matters because two parsers read a
//! message: ours, which judges its form, and libxml2 inside xmlsec, which is asked to recover from errors.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Refusal;

/// Of the decoded message.
pub(super) const MOST_BYTES: usize = 256 * 1024;
const DEEPEST: usize = 32;
/// Of one element, names of namespaces among them: the parser compares each with all before it.
const MOST_ATTRIBUTES: usize = 64;

/// The text of a message from a form field.
pub(super) fn decode(field: &str) -> Result<String, Refusal> {
    // Line breaks, and a third more for base64.
    if field.len() > MOST_BYTES + MOST_BYTES / 2 {
        return Err(Refusal::TooLarge);
    }
    let packed: String = field.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(packed).map_err(|_| Refusal::NotBase64)?;
    if bytes.len() > MOST_BYTES {
        return Err(Refusal::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| Refusal::NotUtf8)
}

/// Whether comments are skipped: in metadata, which an administrator uploads, they are usual.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    Refused,
    Skipped,
}

/// The document without its declaration, when nothing in it is forbidden.
pub(super) fn screen(text: &str, comments: Comments) -> Result<&str, Refusal> {
    let text = without_declaration(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    if text.contains(|c: char| c < ' ' && !matches!(c, '\t' | '\r' | '\n')) {
        return Err(Refusal::Malformed);
    }
    let (mut rest, mut depth) = (text, 0usize);
    while let Some((_, after)) = rest.split_once('<') {
        if let Some(comment) = after.strip_prefix("!--") {
            if comments == Comments::Refused {
                return Err(Refusal::Comment);
            }
            rest = comment.split_once("-->").ok_or(Refusal::Malformed)?.1;
            continue;
        }
        if after.starts_with("![") {
            return Err(Refusal::Cdata);
        }
        if after.starts_with('!') {
            return Err(Refusal::Doctype);
        }
        if after.starts_with('?') {
            return Err(Refusal::ProcessingInstruction);
        }
        let (tag, next) = split_tag(after).ok_or(Refusal::Malformed)?;
        if tag.starts_with('/') {
            depth = depth.checked_sub(1).ok_or(Refusal::Malformed)?;
        } else if !tag.ends_with('/') {
            depth += 1;
            if depth > DEEPEST {
                return Err(Refusal::TooDeep);
            }
        }
        rest = next;
    }
    Ok(text)
}

/// A declaration could name an encoding, and then two parsers read two texts. So it is taken away.
fn without_declaration(text: &str) -> Result<&str, Refusal> {
    let Some(declaration) = text.strip_prefix("<?xml").filter(|d| d.starts_with([' ', '\t', '\r', '\n']))
    else {
        return Ok(text);
    };
    let (declaration, rest) = declaration.split_once("?>").ok_or(Refusal::Malformed)?;
    if let Some((_, encoding)) = declaration.split_once("encoding") {
        let mut quoted = encoding.split(['"', '\'']);
        if !quoted.nth(1).is_some_and(|name| name.eq_ignore_ascii_case("utf-8")) {
            return Err(Refusal::NotUtf8);
        }
    }
    Ok(rest.trim_start())
}

/// What is between `<` and `>`, and what follows. A `>` in an attribute's value ends nothing. `None` also for more
/// attributes than any element has.
fn split_tag(text: &str) -> Option<(&str, &str)> {
    let (mut quote, mut attributes) = (None, 0);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some((text.get(..at)?, text.get(at + 1..)?)),
            (None, '"' | '\'') => {
                attributes += 1;
                if attributes > MOST_ATTRIBUTES {
                    return None;
                }
                quote = Some(c);
            }
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_taken_away_and_may_name_utf_8_only() {
        let screened = |text| screen(text, Comments::Refused);
        assert_eq!(screened("<?xml version=\"1.0\" encoding='utf-8'?>\n<a/>"), Ok("<a/>"));
        assert_eq!(screened("\u{feff}<?xml version=\"1.0\"?><a/>"), Ok("<a/>"));
        assert_eq!(screened("<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>"), Err(Refusal::NotUtf8));
        assert_eq!(screened("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>"), Err(Refusal::NotUtf8));
        assert_eq!(screened(" <?xml version=\"1.0\"?><a/>"), Err(Refusal::ProcessingInstruction));
        assert_eq!(screened("<?xml-stylesheet href=\"a\"?><a/>"), Err(Refusal::ProcessingInstruction));
    }

    #[test]
    fn depth_is_counted_by_elements_and_not_by_what_looks_like_them() {
        let nest = |n: usize| format!("{}{}", "<a b='/>'>".repeat(n), "</a>".repeat(n));
        assert!(screen(&nest(DEEPEST), Comments::Refused).is_ok());
        assert_eq!(screen(&nest(DEEPEST + 1), Comments::Refused), Err(Refusal::TooDeep));
        let flat = format!("<r>{}</r>", "<a b='>'/>".repeat(500));
        assert_eq!(screen(&flat, Comments::Refused), Ok(flat.as_str()));
        assert_eq!(screen("<a></a></a>", Comments::Refused), Err(Refusal::Malformed));
        assert_eq!(screen("<a b='", Comments::Refused), Err(Refusal::Malformed));
    }

    #[test]
    fn an_element_has_few_attributes() {
        let with = |n: usize| {
            let attributes: String = (0..n).map(|n| format!(" a{n}='x=\"'")).collect();
            format!("<a{attributes}><b{attributes}/></a>")
        };
        assert!(screen(&with(MOST_ATTRIBUTES), Comments::Refused).is_ok());
        assert_eq!(screen(&with(MOST_ATTRIBUTES + 1), Comments::Skipped), Err(Refusal::Malformed));
    }

    #[test]
    fn comments_are_skipped_in_metadata_and_hide_nothing() {
        assert!(screen("<a><!-- <b> ' --></a>", Comments::Skipped).is_ok());
        assert_eq!(screen("<a><!-- --><!DOCTYPE x></a>", Comments::Skipped), Err(Refusal::Doctype));
        assert_eq!(screen("<a><!-- </a>", Comments::Skipped), Err(Refusal::Malformed));
        assert_eq!(screen("<a><!-- --></a>", Comments::Refused), Err(Refusal::Comment));
    }

    #[test]
    fn size_is_measured_before_and_after_decoding() {
        assert_eq!(decode(&"A".repeat(MOST_BYTES * 2)), Err(Refusal::TooLarge));
        assert_eq!(decode(&STANDARD.encode(vec![b'a'; MOST_BYTES + 1])), Err(Refusal::TooLarge));
        assert!(decode(&STANDARD.encode(vec![b'a'; MOST_BYTES])).is_ok());
        assert_eq!(decode("PGEvPg=\r\n=").as_deref(), Ok("<a/>"));
        assert_eq!(decode("<a/>"), Err(Refusal::NotBase64));
        assert_eq!(decode(&STANDARD.encode([0xff])), Err(Refusal::NotUtf8));
    }
}
