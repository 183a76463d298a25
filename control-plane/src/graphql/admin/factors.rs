//! Second factors of people who have lost theirs.

use async_graphql::{Context, InputObject, Object, Result};
use tenantry_identity::ResetFactors;

use super::Done;
use crate::app::App;
use crate::graphql::error::{Answer, request_of};

#[derive(InputObject)]
struct ResetFactorsInput {
    email: String,
    /// How it is known that it is them: 20 to 500 characters. Their organisations read it.
    reason: String,
}

#[derive(Default)]
pub(super) struct FactorsMutation;

#[Object]
impl FactorsMutation {
    /// Takes all second factors of a person away and ends their sessions. They are told by mail; it stands in the
    /// platform's audit trail and in that of each organisation of theirs.
    async fn reset_factors(&self, ctx: &Context<'_>, input: ResetFactorsInput) -> Result<Done> {
        let reset = ResetFactors { email: input.email, reason: input.reason };
        let reset = ctx.data::<App>()?.identity.reset_factors(request_of(ctx), reset).await;
        Ok(Done::of(reset.outcome(ctx)?))
    }
}
