//! What people change of their own account.

use async_graphql::{Context, InputObject, Object, Result};
use tenantry_identity::ChangePassword;
use tenantry_kernel::Secret;

use super::error::{Answer, request_of};
use super::mutation::{LogInPayload, PlainPayload, plain};
use crate::app::App;
use crate::http::session;

#[derive(InputObject)]
struct UpdateProfileInput {
    name: String,
}

#[derive(InputObject)]
struct ChangePasswordInput {
    current_password: String,
    /// 12 to 128 characters.
    new_password: String,
}

#[derive(Default)]
pub(super) struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Changes the viewer's name.
    async fn update_profile(&self, ctx: &Context<'_>, input: UpdateProfileInput) -> Result<LogInPayload> {
        let updated = ctx.data::<App>()?.identity.update_profile(request_of(ctx), input.name).await;
        Ok(match updated.outcome(ctx)? {
            Ok(user) => LogInPayload { viewer: Some(user.into()), second_factor: None, problem: None },
            Err(problem) => LogInPayload { viewer: None, second_factor: None, problem: Some(problem) },
        })
    }

    /// Changes the viewer's password and ends their other sessions. The answer sets a new session cookie: the token before it
    /// is good for nothing.
    async fn change_password(&self, ctx: &Context<'_>, input: ChangePasswordInput) -> Result<PlainPayload> {
        let change = ChangePassword {
            current: Secret::new(input.current_password),
            new: Secret::new(input.new_password),
        };
        let app = ctx.data::<App>()?;
        let changed = app.identity.change_password(request_of(ctx), change).await.outcome(ctx)?;
        if let Ok(new) = &changed {
            let lifetime = new.expires_at - request_of(ctx).now();
            ctx.append_http_header("set-cookie", session::cookie(&new.token, lifetime, app.public.is_tls()));
        }
        Ok(plain(changed))
    }

    /// Ends all of the viewer's sessions, this one too.
    async fn log_out_everywhere(&self, ctx: &Context<'_>) -> Result<PlainPayload> {
        let app = ctx.data::<App>()?;
        app.identity.log_out_everywhere(request_of(ctx)).await.answer(ctx)?;
        ctx.append_http_header("set-cookie", session::removal(app.public.is_tls()));
        Ok(plain(Ok(())))
    }

    /// Sends another link to verify an address, if an account waits for it. The answer is the same either way.
    async fn resend_verification(&self, ctx: &Context<'_>, email: String) -> Result<PlainPayload> {
        let outcome = ctx.data::<App>()?.identity.resend_verification(request_of(ctx), email).await;
        Ok(plain(outcome.outcome(ctx)?))
    }
}
