//! Queries about our keys, inside a tenant. None of them reads a private key: the database would not give it.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::{ConnectionId, Result};
use tenantry_store::{DbResultExt, TenantTx, Transaction, stmt};

use super::own_keys::KeyState;
use crate::saml::Certificate;

/// A key to keep.
pub(crate) struct NewKey<'a> {
    pub(crate) connection: ConnectionId,
    pub(crate) certificate: &'a Certificate,
    pub(crate) state: KeyState,
    pub(crate) sealed: String,
}

pub(crate) async fn insert(tx: &TenantTx, new: NewKey<'_>, at: DateTime<Utc>) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.saml_keys
               (connection_id, tenant_id, fingerprint, state, certificate, private_key, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                new.connection.uuid().into(),
                tx.tenant().uuid().into(),
                new.certificate.fingerprint().into(),
                new.state.as_str().into(),
                new.certificate.base64().into(),
                new.sealed.into(),
                at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// The next key becomes the current one, and that the previous one.
pub(crate) async fn advance(tx: &TenantTx, id: ConnectionId) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.saml_keys SET state = CASE state WHEN 'next' THEN 'current' ELSE 'previous' END
             WHERE tenant_id = $1 AND connection_id = $2 AND state IN ('next', 'current')",
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}

pub(crate) async fn remove_previous(tx: &TenantTx, id: ConnectionId) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.saml_keys WHERE tenant_id = $1 AND connection_id = $2 AND state = 'previous'",
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}
