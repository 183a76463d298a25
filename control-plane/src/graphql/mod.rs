//! The GraphQL APIs: `/graphql` for customers and resellers, `/admin/graphql` for platform staff.
//!
//! Rules: a resolver parses, calls one service method with the request's `Ctx`, and maps. Expected outcomes (a taken
//! address, a weak password, a plan's limit) are values: the payload's `problem`. Everything else is a GraphQL error
//! with `extensions.code`, `extensions.remedy` and `extensions.requestId`. Lists are Relay connections.

mod account;
mod activity;
mod address;
mod admin;
mod allowances;
mod audit;
mod budget;
mod condition;
mod connection;
mod credentials;
mod error;
mod executions;
#[cfg(test)]
mod factor_tests;
mod factors;
mod limits;
mod lists;
#[cfg(test)]
mod log_in_tests;
mod many;
mod members;
mod mutation;
mod nested;
mod people;
mod provisioning;
mod query;
mod rate_limits;
#[cfg(test)]
mod role_tests;
mod roles;
mod service_accounts;
mod sessions;
#[cfg(test)]
mod sessions_tests;
mod sso;
mod subscription;
mod support;
mod types;
mod webhooks;

use async_graphql::{SDLExportOptions, Schema, SchemaBuilder};

pub use admin::AdminSchema;
pub(crate) use budget::Budget;
pub(crate) use condition::loader as condition_loader;
pub(crate) use error::tidy;
pub use limits::*;

use crate::app::App;

/// The customers' schema.
pub type CustomerSchema = Schema<query::Query, mutation::Mutation, subscription::Subscription>;

fn customer_builder() -> SchemaBuilder<query::Query, mutation::Mutation, subscription::Subscription> {
    Schema::build(query::Query, mutation::Mutation::default(), subscription::Subscription)
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_directives(MAX_DIRECTIVES)
}

/// The customers' schema over the product's services.
pub fn customer_schema(app: App) -> CustomerSchema {
    customer_builder().data(app).finish()
}

/// The same, with one budget of complexity over all operations of a request.
pub(crate) fn counted_customer_schema(app: App) -> CustomerSchema {
    customer_builder().data(app).extension(budget::BudgetCheck).finish()
}

/// The schema as text, committed as `control-plane/schema.graphql`.
pub fn customer_sdl() -> String {
    customer_builder().finish().sdl()
}

/// The customers' schema as a subgraph of Apollo Federation 2, committed as `control-plane/schema.federation.graphql`.
pub fn federation_sdl() -> String {
    let options = SDLExportOptions::new().federation().compose_directive();
    customer_builder().finish().sdl_with_options(options)
}

/// The operators' schema over the product's services.
pub fn admin_schema(app: App) -> AdminSchema {
    admin::builder().data(app).finish()
}

/// Likewise.
pub(crate) fn counted_admin_schema(app: App) -> AdminSchema {
    admin::builder().data(app).extension(budget::BudgetCheck).finish()
}

/// The operators' schema as text, committed as `control-plane/admin.graphql`.
pub fn admin_sdl() -> String {
    admin::builder().finish().sdl()
}
