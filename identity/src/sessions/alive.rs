//! Whether a session that was seen before still lives: for what another part of the product keeps on its strength.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use tenantry_authz::Gate;
use tenantry_kernel::{Result, SessionId};
use tenantry_store::{DbResultExt, SystemRole, SystemTx, Transaction, stmt};

use super::{Authenticated, repo};
use crate::roles::held;
use crate::{Identity, support};

impl Identity {
    /// Who this session is of, and what they may do where *now*. `None` once it was ended or ran out. It does not
    /// count as a use of the session: only the portal's own requests do.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn alive(&self, session: SessionId) -> Result<Option<Authenticated>> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let found = by_id(
            (&tx, &self.runtime().gate),
            session,
            (self.runtime().clock.now(), self.config().session_idle),
        )
        .await?;
        tx.commit().await?;
        Ok(found)
    }
}

async fn by_id(
    (tx, gate): (&SystemTx, &Gate),
    session: SessionId,
    (now, idle): (DateTime<Utc>, TimeDelta),
) -> Result<Option<Authenticated>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT s.id, s.user_id, u.platform_role,
               {} AS grants,
               {} AS support
             FROM identity.sessions s JOIN identity.users u ON u.id = s.user_id
             WHERE s.id = $1 AND s.expires_at > $2 AND s.last_seen_at > $3",
                held::grants_of("s.user_id"),
                support::repo::grants("s.user_id", "u.platform_role", "$2")
            ),
            [session.uuid().into(), now.into(), (now - idle).into()],
        ))
        .await
        .db()?;
    match row {
        Some(row) => repo::of_row((tx, gate), &row).await.map(Some),
        None => Ok(None),
    }
}
