//! A provider's response: from a form field of a stranger to an assertion that is proven and meant for us.

use chrono::{DateTime, Utc};
use roxmltree::{Document, Node};
use sha2::{Digest, Sha256};

use super::assertion::{self, Assertion};
use super::decrypt::{self, Cover};
use super::metadata::IdentityProvider;
use super::names::{ASSERTION, PROTOCOL, SUCCESS};
use super::screen::Comments;
use super::service_provider::ServiceProvider;
use super::{Refusal, screen, signature, tree};

/// What the response must fit.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The ID of the request that this browser was sent with; none when the browser comes by itself.
    pub request: Option<&'a str>,
    /// Whether people may come from the provider's own page without a request of ours. Whoever allows it allows that
    /// somebody is logged in to an account of another's choice, by a link: it is for connections that need it.
    pub provider_may_start: bool,
    pub now: DateTime<Utc>,
}

pub(super) struct Terms<'a> {
    pub(super) sp: &'a ServiceProvider,
    pub(super) idp: &'a IdentityProvider,
    pub(super) request: Option<&'a str>,
    pub(super) now: DateTime<Utc>,
}

/// An assertion that holds, if this is its first use. That is for the caller's store to say.
#[derive(Debug)]
#[must_use = "an assertion is believed once, see `first_use`"]
pub struct Checked(Assertion);

impl Checked {
    /// By what the store knows the assertion: SHA-256 of issuer and ID, in hexadecimal.
    pub fn key(&self) -> String {
        let issuer = Sha256::digest(self.0.issuer.as_bytes());
        hex::encode(Sha256::new().chain_update(issuer).chain_update(self.0.id.as_bytes()).finalize())
    }

    /// How long the store must know it: afterwards it is refused as expired.
    pub fn keep_until(&self) -> DateTime<Utc> {
        self.0.ends
    }

    /// # Errors
    /// `Replayed`, when the store had the key already. The store must decide it by a unique key, and not by looking
    /// first: of two uses at once one is the first.
    pub fn first_use(self, first: bool) -> Result<Assertion, Refusal> {
        if first { Ok(self.0) } else { Err(Refusal::Replayed) }
    }
}

/// Checks the form field `SAMLResponse` of the POST binding (SAML bindings, section 3.5; profiles, section 4.1.4).
///
/// It computes, for up to some milliseconds and in a C library: call it from `spawn_blocking`.
///
/// # Errors
/// The first reason found. The order: text, form, placement and form of signatures, signatures, encryption, meaning.
pub fn check_response(
    sp: &ServiceProvider,
    idp: &IdentityProvider,
    field: &str,
    expected: &Expected<'_>,
) -> Result<Checked, Refusal> {
    if expected.request.is_none() && !expected.provider_may_start {
        return Err(Refusal::Unsolicited);
    }
    let terms = Terms { sp, idp, request: expected.request, now: expected.now };
    let message = screen::decode(field)?;
    let message = screen::screen(&message, Comments::Refused)?;
    let assertion = match prove(message, &terms)? {
        Proven::Response(signed) => {
            let response = tree::parse(&signed)?;
            let response = response_of(&response, &terms, Cover::Signed)?;
            match the_assertion(response)? {
                Held::Plain(plain) => assertion::read(plain, &terms),
                Held::Encrypted(encrypted) => read_encrypted(encrypted, &terms, Cover::Signed),
            }
        }
        Proven::Assertion(signed) => {
            let response = tree::parse(message)?;
            response_of(&response, &terms, Cover::Open)?;
            let assertion = tree::parse(&signed)?;
            assertion::read(the_root(&assertion)?, &terms)
        }
        Proven::Nothing => {
            let response = tree::parse(message)?;
            match the_assertion(response_of(&response, &terms, Cover::Open)?)? {
                Held::Plain(_) => Err(Refusal::Unsigned),
                Held::Encrypted(encrypted) => read_encrypted(encrypted, &terms, Cover::Open),
            }
        }
    };
    assertion.map(Checked)
}

/// What the provider has signed, in the form in which it was hashed.
enum Proven {
    Response(String),
    Assertion(String),
    /// No signature is in sight; there may be one inside an encrypted assertion.
    Nothing,
}

enum Held<'a, 'i> {
    Plain(Node<'a, 'i>),
    Encrypted(Node<'a, 'i>),
}

/// Judges the form of the message, and has its signatures checked.
fn prove(message: &str, terms: &Terms<'_>) -> Result<Proven, Refusal> {
    let document = tree::parse(message)?;
    let response = document.root_element();
    if !response.has_tag_name((PROTOCOL, "Response")) {
        return Err(Refusal::NotAResponse);
    }
    let id = tree::id(response)?;
    tree::unique_ids(&document)?;
    if assertions(&document) > 1 {
        return Err(Refusal::MoreThanOneAssertion);
    }
    check_status(response)?;
    let held = the_assertion(response)?;
    let places = match held {
        Held::Plain(assertion) => vec![response, assertion],
        Held::Encrypted(_) => vec![response],
    };
    if signature::check_all(&document, &places)? == 0 {
        return Ok(Proven::Nothing);
    }
    let signed = signature::covered(message, &terms.idp.certificates)?;
    let (root, expected) = if signature::has_one(response) {
        ((PROTOCOL, "Response"), id)
    } else {
        match held {
            Held::Plain(assertion) => ((ASSERTION, "Assertion"), tree::id(assertion)?),
            Held::Encrypted(_) => return Err(Refusal::MisplacedSignature),
        }
    };
    is_the_one(&signed, root, expected)?;
    Ok(if root.1 == "Response" { Proven::Response(signed) } else { Proven::Assertion(signed) })
}

/// What was hashed must be the element that its signature is in. The form was judged by one parser, and the hash made
/// by another: here the two have to agree.
fn is_the_one(signed: &str, root: (&'static str, &'static str), id: &str) -> Result<(), Refusal> {
    let document = tree::parse(screen::screen(signed, Comments::Refused)?)?;
    let element = document.root_element();
    if element.has_tag_name(root) && tree::id(element)? == id && assertions(&document) == 1 {
        Ok(())
    } else {
        Err(Refusal::ForeignReference)
    }
}

/// Counts by name alone: one in another namespace or at another place is one too many as well.
fn assertions(document: &Document<'_>) -> usize {
    let named = |node: &Node<'_, '_>| ["Assertion", "EncryptedAssertion"].contains(&node.tag_name().name());
    document.descendants().filter(named).count()
}

fn the_assertion<'a, 'i>(response: Node<'a, 'i>) -> Result<Held<'a, 'i>, Refusal> {
    let plain = tree::child(response, ASSERTION, "Assertion")?;
    let encrypted = tree::child(response, ASSERTION, "EncryptedAssertion")?;
    match (plain, encrypted) {
        (Some(plain), None) => Ok(Held::Plain(plain)),
        (None, Some(encrypted)) => Ok(Held::Encrypted(encrypted)),
        (Some(_), Some(_)) => Err(Refusal::MoreThanOneAssertion),
        (None, None) => Err(Refusal::NoAssertion),
    }
}

fn the_root<'a, 'i>(document: &'a Document<'i>) -> Result<Node<'a, 'i>, Refusal> {
    let root = document.root_element();
    if root.has_tag_name((ASSERTION, "Assertion")) { Ok(root) } else { Err(Refusal::NoAssertion) }
}

fn check_status(response: Node<'_, '_>) -> Result<(), Refusal> {
    let status = tree::child(response, PROTOCOL, "Status")?.ok_or(Refusal::Status)?;
    let code = tree::child(status, PROTOCOL, "StatusCode")?.ok_or(Refusal::Status)?;
    if code.attribute("Value") == Some(SUCCESS) { Ok(()) } else { Err(Refusal::Status) }
}

/// The response's own words. Where it is not signed they prove nothing, and can only lead to a refusal.
fn response_of<'a, 'i>(
    document: &'a Document<'i>,
    terms: &Terms<'_>,
    cover: Cover,
) -> Result<Node<'a, 'i>, Refusal> {
    let response = document.root_element();
    if response.attribute("Version") != Some("2.0") {
        return Err(Refusal::Version);
    }
    check_status(response)?;
    if let Some(issuer) = tree::child(response, ASSERTION, "Issuer")? {
        assertion::check_issuer(issuer, terms)?;
    }
    // SAML bindings, section 3.5.5.2: a signed message says where it goes.
    let destination = response.attribute("Destination");
    let missing_rightly = destination.is_none() && cover == Cover::Open;
    if destination != Some(terms.sp.acs_url.as_str()) && !missing_rightly {
        return Err(Refusal::Destination);
    }
    if response.attribute("InResponseTo") != terms.request {
        return Err(Refusal::InResponseTo);
    }
    Ok(response)
}

/// An assertion that was encrypted needs a signature of its own, or one around it.
fn read_encrypted(encrypted: Node<'_, '_>, terms: &Terms<'_>, cover: Cover) -> Result<Assertion, Refusal> {
    let text = decrypt::decrypt(encrypted, &terms.sp.keys.for_reading(), cover)?;
    let text = screen::screen(&text, Comments::Refused)?;
    let document = tree::parse(text)?;
    let root = the_root(&document)?;
    tree::unique_ids(&document)?;
    if assertions(&document) > 1 {
        return Err(Refusal::MoreThanOneAssertion);
    }
    match (signature::check_all(&document, &[root])?, cover) {
        (0, Cover::Signed) => assertion::read(root, terms),
        (0, Cover::Open) => Err(Refusal::Unsigned),
        _ => {
            let signed = signature::covered(text, &terms.idp.certificates)?;
            is_the_one(&signed, (ASSERTION, "Assertion"), tree::id(root)?)?;
            assertion::read(the_root(&tree::parse(&signed)?)?, terms)
        }
    }
}
