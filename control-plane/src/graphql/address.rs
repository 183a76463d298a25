//! `addressCheck`: whether an instance's address is free.

use async_graphql::{Context, ID, Result, SimpleObject};
use tenantry_provisioner::instances::Address;

use super::error::{Answer, Problem, parse_id, request_of};
use crate::app::App;

/// Whether an address is free. It is not held: `createInstance` decides.
#[derive(SimpleObject)]
pub(crate) struct AddressCheck {
    available: bool,
    /// Where the instance would be reached; of the nearest well-formed address, where this one is not.
    url: String,
    /// Why it cannot be had.
    problem: Option<Problem>,
    /// A free address like it, where it cannot be had itself.
    suggestion: Option<String>,
}

pub(super) async fn check(ctx: &Context<'_>, tenant: Option<ID>, wanted: Address) -> Result<AddressCheck> {
    let app = ctx.data::<App>()?;
    let tenant = tenant.map(|id| parse_id(&id, "tenant")).transpose().answer(ctx)?;
    let check = app.instances.check_address(request_of(ctx), tenant, wanted).await.answer(ctx)?;
    let problem = check.problem.as_ref().map(|error| Problem {
        field: Some(error.field().unwrap_or("slug").to_owned()),
        ..Problem::from(error)
    });
    Ok(AddressCheck {
        available: problem.is_none(),
        url: app.public.instance(&check.address.slug, &check.address.region),
        problem,
        suggestion: check.suggestion,
    })
}
