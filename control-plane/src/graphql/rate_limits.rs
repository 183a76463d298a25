//! `Tenant.rateLimits`: how many requests are allowed, and how many of them are left.

use async_graphql::{Context, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_kernel::TenantId;

use super::error::Answer;
use crate::app::App;
use crate::rates;

/// A limit on requests, and how far its running window is used.
#[derive(SimpleObject)]
pub(crate) struct RateLimitStatus {
    /// What is counted: tenant, person, key or address.
    name: String,
    description: String,
    /// Requests a window.
    limit: i32,
    /// What the servers have taken out of the window and not used yet counts as used.
    remaining: i32,
    window_seconds: i32,
    /// When the window ends, and all of the limit is there again.
    resets_at: DateTime<Utc>,
}

impl From<rates::Status> for RateLimitStatus {
    fn from(status: rates::Status) -> Self {
        let whole = |n: u64| i32::try_from(n).unwrap_or(i32::MAX);
        Self {
            name: status.scope.as_str().to_owned(),
            description: status.scope.describe().to_owned(),
            limit: whole(status.limit.into()),
            remaining: whole(status.remaining.into()),
            window_seconds: whole(status.window.as_secs()),
            resets_at: status.resets_at,
        }
    }
}

pub(super) async fn of(
    ctx: &Context<'_>,
    (request, tenant): (&Ctx, TenantId),
) -> Result<Vec<RateLimitStatus>> {
    let status = ctx.data::<App>()?.rates.status(request, tenant).await.answer(ctx)?;
    Ok(status.into_iter().map(Into::into).collect())
}
