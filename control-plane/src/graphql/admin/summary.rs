use async_graphql::{Context, Object, Result, SimpleObject};
use tenantry_provisioner::fleet::Fleet;
use tenantry_provisioner::instances::Phase;

use super::jobs::queue;
use crate::app::App;
use crate::graphql::error::{Answer, request_of};
use crate::graphql::types::InstancePhase;

#[derive(Default)]
pub(super) struct SummaryQuery;

/// The platform at a glance.
#[derive(SimpleObject)]
struct FleetSummary {
    /// Those that are not gone.
    instances: i64,
    /// Of these, the ones whose last attempt failed.
    failed: i64,
    tenants: i64,
    /// Background jobs that are out of attempts.
    dead_jobs: i64,
    /// Phases without an instance are left out.
    by_phase: Vec<PhaseCount>,
}

/// How many instances are in a phase.
#[derive(SimpleObject)]
struct PhaseCount {
    phase: InstancePhase,
    count: i64,
}

#[Object]
impl SummaryQuery {
    /// The platform at a glance: four counts, of the moment.
    async fn fleet(&self, ctx: &Context<'_>) -> Result<FleetSummary> {
        let (app, request) = (ctx.data::<App>()?, request_of(ctx));
        let mut phases = Fleet::new(app.db.clone()).by_phase(request).await.answer(ctx)?;
        phases.sort_by_key(|p| Phase::ALL.iter().position(|phase| *phase == p.phase));
        let failed = phases.iter().find(|p| p.phase == Phase::Failed).map_or(0, |p| p.count);
        Ok(FleetSummary {
            instances: phases.iter().map(|p| p.count).sum(),
            failed,
            tenants: app.tenants.count(request, None).await.answer(ctx)?,
            dead_jobs: queue::count(app, request, true).await.answer(ctx)?,
            by_phase: phases
                .into_iter()
                .map(|p| PhaseCount { phase: p.phase.into(), count: p.count })
                .collect(),
        })
    }
}
