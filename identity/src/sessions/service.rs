use chrono::TimeDelta;
use tenantry_authz::{Actor, Ctx};
use tenantry_kernel::{Error, Result, Secret};
use tenantry_store::{SystemRole, SystemTx};

use super::{Authenticated, repo};
use crate::users::{self, User};
use crate::{
    Identity, api_keys, attempts, devices, factors, invitations, links, scim, service_accounts, sso,
};

/// Seen often enough for a session list, seldom enough that reading does not write.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);
/// No session lasts so long.
const NEVER: TimeDelta = TimeDelta::days(3650);

impl Identity {
    /// Who holds this session token, and what they may do where. `None` for a token that is unknown, expired,
    /// idle too long or ended.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn authenticate(&self, token: &Secret) -> Result<Option<Authenticated>> {
        self.recognise(token, TOUCH_EVERY).await
    }

    /// As [`Self::authenticate`], for what a browser asks while nobody sits before it: it does not count as a use of the
    /// session, which therefore ends when it is idle.
    ///
    /// # Errors
    /// As there.
    pub async fn authenticate_unattended(&self, token: &Secret) -> Result<Option<Authenticated>> {
        self.recognise(token, NEVER).await
    }

    async fn recognise(&self, token: &Secret, touch_every: TimeDelta) -> Result<Option<Authenticated>> {
        let when =
            repo::Liveness { now: self.runtime().clock.now(), idle: self.config().session_idle, touch_every };
        // Each request asks this: one statement, and no transaction around it.
        let tx = SystemTx::without_transaction(self.db(), SystemRole::Authentication).await?;
        repo::authenticate((&tx, &self.runtime().gate), token, when).await
    }

    /// Ends the session of this request. Without one there is nothing to end, which is fine.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn log_out(&self, ctx: &Ctx) -> Result<()> {
        let Actor::User { id, session, .. } = ctx.actor() else {
            return Ok(());
        };
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        repo::delete(&tx, *session).await?;
        tx.commit().await?;
        tracing::info!(user.id = %id, session.id = %session, "logged out");
        Ok(())
    }

    /// The person of this request.
    ///
    /// # Errors
    /// `Unauthenticated` without a session.
    pub async fn viewer(&self, ctx: &Ctx) -> Result<User> {
        let id = ctx.user()?;
        let tx = SystemTx::without_transaction(self.db(), SystemRole::Authentication).await?;
        let row = users::repo::by_id(&tx, id).await?;
        row.map(User::from).ok_or_else(Error::unauthenticated)
    }

    /// Deletes sessions, pending and failed log-ins, challenges, links, invitations, tokens, keys and devices that are past
    /// use: for a job that runs now and then. Says how many rows went.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn purge_expired(&self) -> Result<u64> {
        let now = self.runtime().clock.now();
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let sessions = repo::purge(&tx, (now, self.config().session_idle)).await?;
        // A day longer than it works, so that whoever comes late is told `Expired` and not `unknown`.
        let links = links::repo::purge(&tx, now - TimeDelta::days(1)).await?;
        let invitations = invitations::repo::purge(&tx, now - TimeDelta::days(30)).await?;
        let tokens = service_accounts::repo::purge(&tx, now).await?;
        // Long enough to find out why a program stopped.
        let keys = api_keys::repo::purge(&tx, now - TimeDelta::days(90)).await?;
        let factors = factors::repo::purge(&tx, now).await?;
        let devices = devices::repo::purge(&tx, now - devices::REMEMBERED).await?;
        let attempts = attempts::repo::purge(&tx, now - attempts::FORGIVEN_AFTER).await?;
        let sso = sso::system_repo::purge(&tx, now).await?;
        let directories = scim::tokens::repo::purge(&tx, now - TimeDelta::days(90)).await?;
        tx.commit().await?;
        Ok(sso + sessions + links + invitations + tokens + keys + factors + devices + attempts + directories)
    }
}
