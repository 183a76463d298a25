//! The operators' API. Each field asks the gate for a platform right.
//!
//! A list costs a fixed number of statements, however long its pages are: what a row needs of another context is
//! read for the whole page at once, and only when the request asks for it.

mod account;
mod audit;
mod factors;
mod instances;
mod jobs;
mod mail;
mod regions;
mod summary;
mod support;
mod tenants;

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder, SimpleObject};

use super::error::Problem;

/// The operators' schema.
pub type AdminSchema = Schema<AdminQuery, AdminMutation, EmptySubscription>;

pub(crate) fn builder() -> SchemaBuilder<AdminQuery, AdminMutation, EmptySubscription> {
    Schema::build(AdminQuery::default(), AdminMutation::default(), EmptySubscription)
        .limit_depth(super::MAX_DEPTH)
        .limit_complexity(super::MAX_COMPLEXITY)
        .limit_directives(super::MAX_DIRECTIVES)
}

#[derive(MergedObject, Default)]
pub struct AdminQuery(
    account::AccountQuery,
    summary::SummaryQuery,
    instances::InstancesQuery,
    tenants::TenantsQuery,
    regions::RegionsQuery,
    jobs::JobsQuery,
    mail::MailQuery,
    support::SupportQuery,
    audit::AuditQuery,
);

#[derive(MergedObject, Default)]
pub struct AdminMutation(
    account::AccountMutation,
    instances::InstancesMutation,
    jobs::JobsMutation,
    support::SupportMutation,
    factors::FactorsMutation,
);

/// Whether it was done, and if not, why.
#[derive(SimpleObject)]
#[graphql(name = "Done")]
struct Done {
    /// It is due now, be it by this call or by one before.
    ok: bool,
    problem: Option<Problem>,
}

impl Done {
    fn of<T>(outcome: Result<T, Problem>) -> Self {
        Self { ok: outcome.is_ok(), problem: outcome.err() }
    }
}
