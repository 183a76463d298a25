//! Our keys for a connection: made, announced, used, removed.
//!
//! A rotation has three steps, as [`Keys`] says. None of them touches the connection's settings: a test proves that the two
//! sides understand each other, and with another key of ours they still do. So each step is possible while people log in.

use chrono::TimeDelta;
use serde_json::json;
use tenantry_authz::Ctx;
use tenantry_kernel::{ConnectionId, Error, Result, Secret, TenantId};
use tenantry_keys::Purpose;
use tenantry_store::audit::Facts;
use tenantry_store::{SystemTx, TenantTx};

use super::super::model::Connection;
use super::super::record::record;
use super::super::service::find;
use super::super::{ProviderSettings, repo as connections};
use super::key_repo::{self, NewKey};
use super::repo;
use crate::Identity;
use crate::saml::{Certificate, KeyPair, Keys};

/// Providers take a certificate in by hand: seldom enough to bear, often enough to be known how.
const LASTS: TimeDelta = TimeDelta::days(3 * 365);

/// Where a key of ours stands in its rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// Published, and not used yet.
    Next,
    /// Signs, and is encrypted for.
    Current,
    /// Published no more; still opens what was encrypted for it.
    Previous,
}

impl KeyState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Previous => "previous",
        }
    }

    pub(crate) fn stored(text: &str) -> Result<Self> {
        match text {
            "next" => Ok(Self::Next),
            "current" => Ok(Self::Current),
            "previous" => Ok(Self::Previous),
            other => Err(Error::internal(format!("no state of a key: {other}"))),
        }
    }
}

/// A certificate of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCertificate {
    pub state: KeyState,
    pub certificate: Certificate,
}

/// A pair that was made and is not kept yet.
pub(crate) struct NewPair(KeyPair);

impl Identity {
    /// Announces a next certificate: it stands in our metadata from now on, beside the current one.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a connection of another protocol, and when there is a next one already.
    pub async fn add_connection_certificate(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, ConnectionId),
    ) -> Result<Connection> {
        // Making it takes a second: not for whoever may not, and not inside the transaction.
        self.may_manage_sso(ctx, tenant)?;
        let pair = self.new_pair(id).await?;
        let tx = self.manage_sso(ctx, tenant).await?;
        let before = ours(&tx, id).await?;
        if has(&before, KeyState::Next) {
            return Err(Error::conflict("There is a next certificate already.")
                .with_remedy("Have the provider read our metadata, then use it."));
        }
        self.keep_pair(&tx, ctx, (id, &pair, KeyState::Next)).await?;
        rotated(tx, ctx, ("connection.certificate_added", &before)).await
    }

    /// Uses the next certificate: it signs from now on. The one before it still opens what is encrypted for it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when there is no next one, or the previous one is still there.
    pub async fn use_connection_certificate(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, ConnectionId),
    ) -> Result<Connection> {
        let tx = self.manage_sso(ctx, tenant).await?;
        let before = ours(&tx, id).await?;
        if !has(&before, KeyState::Next) {
            return Err(Error::conflict("There is no next certificate.")
                .with_remedy("Add one, and have the provider read our metadata, before you use it."));
        }
        if has(&before, KeyState::Previous) {
            return Err(Error::conflict("The certificate before the current one is still there.")
                .with_remedy("Remove it first: the provider may encrypt for the current one alone by now."));
        }
        key_repo::advance(&tx, id).await?;
        rotated(tx, ctx, ("connection.certificate_used", &before)).await
    }

    /// Removes the previous certificate: what is encrypted for it is opened no more.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when there is no previous one.
    pub async fn remove_connection_certificate(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, ConnectionId),
    ) -> Result<Connection> {
        let tx = self.manage_sso(ctx, tenant).await?;
        let before = ours(&tx, id).await?;
        if !key_repo::remove_previous(&tx, id).await? {
            return Err(Error::conflict("There is no previous certificate.")
                .with_remedy("The current one stays until another is used."));
        }
        rotated(tx, ctx, ("connection.certificate_removed", &before)).await
    }

    /// A pair for a connection. It is computed for about a second.
    pub(crate) async fn new_pair(&self, id: ConnectionId) -> Result<NewPair> {
        let (name, now) = (format!("Tenantry {id}"), self.runtime().clock.now());
        let made = tokio::task::spawn_blocking(move || KeyPair::generate(&name, now, now + LASTS));
        made.await.map_err(Error::internal)?.map(NewPair)
    }

    pub(crate) async fn keep_pair(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (id, NewPair(pair), state): (ConnectionId, &NewPair, KeyState),
    ) -> Result<()> {
        let certificate = pair.certificate();
        let subject = subject(id, certificate.fingerprint());
        let sealed = self.keys()?.seal(tx, tx.tenant(), key_of(&subject), &pair.private_key_pem()?).await?;
        let new = NewKey { connection: id, certificate, state, sealed };
        key_repo::insert(tx, new, ctx.now()).await
    }

    /// Our keys for a connection, open.
    pub(crate) async fn own_keys(
        &self,
        tx: &SystemTx,
        (tenant, id): (TenantId, ConnectionId),
    ) -> Result<Keys> {
        let (mut current, mut next, mut previous) = (None, None, None);
        for kept in repo::sealed_keys(tx, id).await? {
            let subject = subject(id, kept.certificate.fingerprint());
            let key: Secret = self.keys()?.open(tx, tenant, key_of(&subject), &kept.sealed).await?;
            let pair = KeyPair::new(&key, kept.certificate).map_err(Error::internal)?;
            match kept.state {
                KeyState::Current => current = Some(pair),
                KeyState::Next => next = Some(pair),
                KeyState::Previous => previous = Some(pair),
            }
        }
        let current = current.ok_or_else(|| Error::internal("a SAML connection has no key of ours"))?;
        Ok(Keys { current, next, previous })
    }
}

async fn ours(tx: &TenantTx, id: ConnectionId) -> Result<Connection> {
    let connection = find(tx, id).await?;
    match connection.settings {
        ProviderSettings::Saml(_) => Ok(connection),
        ProviderSettings::Oidc(_) => {
            Err(Error::conflict("Connections by OpenID Connect have no certificates."))
        }
    }
}

fn has(connection: &Connection, state: KeyState) -> bool {
    connection.own_certificates.iter().any(|one| one.state == state)
}

async fn rotated(
    tx: TenantTx,
    ctx: &Ctx,
    (action, before): (&'static str, &Connection),
) -> Result<Connection> {
    let after = connections::find(&tx, before.id).await?.ok_or_else(|| Error::not_found("connection"))?;
    let change = (Some(certificates(before)), Some(certificates(&after)));
    let resource = (after.tenant, action, after.id.to_string());
    record(&tx, ctx, resource, json!({ "name": after.name }), change).await?;
    tx.commit().await?;
    Ok(after)
}

/// What the audit trail says of our certificates.
fn certificates(connection: &Connection) -> Facts {
    let of = |one: &OwnCertificate| format!("{}: {}", one.state.as_str(), one.certificate.fingerprint());
    let all: Vec<String> = connection.own_certificates.iter().map(of).collect();
    Facts::one("certificates", all)
}

fn subject(id: ConnectionId, fingerprint: &str) -> String {
    format!("{id}/{fingerprint}")
}

/// What a sealed private key is for.
fn key_of(subject: &str) -> Purpose<'_> {
    Purpose { kind: "saml_key", subject }
}

/// The certificate of this state, if there is one.
pub(super) fn in_state(all: &[OwnCertificate], state: KeyState) -> Option<&Certificate> {
    all.iter().find(|one| one.state == state).map(|one| &one.certificate)
}
