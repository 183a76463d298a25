use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};
use tenantry_kernel::{Error, Result, Secret};
use tenantry_keys::Keys;
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::claim::Claim;
use crate::driver::{DatabaseAccess, InstanceSpec, Limits, Owner};
use crate::instances::entity::Model;
use crate::instances::repo;

/// Opens one of the instance's sealed secrets.
pub(crate) async fn open(keys: &Keys, tx: &SystemTx, claim: &Claim, name: &str) -> Result<Option<Secret>> {
    let Some(sealed) = repo::secret(tx, claim.id(), name).await? else {
        return Ok(None);
    };
    let subject = format!("{}/{name}", claim.id());
    keys.open(tx, claim.tenant(), crate::instances::purpose(&subject), &sealed).await.map(Some)
}

pub(crate) async fn require(keys: &Keys, tx: &SystemTx, claim: &Claim, name: &str) -> Result<Secret> {
    open(keys, tx, claim, name)
        .await?
        .ok_or_else(|| Error::internal(format!("{} has no secret {name}", claim.id())))
}

/// Whether a secret is there, without opening it.
pub(crate) async fn exists(tx: &SystemTx, claim: &Claim, name: &str) -> Result<bool> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT 1 AS one FROM provisioner.instance_secrets WHERE instance_id = $1 AND name = $2",
            [claim.id().uuid().into(), name.into()],
        ))
        .await
        .db()?;
    Ok(row.is_some())
}

/// What the specification is made from, besides the row.
pub(crate) struct SpecParts<'a> {
    pub(crate) public_url: String,
    pub(crate) host_uid: u32,
    pub(crate) database: (String, u16),
    pub(crate) keys: &'a Keys,
}

/// Names today's specification. Secrets never change under an instance, so they are not part of it.
pub(crate) fn revision(row: &Model, public_url: &str) -> String {
    let text = format!(
        "{} {:?} {:?} {:?} {} {} {} {} {} {public_url}",
        row.n8n_version,
        row.slot,
        row.port,
        row.broker_port,
        row.cpu_millis,
        row.memory_mib,
        row.storage_mib,
        row.concurrency,
        row.owner_email
    );
    hex::encode(Sha256::digest(text)).chars().take(16).collect()
}

/// All that the driver needs, with secrets opened.
pub(crate) async fn spec(claim: &Claim, parts: SpecParts<'_>) -> Result<InstanceSpec> {
    let row = &claim.row;
    let tx = claim.begin().await?;
    let password = require(parts.keys, &tx, claim, "database_password").await?;
    let encryption_key = require(parts.keys, &tx, claim, "encryption_key").await?;
    let password_hash = require(parts.keys, &tx, claim, "owner_password_hash").await?;
    let (first, last) = row.owner_name.split_once(' ').unwrap_or((row.owner_name.as_str(), "-"));
    let port = |port: Option<i32>| {
        port.and_then(|p| u16::try_from(p).ok()).ok_or_else(|| Error::internal("no port"))
    };
    let unsigned = |value: i32| u32::try_from(value).unwrap_or(0);
    Ok(InstanceSpec {
        id: claim.id().to_string(),
        n8n_version: row.n8n_version.clone(),
        host_uid: parts.host_uid,
        port: port(row.port)?,
        broker_port: port(row.broker_port)?,
        revision: revision(row, &parts.public_url),
        public_url: parts.public_url,
        limits: Limits {
            cpu_millis: unsigned(row.cpu_millis),
            memory_bytes: u64::from(unsigned(row.memory_mib)) << 20,
            pids: 512,
            concurrency: unsigned(row.concurrency),
            storage_bytes: u64::from(unsigned(row.storage_mib)) << 20,
        },
        database: DatabaseAccess {
            host: parts.database.0,
            port: parts.database.1,
            name: claim.id().to_string(),
            user: claim.id().to_string(),
            password,
        },
        encryption_key,
        owner: Owner {
            email: row.owner_email.clone(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            password_hash,
        },
    })
}
