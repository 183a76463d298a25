//! The audit trail: reading it, keeping it, sending it on.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Json, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_kernel::TenantId;
use tenantry_store::PageRequest;
use tenantry_store::audit::{Filter, Record};

use super::connection::{List, connection, wants_of_rows};
use super::error::{Answer, Problem, parse_id, request_of};
use super::mutation::{PlainPayload, plain};
use crate::app::App;
use crate::audit::{Kind, Settings, Stream};

/// Who did what, to what, from where, and what came of it. Records are never changed; each carries the hash of the one
/// before it in its own.
#[derive(SimpleObject)]
pub(crate) struct AuditRecord {
    /// Its number in the organisation's trail, without gaps.
    seq: i64,
    at: DateTime<Utc>,
    /// The id of a person, API key or service account, or `system:…`.
    actor: String,
    /// Null for who has no name, or is gone.
    actor_name: Option<String>,
    /// As `instance.create`.
    action: String,
    resource: String,
    /// `ok`, `denied` or `failed`.
    result: String,
    /// The address that it came from.
    origin: Option<String>,
    user_agent: Option<String>,
    request_id: String,
    /// What was there before; null for what is new.
    before: Option<Json<serde_json::Value>>,
    after: Option<Json<serde_json::Value>>,
    details: Json<serde_json::Value>,
    hash: String,
}

impl AuditRecord {
    pub(super) fn of(record: Record, names: &HashMap<String, String>) -> Self {
        Self {
            actor_name: names.get(&record.actor).cloned(),
            seq: record.seq,
            at: record.at,
            actor: record.actor,
            action: record.action,
            resource: record.resource,
            result: record.result,
            origin: record.origin,
            user_agent: record.user_agent,
            request_id: record.request_id,
            before: record.before.map(Json),
            after: record.after.map(Json),
            details: Json(record.details),
            hash: record.hash,
        }
    }
}

/// Which records. All that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct AuditFilter {
    /// From this moment on.
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    to: Option<DateTime<Utc>>,
    /// An actor's id.
    actor: Option<String>,
    /// How the action begins: `instance.` finds `instance.create`.
    action: Option<String>,
    /// A resource's id.
    resource: Option<String>,
    /// `ok`, `denied` or `failed`.
    result: Option<String>,
}

impl From<AuditFilter> for Filter {
    fn from(f: AuditFilter) -> Self {
        let given = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        Self {
            from: f.from,
            to: f.to,
            actor: given(f.actor),
            action: given(f.action),
            resource: given(f.resource),
            result: given(f.result),
        }
    }
}

/// How the trail is kept.
#[derive(SimpleObject)]
pub(crate) struct AuditSettings {
    /// Older records go, once a day, up to a signed checkpoint.
    retention_days: i32,
    /// The number of the oldest record that is there.
    chain_start: i64,
    last_seq: i64,
    last_checkpoint_at: Option<DateTime<Utc>>,
    /// What checkpoints are signed with now (Ed25519), as PEM. `/.well-known/tenantry-audit-keys.json` has the earlier
    /// ones too.
    public_key: String,
}

impl From<Settings> for AuditSettings {
    fn from(s: Settings) -> Self {
        Self {
            retention_days: s.retention_days,
            chain_start: s.chain_start,
            last_seq: s.last_seq,
            last_checkpoint_at: s.last_checkpoint_at,
            public_key: s.public_key,
        }
    }
}

/// What a stream leads to.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub(crate) enum AuditStreamKind {
    /// An https:// address that takes signed batches of JSON (Standard Webhooks).
    Webhook,
    /// A syslog receiver (RFC 5424): syslog+tls://host:6514 or syslog+tcp://host:601. It has taken records when its program
    /// has read them and closed the connection; that it has stored them, syslog cannot say.
    Syslog,
    /// A file of the operator's, where there is a directory for it.
    File,
}

/// Where the trail is sent: every record in order, again and again until the receiver has taken it.
#[derive(SimpleObject)]
pub(crate) struct AuditStream {
    id: ID,
    kind: AuditStreamKind,
    target: String,
    /// The newest record that the receiver has taken.
    last_seq: i64,
    /// Records that it has not taken yet.
    pending: i64,
    last_error: Option<String>,
    last_delivered_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    paused_at: Option<DateTime<Utc>>,
}

impl From<Stream> for AuditStream {
    fn from(s: Stream) -> Self {
        Self {
            id: s.id.to_string().into(),
            kind: s.kind.into(),
            target: s.target,
            last_seq: s.last_seq,
            pending: s.pending,
            last_error: s.last_error,
            last_delivered_at: s.last_delivered_at,
            created_at: s.created_at,
            paused_at: s.paused_at,
        }
    }
}

#[derive(InputObject)]
struct UpdateAuditSettingsInput {
    tenant_id: ID,
    /// 30 to 3650.
    retention_days: i32,
}

#[derive(InputObject)]
struct CreateAuditStreamInput {
    tenant_id: ID,
    kind: AuditStreamKind,
    /// The address; empty for FILE.
    target: String,
}

#[derive(InputObject)]
struct AuditStreamInput {
    tenant_id: ID,
    id: ID,
}

#[derive(SimpleObject)]
struct AuditSettingsPayload {
    settings: Option<AuditSettings>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct AuditStreamPayload {
    stream: Option<AuditStream>,
    /// What a webhook's signatures are made with (whsec_…). It is shown this once.
    secret: Option<String>,
    problem: Option<Problem>,
}

#[derive(Default)]
pub(super) struct AuditMutation;

#[Object]
impl AuditMutation {
    /// Sets how long the audit trail is kept; in effect at the next daily pruning.
    async fn update_audit_settings(
        &self,
        ctx: &Context<'_>,
        input: UpdateAuditSettingsInput,
    ) -> Result<AuditSettingsPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let set = ctx.data::<App>()?.audit.keep_for(request_of(ctx), tenant, input.retention_days).await;
        Ok(match set.outcome(ctx)? {
            Ok(settings) => AuditSettingsPayload { settings: Some(settings.into()), problem: None },
            Err(problem) => AuditSettingsPayload { settings: None, problem: Some(problem) },
        })
    }

    /// Sends the audit trail somewhere, from the next record on. At most five streams.
    #[graphql(complexity = "50 + child_complexity")]
    async fn create_audit_stream(
        &self,
        ctx: &Context<'_>,
        input: CreateAuditStreamInput,
    ) -> Result<AuditStreamPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let wanted = (input.kind.into(), input.target.as_str());
        let made = ctx.data::<App>()?.audit.add_stream(request_of(ctx), tenant, wanted).await;
        Ok(match made.outcome(ctx)? {
            Ok((stream, secret)) => AuditStreamPayload {
                stream: Some(stream.into()),
                secret: secret.map(|s| s.expose().to_owned()),
                problem: None,
            },
            Err(problem) => AuditStreamPayload { stream: None, secret: None, problem: Some(problem) },
        })
    }

    /// Ends a stream.
    async fn delete_audit_stream(&self, ctx: &Context<'_>, input: AuditStreamInput) -> Result<PlainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "stream").answer(ctx)?;
        Ok(plain(ctx.data::<App>()?.audit.delete_stream(request_of(ctx), tenant, id).await.outcome(ctx)?))
    }
}

/// A page of a tenant's trail. Names are looked up for the whole page at once, if anybody wants them.
pub(super) async fn records(
    ctx: &Context<'_>,
    (request, tenant): (&Ctx, TenantId),
    filter: Option<AuditFilter>,
    page: PageRequest,
) -> Result<List<AuditRecord>> {
    let audit = &ctx.data::<App>()?.audit;
    let filter = filter.unwrap_or_default().into();
    let records = audit.page(request, tenant, &filter, &page).await.answer(ctx)?;
    let names = match wants_of_rows(ctx, "actorName") {
        true => audit.actor_names(request, tenant, &records.rows).await.answer(ctx)?,
        false => HashMap::new(),
    };
    Ok(connection(records, &page, |r| (r.seq.to_string(), AuditRecord::of(r, &names))))
}

pub(super) async fn settings(
    ctx: &Context<'_>,
    (request, tenant): (&Ctx, TenantId),
) -> Result<AuditSettings> {
    Ok(ctx.data::<App>()?.audit.settings(request, tenant).await.answer(ctx)?.into())
}

pub(super) async fn streams(
    ctx: &Context<'_>,
    (request, tenant): (&Ctx, TenantId),
) -> Result<Vec<AuditStream>> {
    let streams = ctx.data::<App>()?.audit.streams(request, tenant).await.answer(ctx)?;
    Ok(streams.into_iter().map(AuditStream::from).collect())
}
