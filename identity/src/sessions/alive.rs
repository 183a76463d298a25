//! Whether a session that was seen before still lives: for what another part of the product keeps on its strength.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use tenantry_authz::Gate;
use tenantry_kernel::{Result, SessionId};
use tenantry_store::{DbResultExt, SystemRole, SystemTx, Transaction, stmt};

use super::{Authenticated, repo};
use crate::roles::held;
use crate::sso::barred_of;
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
                "WITH live AS ({})
             SELECT live.id, live.user_id, live.platform_role, live.reach,
               {},
               {} AS grants,
               {} AS barred,
               {} AS support
             FROM live",
                repo::live("s.id = $1"),
                repo::assurance("live"),
                held::grants_of("live", "$2"),
                barred_of("live.user_id", "live.connection_id", "live.reach"),
                support::repo::grants("live", "$2")
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
