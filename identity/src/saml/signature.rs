//! Signatures: the one form that is taken, and who has made them.
//!
//! The form is judged before xmlsec is asked, so that only four algorithms of it ever run on a stranger's text, and a
//! reference reaches nothing but the element that the signature is in. What xmlsec then hands back is what it has
//! hashed, in canonical form; that, and never the document it came in, is read for what the provider says.

use roxmltree::{Document, Node};
use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider, ReduceMode};

use super::certificate::Certificate;
use super::names::{DIGESTS, DSIG, ENVELOPED, EXC_C14N, SIGNATURES};
use super::{Refusal, tree};

/// The same as [`SIGNATURES`] and [`DIGESTS`], for the parser that checks.
const ALGORITHMS: [AllowedSignatureAlgorithm; 6] = [
    AllowedSignatureAlgorithm::RsaSha256,
    AllowedSignatureAlgorithm::RsaSha384,
    AllowedSignatureAlgorithm::RsaSha512,
    AllowedSignatureAlgorithm::EcdsaSha256,
    AllowedSignatureAlgorithm::EcdsaSha384,
    AllowedSignatureAlgorithm::EcdsaSha512,
];

/// The signatures of a document, each in an allowed place and form. `places` are the elements that may be signed.
pub(super) fn check_all<'a>(document: &'a Document<'_>, places: &[Node<'a, '_>]) -> Result<usize, Refusal> {
    let mut parents = Vec::new();
    for signature in document.descendants().filter(|node| node.tag_name().name() == "Signature") {
        let parent = signature.parent_element().ok_or(Refusal::MisplacedSignature)?;
        let allowed = places.iter().any(|place| place.id() == parent.id());
        if !allowed || signature.tag_name().namespace() != Some(DSIG) {
            return Err(Refusal::MisplacedSignature);
        }
        if parents.contains(&parent.id()) {
            return Err(Refusal::MoreThanOneSignature);
        }
        parents.push(parent.id());
        check_form(signature, tree::id(parent)?)?;
    }
    Ok(parents.len())
}

pub(super) fn has_one(element: Node<'_, '_>) -> bool {
    tree::children(element, DSIG, "Signature").next().is_some()
}

/// SAML core, section 5.4: one reference, to the element that the signature is in, and two transforms.
fn check_form(signature: Node<'_, '_>, id: &str) -> Result<(), Refusal> {
    let [info, _value] = parts(signature, &["SignedInfo", "SignatureValue"], Some("KeyInfo"))?;
    let [canonicalization, method, reference] =
        parts(info, &["CanonicalizationMethod", "SignatureMethod", "Reference"], None)?;
    exclusive(canonicalization, Refusal::Canonicalization)?;
    if !SIGNATURES.contains(&algorithm(method)) {
        return Err(Refusal::SignatureAlgorithm);
    }
    if method.children().any(|child| child.is_element()) {
        return Err(Refusal::SignatureForm);
    }
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(Refusal::ForeignReference);
    }
    let [transforms, digest, _value] =
        parts(reference, &["Transforms", "DigestMethod", "DigestValue"], None)?;
    if !DIGESTS.contains(&algorithm(digest)) {
        return Err(Refusal::DigestAlgorithm);
    }
    let steps: Vec<_> = transforms.children().filter(Node::is_element).collect();
    let [enveloped, last] = steps.as_slice() else { return Err(Refusal::Transform) };
    if steps.iter().any(|step| !step.has_tag_name((DSIG, "Transform"))) {
        return Err(Refusal::Transform);
    }
    if algorithm(*enveloped) != ENVELOPED || enveloped.has_children() {
        return Err(Refusal::Transform);
    }
    exclusive(*last, Refusal::Transform)
}

/// Exclusive canonicalization; its one parameter is the list of prefixes that are treated as if inclusive.
fn exclusive(step: Node<'_, '_>, refusal: Refusal) -> Result<(), Refusal> {
    let plain = step
        .children()
        .filter(Node::is_element)
        .all(|child| child.has_tag_name((EXC_C14N, "InclusiveNamespaces")) && !child.has_children());
    if algorithm(step) == EXC_C14N && plain { Ok(()) } else { Err(refusal) }
}

fn algorithm<'a>(node: Node<'a, '_>) -> &'a str {
    node.attribute("Algorithm").unwrap_or_default()
}

/// The child elements, which must be these in this order, and perhaps one more.
fn parts<'a, 'i, const N: usize>(
    node: Node<'a, 'i>,
    names: &[&str; N],
    last: Option<&str>,
) -> Result<[Node<'a, 'i>; N], Refusal> {
    let mut found: Vec<_> = node.children().filter(Node::is_element).collect();
    if found.len() == N + 1
        && last.is_some_and(|name| found.last().is_some_and(|n| n.has_tag_name((DSIG, name))))
    {
        found.pop();
    }
    let all = found.iter().zip(names).all(|(node, name)| node.has_tag_name((DSIG, *name)));
    match <[Node<'a, 'i>; N]>::try_from(found) {
        Ok(found) if all => Ok(found),
        _ => Err(Refusal::SignatureForm),
    }
}

/// What the signatures of the document cover, in canonical form, when one of the certificates has made all of them:
/// the response if it is signed, and else the assertion. `KeyInfo` is not looked at: xmlsec is given the key.
///
/// One certificate after the other: xmlsec fails, where it should go on, at a key of another kind.
pub(super) fn covered(text: &str, certificates: &[Certificate]) -> Result<String, Refusal> {
    certificates
        .iter()
        .find_map(|certificate| {
            let key = CertificateDer::from(certificate.der().to_vec());
            let mode = ReduceMode::PreDigest;
            Crypto::reduce_xml_to_signed_with_allowed_algorithms(text, &[key], mode, Some(&ALGORITHMS)).ok()
        })
        .ok_or(Refusal::SignatureInvalid)
}
