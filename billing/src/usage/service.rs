use chrono::{DateTime, Utc};
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Result, TenantId};
use tenantry_store::{Page, PageRequest, SystemRole, SystemTx, TenantTx};

use super::cursor::Cursor;
use super::model::Hours;
use super::{Recorded, UsageEvent, UsageQuery, UsageRow, UsageTotals, ledger, repo};
use crate::Billing;

/// Events of one transaction. More are recorded in several: each is complete by itself.
const BATCH: usize = 1_000;

impl Billing {
    /// Counts executions, each once, however often and by however many it is reported. Durable when it returns.
    ///
    /// Fields out of bounds are bounded, never a reason to lose a count; an event whose id or epoch no execution
    /// can have is refused alone, and the rest is counted.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer: report the same events again.
    pub async fn record(&self, events: &[UsageEvent]) -> Result<Recorded> {
        let now = self.clock.now();
        let bounded: Vec<_> = events.iter().filter(|e| e.has_identity()).map(|e| e.bounded(now)).collect();
        let mut recorded = Recorded { refused: (events.len() - bounded.len()) as u64, ..Recorded::default() };
        for batch in bounded.chunks(BATCH) {
            let tx = SystemTx::begin(&self.db, SystemRole::Metering).await?;
            let new = ledger::append(&tx, batch, now).await?;
            tx.commit().await?;
            recorded.new += new;
            recorded.known += batch.len() as u64 - new;
        }
        if recorded.refused > 0 {
            tracing::warn!(usage.refused = recorded.refused, "usage events without a possible id");
        }
        Ok(recorded)
    }

    /// The tenant's usage, grouped, in a stable order. The next page starts after [`UsageRow::cursor`].
    ///
    /// # Errors
    /// `Invalid` for an empty or too long span or a foreign cursor, `NotFound` for who may not view it.
    pub async fn usage(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        query: &UsageQuery,
        page: &PageRequest,
    ) -> Result<Page<UsageRow>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Usage, tenant))?;
        let wanted = repo::Wanted {
            hours: Hours::covering(query.from, query.to)?,
            group: query.group,
            instance: query.instance,
            after: page.after.as_deref().map(|text| Cursor::parse(query.group, text)).transpose()?,
            limit: page.limit_plus_one(),
        };
        let tx = TenantTx::begin(&self.db, &permit).await?;
        Ok(Page::of(repo::page(&tx, &wanted).await?, page))
    }

    /// The tenant's usage of a span, added up. Whole hours count, as in [`UsageQuery`].
    ///
    /// # Errors
    /// `Invalid` for an empty or too long span, `NotFound` for who may not view it.
    pub async fn usage_totals(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<UsageTotals> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Usage, tenant))?;
        let hours = Hours::covering(from, to)?;
        let tx = TenantTx::begin(&self.db, &permit).await?;
        repo::totals(&tx, hours).await
    }
}
