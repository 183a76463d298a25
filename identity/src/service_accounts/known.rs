//! Who can be an account: whoever added a credential to it knows that credential. So they have every right that the account
//! has, always: a role that would grow beyond them does not, and what they know goes when their own role shrinks.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tenantry_authz::{ResourceKind, Right};
use tenantry_kernel::{Error, Result, UserId};
use tenantry_store::TenantTx;

use super::repo;
use crate::roles::{AssignedRole, Authority, Catalog, TenantRole};
use crate::{Identity, members};

impl Identity {
    /// That a role which has grown gives nothing to who lacks it and can be an account with that role. `catalog` has the
    /// role as it is now.
    ///
    /// # Errors
    /// `Conflict` with the accounts and who can be them.
    pub(crate) async fn ensure_none_climbs(
        &self,
        (tx, now): (&TenantTx, DateTime<Utc>),
        catalog: &Catalog<'_>,
        (old, new): (&TenantRole, &TenantRole),
    ) -> Result<()> {
        let added: BTreeSet<Right> = new.rights.iter().filter(|r| !old.rights.contains(r)).copied().collect();
        if added.is_empty() {
            return Ok(());
        }
        let mut climbing = Vec::new();
        for known in repo::known(tx, now).await? {
            if known.role != AssignedRole::Custom(new.id) {
                continue;
            }
            let member = members::repo::find(tx, known.creator).await?;
            let covers = match &member {
                Some(member) => catalog.ensure_covers(&catalog.authority(member.role)?, &added).is_ok(),
                None => false,
            };
            if !covers {
                let who = member.map_or_else(|| "somebody who has left".to_owned(), |member| member.name);
                climbing.push(format!("{} ({who})", known.account));
            }
        }
        if climbing.is_empty() { Ok(()) } else { Err(would_climb(&new.name, &climbing)) }
    }

    /// Takes away what members with this role have added to accounts that they could not make now: the role has changed.
    pub(crate) async fn drop_known_beyond(
        &self,
        (tx, now): (&TenantTx, DateTime<Utc>),
        catalog: &Catalog<'_>,
        role: AssignedRole,
    ) -> Result<u64> {
        let mut gone = 0;
        let creators: BTreeSet<UserId> = repo::known(tx, now).await?.iter().map(|k| k.creator).collect();
        for creator in creators {
            let member = members::repo::find(tx, creator).await?;
            if member.is_some_and(|member| member.role == role) {
                gone += self.drop_known_by(tx, catalog, (creator, &catalog.authority(role)?)).await?;
            }
        }
        Ok(gone)
    }

    /// As [`Self::drop_known_beyond`], for one member who has these rights now.
    pub(crate) async fn drop_known_by(
        &self,
        tx: &TenantTx,
        catalog: &Catalog<'_>,
        (creator, authority): (UserId, &Authority),
    ) -> Result<u64> {
        let keep = catalog.givable(authority, ResourceKind::ServiceAccount);
        repo::remove_credentials_by(tx, creator, keep).await
    }
}

/// How many accounts a refusal names.
const NAMED: usize = 10;

fn would_climb(role: &str, climbing: &[String]) -> Error {
    let named: Vec<&str> = climbing.iter().take(NAMED).map(String::as_str).collect();
    let more = if climbing.len() > NAMED { " and others" } else { "" };
    Error::conflict(format!(
        "The role {role:?} is held by service accounts with a credential that was added by somebody who does not have the \
         added rights: {}{more}.",
        named.join(", ")
    ))
    .with_remedy(
        "Add a credential of your own to these accounts, let their programs use it, remove the others, and change the role \
         then.",
    )
}
