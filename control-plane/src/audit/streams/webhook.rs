//! A batch of records as a webhook, signed like the others.

use chrono::{DateTime, Utc};
use http::Method;
use serde_json::json;
use tenantry_kernel::{AuditStreamId, Secret, TenantId};
use tenantry_keys::Purpose;
use tenantry_outbound::{Outbound, Request};
use tenantry_store::audit::Record;

use crate::webhooks::sign::Signed;

pub(super) fn purpose(subject: &str) -> Purpose<'_> {
    Purpose { kind: "audit_stream", subject }
}

/// Whose records, and when they are sent.
pub(super) struct Batch<'a> {
    pub(super) stream: AuditStreamId,
    pub(super) tenant: TenantId,
    pub(super) records: &'a [Record],
    pub(super) at: DateTime<Utc>,
}

/// Sends a batch. The message's id is made of the stream and the numbers: a repeat has the same.
pub(super) async fn send(
    outbound: &Outbound,
    (target, secret): (&str, &Secret),
    batch: &Batch<'_>,
) -> Result<(), String> {
    let ends = batch.records.first().zip(batch.records.last());
    let (first, last) = ends.map_or((0, 0), |(first, last)| (first.seq, last.seq));
    let id = format!("{}-{first}-{last}", batch.stream);
    let body = json!({
        "type": "audit.records",
        "timestamp": batch.at,
        "data": { "tenant": batch.tenant, "firstSeq": first, "lastSeq": last, "records": batch.records },
    });
    let body = body.to_string();
    let signed = Signed { id: &id, at: batch.at, body: &body };
    let headers = signed.headers(std::slice::from_ref(secret)).map_err(|e| e.message().to_owned())?;
    let request = Request { method: Method::POST, url: target, headers, body: body.into(), most: 1024 };
    let answer = outbound.of(batch.tenant).send(request).await.map_err(|e| e.to_string())?;
    if answer.status.is_success() {
        Ok(())
    } else {
        Err(format!("The receiver answered {}.", answer.status.as_u16()))
    }
}
