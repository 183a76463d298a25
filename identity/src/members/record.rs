use tenantry_authz::Ctx;
use tenantry_kernel::{Result, TenantId};
use tenantry_store::audit::Facts;
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{Transaction, audit};

/// A change of a tenant's people.
pub(crate) struct What {
    pub(crate) tenant: TenantId,
    /// The audit row's action and the fact's topic.
    pub(crate) action: &'static str,
    pub(crate) subject: String,
    pub(crate) details: serde_json::Value,
}

/// What was before and is after, as far as there is either.
pub(crate) type Change = (Option<Facts>, Option<Facts>);

/// Writes the audit row and the fact, in the transaction of the change.
pub(crate) async fn record(tx: &impl Transaction, ctx: &Ctx, what: What) -> Result<()> {
    record_change(tx, ctx, what, (None, None)).await
}

/// As [`record`], with what was before and is after in the audit row.
pub(crate) async fn record_change(
    tx: &impl Transaction,
    ctx: &Ctx,
    what: What,
    (before, after): Change,
) -> Result<()> {
    let entry = audit::Entry {
        tenant: what.tenant,
        action: what.action,
        resource: what.subject.clone(),
        result: "ok",
        details: what.details.clone(),
    };
    audit::append(tx, audit::By::ctx(ctx), entry.changing(before, after)).await?;
    let mut payload = what.details;
    // Facts travel further than the audit trail, and the address may be of somebody who never was a member.
    if let Some(payload) = payload.as_object_mut() {
        payload.remove("email");
    }
    let fact = Fact { tenant: what.tenant, topic: what.action, subject: what.subject, payload };
    outbox::publish(tx, ctx.now(), &fact).await
}
