use chrono::TimeDelta;
use tenantry_authz::{Actor, Origin};
use tenantry_kernel::{Result, Secret};
use tenantry_store::{SystemRole, SystemTx};

use super::tokens::repo;
use crate::programs::Program;
use crate::recognisable::Form;
use crate::{Identity, roles};

/// Seen often enough to tell a token that is used from one that is not, seldom enough that reading does not write.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

impl Identity {
    /// The directory that holds this token. `None` for one that is not good: unknown, mistyped, expired, revoked, of a
    /// directory that is not connected, or whose maker has left.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn authenticate_directory(&self, secret: &Secret, origin: &Origin) -> Result<Option<Program>> {
        // A typing error, or a secret that is for something else: no reason to ask the database.
        if Form::of(secret) != Some(Form::ScimToken) {
            return Ok(None);
        }
        let now = self.runtime().clock.now();
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let Some(found) = repo::by_secret(&tx, (secret, now)).await? else { return Ok(None) };
        if found.token.last_used_at.is_none_or(|at| at + TOUCH_EVERY <= now) {
            let from = origin.address.map(|address| address.to_canonical().to_string());
            repo::touch(&tx, found.token.id, (now, from)).await?;
        }
        let grants = roles::held::grants(&tx, &self.runtime().gate, found.grants).await?;
        tx.commit().await?;
        let actor = Actor::Scim { token: found.token.id, tenant: found.tenant, maker: found.token.maker };
        Ok(Some(Program { actor, grants }))
    }
}
