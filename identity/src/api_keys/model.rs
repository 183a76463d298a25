use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use ipnet::IpNet;
use tenantry_authz::Right;
use tenantry_kernel::{ApiKeyId, Error, Result, Secret, TenantId, UserId};

/// How long a secret is good where nothing is said.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::days(90);
/// The longest that can be asked for.
pub(crate) const LONGEST: TimeDelta = TimeDelta::days(366);
/// A secret that expires sooner was a slip.
const SHORTEST: TimeDelta = TimeDelta::minutes(1);
/// How long the secret before goes on working where nothing is said.
const OVERLAP: TimeDelta = TimeDelta::days(1);
const LONGEST_OVERLAP: TimeDelta = TimeDelta::days(7);
const MOST_SCOPES: usize = 100;

/// A key as its tenant sees it: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// The beginning of the newest secret.
    pub prefix: String,
    pub scopes: Vec<Right>,
    /// Where it may be used from; empty: anywhere.
    pub allowed_addresses: Vec<IpNet>,
    pub maker: UserId,
    pub maker_name: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Written at most once a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    pub last_used_from: Option<String>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// Until when the secret before the newest works.
    pub rotated_until: Option<DateTime<Utc>>,
    /// When the newest secret was made.
    pub(crate) issued_at: DateTime<Utc>,
}

/// What to make.
#[derive(Debug, Clone)]
pub struct CreateApiKey {
    pub tenant: TenantId,
    pub name: String,
    /// Rights, as `instance:view`.
    pub scopes: Vec<String>,
    /// At most 366 days ahead; without it the key is good for 90 days. No key is good for ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// Addresses and networks in CIDR notation; none: anywhere.
    pub allowed_addresses: Vec<String>,
}

/// Another secret for a key.
#[derive(Debug, Clone, Copy)]
pub struct RotateApiKey {
    pub tenant: TenantId,
    pub id: ApiKeyId,
    /// How long the present secret goes on working: a day unless said otherwise, at most seven.
    pub overlap: Option<TimeDelta>,
}

/// A key and its secret, which nobody can be shown again.
#[derive(Debug, Clone)]
pub struct NewSecret {
    pub key: ApiKey,
    pub secret: Secret,
}

/// # Errors
/// `Invalid` for an empty or long one, or one with line breaks and the like.
pub(crate) fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "A name has 1 to 100 characters.")
            .with_remedy("Choose a name that says what the program is: \"Deployments\"."));
    }
    Ok(name.to_owned())
}

/// The moment at which a secret that is made now ends.
///
/// # Errors
/// `Invalid` for the past, and for more than a year ahead.
pub(crate) fn check_expiry(wanted: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let expires_at = wanted.unwrap_or(now + LIFETIME);
    if expires_at < now + SHORTEST || expires_at > now + LONGEST {
        return Err(Error::invalid(
            "expiresAt",
            "A secret is good for at least a minute and at most 366 days.",
        )
        .with_remedy("Choose a moment within the next year, or leave it out: then it is 90 days."));
    }
    Ok(expires_at)
}

/// # Errors
/// `Invalid` below zero and above seven days.
pub(crate) fn check_overlap(wanted: Option<TimeDelta>) -> Result<TimeDelta> {
    let overlap = wanted.unwrap_or(OVERLAP);
    if overlap < TimeDelta::zero() || overlap > LONGEST_OVERLAP {
        return Err(Error::invalid("overlapSeconds", "The two secrets overlap for at most seven days.")
            .with_remedy("Choose 0 to 604800 seconds, or leave it out: then it is a day."));
    }
    Ok(overlap)
}

/// The rights that are asked for, each once, all of them among those `held`.
///
/// # Errors
/// `Invalid` for what is no right, and for none; `Forbidden` for a right that the actor does not have.
pub(crate) fn check_scopes(wanted: &[String], held: &[String]) -> Result<Vec<Right>> {
    if wanted.is_empty() || wanted.len() > MOST_SCOPES {
        return Err(Error::invalid("scopes", "A key has 1 to 100 scopes.")
            .with_remedy("Name the rights that the program needs, such as tenant:view and instance:view."));
    }
    let mut scopes = BTreeSet::new();
    for text in wanted {
        let right: Right = text.parse().map_err(|_| {
            let shown: String = text.chars().take(60).collect();
            Error::invalid("scopes", format!("There is no right {shown:?}.")).with_remedy(
                "A scope is a right, such as instance:view: see the organisation's list of rights.",
            )
        })?;
        if !held.contains(&right.to_string()) {
            return Err(Error::forbidden(format!("You do not have the right {right} yourself."))
                .with_remedy("Leave it out, or let somebody make the key who has it."));
        }
        scopes.insert(right);
    }
    Ok(scopes.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_name_an_end_and_scopes_of_its_makers_rights() {
        for wrong in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert!(check_name(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(check_name(" Deploy ").unwrap(), "Deploy");
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        assert_eq!(check_expiry(None, now).unwrap(), now + TimeDelta::days(90));
        assert!(check_expiry(Some(now + TimeDelta::days(366)), now).is_ok());
        for wrong in [now, now - TimeDelta::days(1), now + TimeDelta::days(367), DateTime::<Utc>::MAX_UTC] {
            assert!(check_expiry(Some(wrong), now).is_err(), "{wrong}");
        }
        assert_eq!(check_overlap(None).unwrap(), TimeDelta::days(1));
        assert!(check_overlap(Some(TimeDelta::zero())).is_ok());
        assert!(check_overlap(Some(TimeDelta::seconds(-1))).is_err());
        assert!(check_overlap(Some(TimeDelta::seconds(604_801))).is_err());

        let text = |rights: &[&str]| rights.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>();
        let held = text(&["instance:view", "tenant:view"]);
        let scopes = check_scopes(&text(&["tenant:view", "instance:view", "tenant:view"]), &held).unwrap();
        assert_eq!(scopes.iter().map(Right::to_string).collect::<Vec<_>>(), ["tenant:view", "instance:view"]);
        for (wrong, kind) in [
            (text(&[]), tenantry_kernel::Kind::Invalid),
            (text(&["instance:fly"]), tenantry_kernel::Kind::Invalid),
            (text(&["*"]), tenantry_kernel::Kind::Invalid),
            (text(&["instance:view", "instance:delete"]), tenantry_kernel::Kind::Forbidden),
        ] {
            assert_eq!(check_scopes(&wrong, &held).unwrap_err().kind(), kind, "{wrong:?}");
        }
    }
}
