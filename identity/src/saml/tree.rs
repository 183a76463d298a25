//! Reading a screened text as a tree.

use std::collections::HashSet;

use roxmltree::{Document, Node, ParsingOptions};

use super::Refusal;

/// More nodes than any response of the allowed size has that is not made to be slow.
const MOST_NODES: u32 = 50_000;

pub(super) fn parse(text: &str) -> Result<Document<'_>, Refusal> {
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|_| Refusal::Malformed)
}

pub(super) fn children<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.has_tag_name((namespace, name)))
}

/// A child that may come once.
pub(super) fn child<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> Result<Option<Node<'a, 'i>>, Refusal> {
    let mut found = children(node, namespace, name);
    let first = found.next();
    if found.next().is_some() { Err(Refusal::Malformed) } else { Ok(first) }
}

/// All of an element's text, without the space around it. An element inside is no text.
pub(super) fn text(node: Node<'_, '_>) -> Result<String, Refusal> {
    if node.children().any(|child| child.is_element()) {
        return Err(Refusal::Malformed);
    }
    // Every piece: a reader that takes the first one only can be given half a name.
    let pieces = node.children().filter(Node::is_text);
    let whole: String = pieces.filter_map(|piece| piece.text()).collect();
    Ok(whole.trim_matches([' ', '\t', '\r', '\n']).to_owned())
}

/// Refuses a document in which an ID could mean two elements. Whatever is called `id`, in any case and namespace,
/// counts: SAML, XML Signature and XML Encryption write it in three ways.
pub(super) fn unique_ids(document: &Document<'_>) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    let attributes = document.descendants().flat_map(|node| node.attributes());
    for id in attributes.filter(|attribute| attribute.name().eq_ignore_ascii_case("id")) {
        if !seen.insert(id.value()) {
            return Err(Refusal::DuplicateId);
        }
    }
    Ok(())
}

/// The `ID` of a message or an assertion, when it is one that a signature can refer to.
pub(super) fn id<'a>(node: Node<'a, '_>) -> Result<&'a str, Refusal> {
    node.attribute("ID").filter(|id| is_name(id)).ok_or(Refusal::Id)
}

/// Whether an ID is an XML name without a colon, of ASCII: what libxml2 takes for an ID, and needs no quoting.
pub(super) fn is_name(id: &str) -> bool {
    let starts_well = id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    starts_well && plain && id.len() <= 256
}

/// The text as it stands in XML, in an element or in an attribute with double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
