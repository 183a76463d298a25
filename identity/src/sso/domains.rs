//! Domains that a tenant proves to be its own, by a record that only their owner can publish.

use chrono::{DateTime, Utc};
use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, Result, Secret, TenantId};
use tenantry_store::TenantTx;
use tenantry_store::audit::Facts;
use url::Host;

use super::domain_repo as repo;
use super::record::record;
use crate::Identity;
use crate::members::seats;

/// How many domains a tenant may have.
pub(crate) const MOST_DOMAINS: i64 = 20;
/// Under the domain itself, so that the record stands in nobody's way.
const LABEL: &str = "_tenantry-challenge";

/// A domain of which a tenant says that it is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// As in addresses: lower case, without a dot at its end, letters of other scripts in their ASCII form.
    pub name: String,
    /// The text of the TXT record.
    pub record: String,
    pub created_at: DateTime<Utc>,
    pub checked_at: Option<DateTime<Utc>>,
    pub verified_at: Option<DateTime<Utc>>,
}

impl Domain {
    /// The name of the TXT record.
    pub fn host(&self) -> String {
        format!("{LABEL}.{}", self.name)
    }
}

impl Identity {
    /// Adds a domain that is to be proven. Repeating it changes nothing.
    ///
    /// # Errors
    /// `Invalid` for what is no domain; `Conflict` when the tenant has twenty.
    pub async fn add_domain(&self, ctx: &Ctx, tenant: TenantId, name: &str) -> Result<Domain> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Sso, tenant))?;
        let name = check_domain(name)?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        seats::lock(&tx, tenant).await?;
        if let Some(there) = repo::find(&tx, &name).await? {
            return Ok(there);
        }
        if repo::list(&tx).await?.len() as i64 >= MOST_DOMAINS {
            return Err(Error::conflict(format!("The organisation has {MOST_DOMAINS} domains."))
                .with_remedy("Remove one that is not used any more."));
        }
        let domain = Domain {
            name,
            record: format!("tenantry-verify={}", Secret::random(ctx.entropy(), 16).expose()),
            created_at: ctx.now(),
            checked_at: None,
            verified_at: None,
        };
        repo::insert(&tx, &domain).await?;
        record(&tx, ctx, (tenant, "domain.added", domain.name.clone()), json!({}), (None, None)).await?;
        tx.commit().await?;
        Ok(domain)
    }

    /// Looks whether the record is there. One that was there once stays proven.
    ///
    /// # Errors
    /// `NotFound` for a domain that was not added; `RateLimited` for too many looks; `Unavailable` when the name
    /// servers do not answer; `Conflict` when another tenant has proven it.
    pub async fn check_domain(&self, ctx: &Ctx, tenant: TenantId, name: &str) -> Result<Domain> {
        let sso = Resource::new(ResourceKind::Sso, tenant);
        let gone = || Error::not_found("domain");
        self.throttle().address(ctx.origin().address)?;
        // Looked up between two transactions: name servers may take their time.
        let tx = TenantTx::begin(self.db(), &ctx.permit(Action::Manage, &sso)?).await?;
        let domain = repo::find(&tx, name).await?.ok_or_else(gone)?;
        tx.commit().await?;
        let found = self.config().txt.txt(&format!("{}.", domain.host())).await?;
        let found = found.iter().any(|text| text.trim() == domain.record);
        let tx = TenantTx::begin(self.db(), &ctx.permit(Action::Manage, &sso)?).await?;
        let before =
            repo::find(&tx, name).await?.filter(|now| now.record == domain.record).ok_or_else(gone)?;
        repo::checked(&tx, name, (ctx.now(), found)).await?;
        let after = repo::find(&tx, name).await?.ok_or_else(gone)?;
        if before.verified_at.is_none() && after.verified_at.is_some() {
            let change = (Some(Facts::one("verified", false)), Some(Facts::one("verified", true)));
            record(&tx, ctx, (tenant, "domain.verified", name.to_owned()), json!({}), change).await?;
        }
        tx.commit().await?;
        Ok(after)
    }

    /// Gives a domain up. Repeating it changes nothing.
    ///
    /// # Errors
    /// `Conflict` for the last proven one while a connection is enforced.
    pub async fn remove_domain(&self, ctx: &Ctx, tenant: TenantId, name: &str) -> Result<()> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Sso, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        seats::lock(&tx, tenant).await?;
        let Some(domain) = repo::find(&tx, name).await? else { return Ok(()) };
        let (enforced, verified) = repo::standing(&tx).await?;
        if enforced && domain.verified_at.is_some() && verified <= 1 {
            return Err(Error::conflict("Single sign-on is enforced for the people of this domain.")
                .with_remedy("Stop enforcing it first."));
        }
        repo::remove(&tx, name).await?;
        let before = Facts::one("verified", domain.verified_at.is_some());
        record(&tx, ctx, (tenant, "domain.removed", domain.name), json!({}), (Some(before), None)).await?;
        tx.commit().await
    }

    /// The tenant's domains by name.
    ///
    /// # Errors
    /// `NotFound` where the actor is no member, `Forbidden` where its role may not see them.
    pub async fn domains(&self, ctx: &Ctx, tenant: TenantId) -> Result<Vec<Domain>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Sso, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let domains = repo::list(&tx).await?;
        tx.commit().await?;
        Ok(domains)
    }
}

/// # Errors
/// `Invalid` on `name`.
fn check_domain(name: &str) -> Result<String> {
    let wrong = || {
        Error::invalid("name", "That is no domain of e-mail addresses.")
            .with_remedy("Give what stands after the @, such as example.com.")
    };
    let name = name.trim().trim_end_matches('.');
    let Ok(Host::Domain(name)) = Host::parse(name) else { return Err(wrong()) };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    // The record's own name has to fit too.
    let fits = name.len() + LABEL.len() < 253;
    if fits && name.contains('.') && name.split('.').all(label) { Ok(name) } else { Err(wrong()) }
}

/// What stands after the @ of an address.
pub(crate) fn domain_of(email: &str) -> &str {
    email.rsplit_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_written_one_way() {
        for (given, kept) in [
            ("Example.COM", "example.com"),
            (" mail.example.com. ", "mail.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(check_domain(given).unwrap(), kept);
        }
        for bad in [
            "",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "a@example.com",
            "example",
            "-a.example",
            "a_b.example",
            "https://a.example",
            "a..b",
        ] {
            assert_eq!(check_domain(bad).unwrap_err().field(), Some("name"), "{bad:?}");
        }
    }
}
