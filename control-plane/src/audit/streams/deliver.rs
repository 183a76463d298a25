use tenantry_kernel::{Error, Kind as ErrorKind, Result, Secret};
use tenantry_store::SystemTx;
use tenantry_store::audit::streams as rows;
use tenantry_store::audit::{self, Record};
use tokio::time::timeout;

use super::model::{BATCH, Kind, PATIENCE, backoff};
use super::{file, syslog, webhook};
use crate::audit::Audit;

/// A batch is not made longer than so many bytes of JSON, about.
const BYTES: usize = 512 << 10;

/// Sends a batch and moves the cursor, or notes why not. Whether it was taken.
pub(super) async fn deliver(audit: &Audit, stream: rows::Stream) -> Result<bool> {
    let tx = audit.system().await?;
    let records = audit::span(&tx, stream.tenant, (stream.last_seq, i64::MAX), BATCH).await?;
    let secret = open_secret(audit, &tx, &stream).await?;
    tx.commit().await?;
    let records = bounded(records)?;
    let Some(last) = records.last().map(|r| r.seq) else {
        return Ok(false);
    };
    let sent = timeout(PATIENCE, send(audit, &stream, (&records, secret))).await;
    let sent = sent.unwrap_or_else(|_| Err(format!("Not done within {} seconds.", PATIENCE.as_secs())));
    let tx = audit.system().await?;
    match &sent {
        Ok(()) => {
            rows::advance(&tx, stream.id, (stream.last_seq, last), audit.now()).await?;
        }
        Err(reason) => {
            tracing::warn!(tenant.id = %stream.tenant, stream.id = %stream.id, stream.kind = %stream.kind, reason,
                "the audit trail could not be sent on, it is tried again");
            let reason: String = reason.chars().take(300).collect();
            rows::put_off(&tx, stream.id, &reason, audit.now() + backoff(stream.attempts)).await?;
        }
    }
    tx.commit().await?;
    Ok(sent.is_ok())
}

/// A webhook's secret. `None` when it cannot be opened, which no repetition cures.
async fn open_secret(audit: &Audit, tx: &SystemTx, stream: &rows::Stream) -> Result<Option<Secret>> {
    let Some(sealed) = &stream.secret else { return Ok(None) };
    let subject = stream.id.to_string();
    match audit.config().keys.open(tx, stream.tenant, webhook::purpose(&subject), sealed).await {
        Ok(secret) => Ok(Some(secret)),
        Err(error) if error.kind() == ErrorKind::Unavailable => Err(error),
        Err(error) => {
            tracing::error!(error = ?error, stream.id = %stream.id, "a stream's secret cannot be opened");
            Ok(None)
        }
    }
}

async fn send(
    audit: &Audit,
    stream: &rows::Stream,
    (records, secret): (&[Record], Option<Secret>),
) -> std::result::Result<(), String> {
    let config = audit.config();
    match Kind::parse(&stream.kind).map_err(|e| e.message().to_owned())? {
        Kind::Webhook => {
            let secret = secret.ok_or("The stream's secret cannot be opened; make the stream anew.")?;
            let batch = webhook::Batch { stream: stream.id, tenant: stream.tenant, records, at: audit.now() };
            webhook::send(&config.outbound, (&stream.target, &secret), &batch).await
        }
        Kind::Syslog => {
            syslog::send(&config.outbound.of(stream.tenant), (&stream.target, &config.host), records).await
        }
        Kind::File => {
            let directory = config.directory.clone().ok_or("This installation writes no files any more.")?;
            let (tenant, records) = (stream.tenant, records.to_vec());
            let written =
                tokio::task::spawn_blocking(move || file::append(&directory, tenant, &records)).await;
            match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => {
                    tracing::error!(error = %error, stream.id = %stream.id, "the audit directory cannot be written");
                    Err("The installation's file cannot be written; its operator has been told.".to_owned())
                }
                Err(_) => Err("Writing was broken off.".to_owned()),
            }
        }
    }
}

/// The first of them, as many as fit into a batch; at least one.
fn bounded(mut records: Vec<Record>) -> Result<Vec<Record>> {
    let mut bytes = 0;
    let mut fitting = 0;
    for record in &records {
        bytes += serde_json::to_vec(record).map_err(Error::internal)?.len();
        if fitting > 0 && bytes > BYTES {
            break;
        }
        fitting += 1;
    }
    records.truncate(fitting);
    Ok(records)
}
