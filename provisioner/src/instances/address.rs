use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Entropy, Error, Result, TenantId};
use tenantry_store::{SystemRole, SystemTx};

use super::Instances;
use super::model::{check_slug, moment};
use super::repo::{self, Taken};

/// Names by which an instance could pass for the platform itself.
const RESERVED: &[&str] = &[
    "about",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "billing",
    "cdn",
    "console",
    "control-plane",
    "dashboard",
    "docs",
    "edge",
    "ftp",
    "graphql",
    "help",
    "hostmaster",
    "imap",
    "invoices",
    "localhost",
    "log-in",
    "login",
    "mail",
    "metrics",
    "ns1",
    "ns2",
    "operator",
    "portal",
    "postmaster",
    "register",
    "root",
    "security",
    "sign-in",
    "sign-up",
    "signin",
    "signup",
    "smtp",
    "sso",
    "static",
    "status",
    "support",
    "system",
    "tenantry",
    "webmail",
    "webmaster",
    "wpad",
    "www",
];
const LONGEST: usize = 40;

pub(crate) fn is_reserved(slug: &str) -> bool {
    RESERVED.contains(&slug)
}

/// A place for an instance that may not exist.
#[derive(Debug, Clone)]
pub struct Address {
    pub region: String,
    pub slug: String,
}

/// Whether an address can be had.
#[derive(Debug)]
pub struct AddressCheck {
    /// The address that was asked about, in the form of a host name: where it is not well-formed, the nearest that is.
    pub address: Address,
    /// Why it cannot be had. None: it is free.
    pub problem: Option<Error>,
    /// A free one like it, where it cannot be had itself.
    pub suggestion: Option<String>,
}

impl Instances {
    /// Whether an address is free. It says nothing about who has it, except to the tenant that has it. One query,
    /// by index: it may be asked at each key stroke. A free address is not held: creating decides.
    ///
    /// # Errors
    /// `Unauthenticated` without a session; `NotFound` for somebody else's tenant.
    pub async fn check_address(
        &self,
        ctx: &Ctx,
        tenant: Option<TenantId>,
        wanted: Address,
    ) -> Result<AddressCheck> {
        match tenant {
            // Whoever may see the tenant's instances may be told that one of them has the address.
            Some(tenant) => {
                let _permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Instance, tenant))?;
            }
            None => {
                ctx.user()?;
            }
        }
        let base = well_formed(&wanted.slug);
        let mut candidates = candidates(&base, ctx.entropy());
        let malformed = check_slug(&wanted.slug).err();
        let tx = SystemTx::begin(&self.config.db, SystemRole::Provisioner).await?;
        let asker = (tenant, ctx.now());
        let Some(taken) = repo::addresses(&tx, &wanted.region, candidates.clone(), asker).await? else {
            let problem = Error::invalid("region", "There is no such region.")
                .with_remedy("Choose one of the regions that take instances.");
            let address = Address { region: well_formed(&wanted.region), slug: base };
            return Ok(AddressCheck { address, problem: Some(problem), suggestion: None });
        };
        let problem =
            malformed.or_else(|| taken.iter().find(|t| t.slug == wanted.slug).map(|t| refusal(t, tenant)));
        candidates.retain(|c| check_slug(c).is_ok() && taken.iter().all(|t| t.slug != *c));
        let suggestion = problem.as_ref().and_then(|_| candidates.into_iter().next());
        Ok(AddressCheck { address: Address { region: wanted.region, slug: base }, problem, suggestion })
    }
}

fn refusal(taken: &Taken, tenant: Option<TenantId>) -> Error {
    if Some(taken.tenant) != tenant {
        return Error::conflict("This address is taken in this region.")
            .with_remedy("Choose another address.");
    }
    match taken.delete_at {
        Some(at) => Error::conflict(format!(
            "Your deleted instance {} keeps this address until {}.",
            taken.name,
            moment(at)
        ))
        .with_remedy("Restore it, delete it immediately, or choose another address."),
        None => Error::conflict(format!("Your instance {} has this address.", taken.name))
            .with_remedy("Choose another address."),
    }
}

/// The nearest host name label.
fn well_formed(text: &str) -> String {
    let mut label = String::new();
    for character in text.trim().chars().take(LONGEST) {
        let character = character.to_ascii_lowercase();
        if character.is_ascii_lowercase() || character.is_ascii_digit() {
            label.push(character);
        } else if !label.is_empty() && !label.ends_with('-') {
            label.push('-');
        }
    }
    let label = label.trim_end_matches('-');
    if label.is_empty() { "workflows".to_owned() } else { label.to_owned() }
}

/// Itself, itself with a small number, and at last something that nobody has.
fn candidates(base: &str, entropy: &dyn Entropy) -> Vec<String> {
    let mut random = [0u8; 3];
    entropy.fill(&mut random);
    let tails = (2..=9).map(|n| n.to_string()).chain([hex::encode(random)]);
    let with = |tail: String| {
        let room = LONGEST - 1 - tail.len();
        let head: String = base.chars().take(room).collect();
        format!("{}-{tail}", head.trim_end_matches('-'))
    };
    std::iter::once(base.to_owned()).chain(tails.map(with)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tenantry_kernel::OsEntropy;

    use super::*;

    #[test]
    fn the_nearest_label_is_what_a_person_meant() {
        for (typed, label) in [
            ("acme", "acme"),
            (" Acme Inc. ", "acme-inc"),
            ("--a__b--", "a-b"),
            ("Äpfel", "pfel"),
            ("", "workflows"),
            ("...", "workflows"),
        ] {
            assert_eq!(well_formed(typed), label, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_all_that_is_proposed_can_be_an_address(typed in ".{0,80}") {
            let base = well_formed(&typed);
            for candidate in candidates(&base, &OsEntropy) {
                prop_assert!(is_reserved(&candidate) || check_slug(&candidate).is_ok(), "{candidate:?}");
            }
        }
    }
}
