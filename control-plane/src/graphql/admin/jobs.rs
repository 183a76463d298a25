use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_store::PageRequest;
use tenantry_store::jobs::JobRow;

use super::Done;
use crate::app::App;
use crate::graphql::connection::{CountedList, counted, wants_total};
use crate::graphql::error::{Answer, parse_id, request_of};

#[derive(Default)]
pub(super) struct JobsQuery;

/// Where a job is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum JobState {
    Waiting,
    Running,
    /// Out of attempts: it runs again only when retried.
    Dead,
}

/// A background job. What it is about is not shown: it is a customer's business.
#[derive(SimpleObject)]
struct Job {
    id: ID,
    task: String,
    state: JobState,
    attempts: i32,
    max_attempts: i32,
    run_at: DateTime<Utc>,
    last_error: Option<String>,
}

impl From<JobRow> for Job {
    fn from(j: JobRow) -> Self {
        let state = if j.is_dead() {
            JobState::Dead
        } else if j.locked_at.is_some() {
            JobState::Running
        } else {
            JobState::Waiting
        };
        Self {
            id: j.id.to_string().into(),
            task: j.task,
            state,
            attempts: j.attempts,
            max_attempts: j.max_attempts,
            run_at: j.run_at,
            last_error: j.last_error,
        }
    }
}

#[Object]
impl JobsQuery {
    /// Background jobs that are not done, newest first. With `deadOnly`, those that are out of attempts.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        #[graphql(default)] dead_only: bool,
    ) -> Result<CountedList<Job>> {
        let (app, request) = (ctx.data::<App>()?, request_of(ctx));
        let page = PageRequest::new(first, after);
        let rows = queue::list(app, request, &page, dead_only).await.answer(ctx)?;
        let total = match wants_total(ctx) {
            true => Some(queue::count(app, request, dead_only).await.answer(ctx)?),
            false => None,
        };
        Ok(counted(rows, (&page, total), |j| (j.id.to_string(), j.into())))
    }
}

#[derive(Default)]
pub(super) struct JobsMutation;

#[Object]
impl JobsMutation {
    /// Lets a failed or waiting job run now. Repeating it changes nothing; for one that runs the problem says so.
    async fn retry_job(&self, ctx: &Context<'_>, id: ID) -> Result<Done> {
        let retry = async {
            // The gate comes first: whoever may not retry learns nothing, not even from an id of a wrong form.
            let id = parse_id(&id, "job");
            queue::retry(ctx.data_unchecked::<App>(), request_of(ctx), id).await
        };
        Ok(Done::of(retry.await.outcome(ctx)?))
    }
}

/// The queue behind the gate.
pub(super) mod queue {
    use tenantry_authz::{Action, Ctx, PlatformResource};
    use tenantry_kernel::Result;
    use tenantry_store::audit::{self, By, Entry};
    use tenantry_store::jobs::{self, JobRow};
    use tenantry_store::{Page, PageRequest, SystemTx};

    use crate::app::App;

    async fn begin(app: &App, ctx: &Ctx, action: Action) -> Result<SystemTx> {
        SystemTx::begin_platform(&app.db, &ctx.permit_platform(action, PlatformResource::Jobs)?).await
    }

    pub(in super::super) async fn list(
        app: &App,
        ctx: &Ctx,
        page: &PageRequest,
        dead_only: bool,
    ) -> Result<Page<JobRow>> {
        jobs::list(&begin(app, ctx, Action::View).await?, page, dead_only).await
    }

    pub(in super::super) async fn count(app: &App, ctx: &Ctx, dead_only: bool) -> Result<i64> {
        jobs::count(&begin(app, ctx, Action::View).await?, dead_only).await
    }

    pub(super) async fn retry(app: &App, ctx: &Ctx, id: Result<i64>) -> Result<()> {
        let tx = begin(app, ctx, Action::Operate).await?;
        let id = id?;
        let retried = jobs::retry(&tx, id).await?;
        if !retried.changed {
            return Ok(());
        }
        let entry = Entry {
            tenant: audit::PLATFORM,
            action: "job.retry",
            resource: format!("job {id}"),
            result: "ok",
            details: serde_json::json!({ "task": retried.task, "attempts": retried.attempts }),
        };
        audit::append(&tx, By::ctx(ctx), entry).await?;
        tx.commit().await
    }
}
