use std::collections::HashMap;

use async_graphql::{Context, Object, Result};
use tenantry_store::PageRequest;

use crate::app::App;
use crate::graphql::audit::{AuditFilter, AuditRecord};
use crate::graphql::connection::{List, connection};
use crate::graphql::error::{Answer, request_of};

#[derive(Default)]
pub(super) struct AuditQuery;

#[Object]
impl AuditQuery {
    /// What staff did to the platform itself, newest first. What it did to a customer's things is in that customer's
    /// own trail.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn platform_audit(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        filter: Option<AuditFilter>,
    ) -> Result<List<AuditRecord>> {
        let page = PageRequest::new(first, after);
        let filter = filter.unwrap_or_default().into();
        let audit = &ctx.data::<App>()?.audit;
        let records = audit.platform_page(request_of(ctx), &filter, &page).await.answer(ctx)?;
        Ok(connection(records, &page, |r| (r.seq.to_string(), AuditRecord::of(r, &HashMap::new()))))
    }
}
