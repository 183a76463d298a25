use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use tenantry_authz::{Action, PlatformResource};
use tenantry_identity::{CompleteSetup, ResetOutcome};
use tenantry_kernel::Secret;

use crate::app::App;
use crate::graphql::error::{Answer, Problem, request_of};

#[derive(Default)]
pub(super) struct AccountQuery;

/// The member of staff who is logged in.
#[derive(SimpleObject)]
struct Operator {
    id: ID,
    email: String,
    name: String,
}

#[Object]
impl AccountQuery {
    /// The member of staff who is logged in; null for anyone else.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Operator>> {
        let request = request_of(ctx);
        if request.permit_platform(Action::View, PlatformResource::Tenants).is_err() {
            return Ok(None);
        }
        let user = ctx.data::<App>()?.identity.viewer(request).await.answer(ctx)?;
        Ok(Some(Operator { id: user.id.to_string().into(), email: user.email, name: user.name }))
    }
}

#[derive(Default)]
pub(super) struct AccountMutation;

#[derive(InputObject)]
struct CompleteSetupInput {
    /// From the one-time link printed at first start.
    token: String,
    name: String,
    password: String,
}

#[derive(SimpleObject)]
struct SetupPayload {
    ok: bool,
    problem: Option<Problem>,
}

#[Object]
impl AccountMutation {
    /// Gives the first operator account its password, with the one-time link printed at first start. Then log in
    /// on `/graphql`.
    async fn complete_operator_setup(
        &self,
        ctx: &Context<'_>,
        input: CompleteSetupInput,
    ) -> Result<SetupPayload> {
        let setup = CompleteSetup {
            token: Secret::new(input.token),
            password: Secret::new(input.password),
            name: input.name,
        };
        let done =
            ctx.data::<App>()?.identity.complete_operator_setup(request_of(ctx), setup).await.outcome(ctx)?;
        let remedy = "Restart the product: while no operator has a password, each start prints a new link.";
        let problem = match done {
            Ok(ResetOutcome::PasswordSet) => None,
            Ok(outcome) => Some(crate::graphql::mutation::bad_link(outcome == ResetOutcome::Expired, remedy)),
            Err(problem) => Some(problem),
        };
        Ok(SetupPayload { ok: problem.is_none(), problem })
    }
}
