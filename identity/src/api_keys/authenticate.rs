use chrono::{DateTime, TimeDelta, Utc};
use tenantry_authz::{Actor, Origin};
use tenantry_kernel::{Result, Secret};
use tenantry_store::SystemTx;

use super::{networks, repo};
use crate::programs::Program;
use crate::{Identity, roles};

/// Seen often enough to tell a key that is used from one that is not, seldom enough that reading does not write.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

/// The program that holds a key. `None` for one that is unknown, expired or revoked, whose maker has left, or that is
/// used from somewhere else than it may be.
pub(crate) async fn authenticate(
    identity: &Identity,
    (tx, secret, now): (&SystemTx, &Secret, DateTime<Utc>),
    origin: &Origin,
) -> Result<Option<Program>> {
    let Some(found) = repo::by_secret(tx, (secret, now)).await? else { return Ok(None) };
    let key = found.key;
    if !networks::admit(&key.allowed_addresses, origin.address) {
        // To whoever has the key it is a key like any other that is not good.
        tracing::warn!(
            api_key.id = %key.id, tenant.id = %found.tenant, client.address = ?origin.address,
            "an API key was used from an address that it is not allowed from"
        );
        return Ok(None);
    }
    if key.last_used_at.is_none_or(|at| at + TOUCH_EVERY <= now) {
        repo::touch(tx, key.id, (now, origin.address.map(|a| a.to_canonical().to_string()))).await?;
    }
    let grants = roles::held::grants(tx, &identity.runtime().gate, found.grants).await?;
    let actor =
        Actor::ApiKey { id: key.id, tenant: found.tenant, maker: key.maker, scopes: key.scopes.into() };
    Ok(Some(Program { actor, grants }))
}
