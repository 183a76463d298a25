use async_graphql::{Context, Object, Result, SimpleObject};
use tenantry_authz::{Action, PlatformResource};

use crate::app::App;
use crate::graphql::error::{Answer, request_of};

#[derive(Default)]
pub(super) struct RegionsQuery;

#[derive(SimpleObject)]
#[graphql(name = "Region")]
struct AdminRegion {
    code: String,
    name: String,
    residency: String,
    driver: String,
    capacity: i32,
    used: i64,
    /// The median time from creation to ready of the last boots here, in seconds; null when there is no experience
    /// yet.
    ready_seconds: Option<i32>,
}

#[Object]
impl RegionsQuery {
    async fn regions(&self, ctx: &Context<'_>) -> Result<Vec<AdminRegion>> {
        let _permit = request_of(ctx).permit_platform(Action::View, PlatformResource::Regions).answer(ctx)?;
        let regions = ctx.data::<App>()?.instances.regions().await.answer(ctx)?;
        Ok(regions
            .into_iter()
            .map(|r| AdminRegion {
                code: r.code,
                name: r.name,
                residency: r.residency,
                driver: r.driver,
                capacity: r.capacity,
                used: r.used,
                ready_seconds: r.ready_seconds,
            })
            .collect())
    }
}
