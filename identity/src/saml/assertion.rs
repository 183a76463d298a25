//! What a provider says about somebody, and whether it says so to us, now.

use chrono::{DateTime, TimeDelta, Utc};
use roxmltree::Node;

use super::attributes::Attribute;
use super::names::{ASSERTION, BEARER, ENTITY, NAMEID_TRANSIENT};
use super::response::Terms;
use super::{Refusal, tree};

/// How far two clocks may differ.
pub const SKEW: TimeDelta = TimeDelta::seconds(60);
/// SAML core allows 256 characters for a persistent name; other formats have been seen longer.
const LONGEST_NAME: usize = 1024;

/// Who somebody is, by a provider's word that has been proven and was meant for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    pub(super) id: String,
    pub issuer: String,
    pub subject: NameId,
    pub attributes: Vec<Attribute>,
    pub authenticated_at: DateTime<Utc>,
    /// The authentication context class: by what means, as the provider names it.
    pub context: Option<String>,
    pub session_index: Option<String>,
    /// When the provider wants the session to end.
    pub session_ends: Option<DateTime<Utc>>,
    /// From then on the assertion would be refused anyhow.
    pub(super) ends: DateTime<Utc>,
}

/// The subject's name at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameId {
    pub value: String,
    pub format: Option<String>,
    pub name_qualifier: Option<String>,
}

impl NameId {
    /// Whether the next log-in brings another name, so that nobody is known again by it.
    pub fn is_transient(&self) -> bool {
        self.format.as_deref() == Some(NAMEID_TRANSIENT)
    }
}

/// Reads an assertion whose signature was checked, and refuses it when it is not for us, now.
pub(super) fn read(assertion: Node<'_, '_>, terms: &Terms<'_>) -> Result<Assertion, Refusal> {
    if assertion.attribute("Version") != Some("2.0") {
        return Err(Refusal::Version);
    }
    let id = tree::id(assertion)?.to_owned();
    not_before(Some(time(assertion, "IssueInstant")?), terms.now)?;
    let issuer = tree::child(assertion, ASSERTION, "Issuer")?.ok_or(Refusal::Issuer)?;
    check_issuer(issuer, terms)?;
    let subject = tree::child(assertion, ASSERTION, "Subject")?.ok_or(Refusal::NameId)?;
    let name = name_id(subject)?;
    let ends = confirm(subject, terms)?;
    check_conditions(assertion, terms)?;
    let mut statements = tree::children(assertion, ASSERTION, "AuthnStatement");
    let statement = statements.next().ok_or(Refusal::NoAuthnStatement)?;
    let session_ends = optional_time(statement, "SessionNotOnOrAfter")?;
    if session_ends.is_some_and(|end| end <= terms.now - SKEW) {
        return Err(Refusal::SessionEnded);
    }
    Ok(Assertion {
        id,
        issuer: terms.idp.entity_id.clone(),
        subject: name,
        attributes: attributes(assertion)?,
        authenticated_at: time(statement, "AuthnInstant")?,
        context: context(statement)?,
        session_index: statement.attribute("SessionIndex").map(str::to_owned),
        session_ends,
        ends,
    })
}

pub(super) fn check_issuer(issuer: Node<'_, '_>, terms: &Terms<'_>) -> Result<(), Refusal> {
    let is_entity = issuer.attribute("Format").is_none_or(|format| format == ENTITY);
    if is_entity && tree::text(issuer)? == terms.idp.entity_id { Ok(()) } else { Err(Refusal::Issuer) }
}

fn name_id(subject: Node<'_, '_>) -> Result<NameId, Refusal> {
    let name = tree::child(subject, ASSERTION, "NameID")?.ok_or(Refusal::NameId)?;
    let value = tree::text(name)?;
    if value.is_empty() || value.chars().count() > LONGEST_NAME {
        return Err(Refusal::NameId);
    }
    let attribute = |attribute| name.attribute(attribute).map(str::to_owned);
    Ok(NameId { value, format: attribute("Format"), name_qualifier: attribute("NameQualifier") })
}

/// SAML profiles, section 4.1.4.2: one confirmation as bearer that is meant for us is enough. Says until when any could
/// be: so long the assertion has to be known as used.
fn confirm(subject: Node<'_, '_>, terms: &Terms<'_>) -> Result<DateTime<Utc>, Refusal> {
    let (mut confirmed, mut last) = (Err(Refusal::NoBearer), DateTime::<Utc>::MIN_UTC);
    for confirmation in tree::children(subject, ASSERTION, "SubjectConfirmation") {
        if confirmation.attribute("Method") != Some(BEARER) {
            continue;
        }
        let data =
            tree::child(confirmation, ASSERTION, "SubjectConfirmationData")?.ok_or(Refusal::NoBearer)?;
        let end = optional_time(data, "NotOnOrAfter")?.ok_or(Refusal::NoBearer)?;
        last = last.max(end);
        if confirmed.is_err() {
            confirmed = confirm_bearer(data, end, terms);
        }
    }
    confirmed.map(|()| last + SKEW)
}

fn confirm_bearer(data: Node<'_, '_>, end: DateTime<Utc>, terms: &Terms<'_>) -> Result<(), Refusal> {
    if data.attribute("Recipient") != Some(terms.sp.acs_url.as_str()) {
        return Err(Refusal::Recipient);
    }
    if data.attribute("InResponseTo") != terms.request {
        return Err(Refusal::InResponseTo);
    }
    not_before(optional_time(data, "NotBefore")?, terms.now)?;
    not_after(Some(end), terms.now)
}

/// SAML core, section 2.5.1. Each audience restriction must name us.
fn check_conditions(assertion: Node<'_, '_>, terms: &Terms<'_>) -> Result<(), Refusal> {
    let conditions = tree::child(assertion, ASSERTION, "Conditions")?.ok_or(Refusal::Audience)?;
    not_before(optional_time(conditions, "NotBefore")?, terms.now)?;
    not_after(optional_time(conditions, "NotOnOrAfter")?, terms.now)?;
    let mut restricted = false;
    for condition in conditions.children().filter(Node::is_element) {
        match (condition.tag_name().namespace(), condition.tag_name().name()) {
            (Some(ASSERTION), "AudienceRestriction") => {
                let audiences = tree::children(condition, ASSERTION, "Audience").map(tree::text);
                let audiences = audiences.collect::<Result<Vec<_>, _>>()?;
                if !audiences.contains(&terms.sp.entity_id) {
                    return Err(Refusal::Audience);
                }
                restricted = true;
            }
            // Every assertion is used once here, and none is handed on.
            (Some(ASSERTION), "OneTimeUse" | "ProxyRestriction") => {}
            _ => return Err(Refusal::UnknownCondition),
        }
    }
    if restricted { Ok(()) } else { Err(Refusal::Audience) }
}

fn context(statement: Node<'_, '_>) -> Result<Option<String>, Refusal> {
    let Some(context) = tree::child(statement, ASSERTION, "AuthnContext")? else { return Ok(None) };
    tree::child(context, ASSERTION, "AuthnContextClassRef")?.map(tree::text).transpose()
}

fn attributes(assertion: Node<'_, '_>) -> Result<Vec<Attribute>, Refusal> {
    let mut found = Vec::new();
    for statement in tree::children(assertion, ASSERTION, "AttributeStatement") {
        for attribute in tree::children(statement, ASSERTION, "Attribute") {
            let values = tree::children(attribute, ASSERTION, "AttributeValue")
                // A value with elements is of a kind that none of ours is.
                .filter_map(|value| tree::text(value).ok())
                .filter(|value| !value.is_empty());
            found.push(Attribute {
                name: attribute.attribute("Name").ok_or(Refusal::Malformed)?.to_owned(),
                friendly_name: attribute.attribute("FriendlyName").map(str::to_owned),
                values: values.collect(),
            });
        }
    }
    Ok(found)
}

fn not_before(start: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if start.is_some_and(|start| start > now + SKEW) { Err(Refusal::NotYetValid) } else { Ok(()) }
}

fn not_after(end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if end.is_some_and(|end| end <= now - SKEW) { Err(Refusal::Expired) } else { Ok(()) }
}

fn time(node: Node<'_, '_>, name: &str) -> Result<DateTime<Utc>, Refusal> {
    optional_time(node, name)?.ok_or(Refusal::Time)
}

/// SAML core, section 1.3.3: `xs:dateTime` in UTC.
fn optional_time(node: Node<'_, '_>, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(text) = node.attribute(name) else { return Ok(None) };
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) if text.ends_with('Z') => Ok(Some(time.to_utc())),
        _ => Err(Refusal::Time),
    }
}
