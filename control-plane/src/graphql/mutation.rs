use async_graphql::{Context, ID, InputObject, MergedObject, Object, Result, SimpleObject};
use tenantry_identity::{LogIn, ResetOutcome, ResetPassword, SignUp, VerifyOutcome};
use tenantry_kernel::Secret;
use tenantry_provisioner::instances::{CreateInstance, DeleteInstance};
use tenantry_store::idempotency::IdempotencyKey;

use super::account::AccountMutation;
use super::audit::AuditMutation;
use super::credentials::CredentialMutation;
use super::error::{Answer, Problem, parse_id, request_of};
use super::factors::{FactorMutation, PendingLogIn, entered};
use super::many::ManyMutation;
use super::members::{self, MemberMutation};
use super::people::PeopleMutation;
use super::provisioning::ProvisioningMutation;
use super::query::TenantNode;
use super::roles::RoleMutation;
use super::service_accounts::ServiceAccountMutation;
use super::sessions::SessionMutation;
use super::sso::{SsoCertificateMutation, SsoDomainMutation, SsoLinkMutation, SsoMutation, SsoSetupMutation};
use super::support::SupportMutation;
use super::types::{Instance, Viewer};
use super::webhooks::WebhookMutation;
use crate::app::App;
use crate::http::session;
use crate::tenants::CreateTenant;

/// Each noun's mutations, in one type.
#[derive(MergedObject, Default)]
pub struct Mutation(
    CoreMutation,
    MemberMutation,
    RoleMutation,
    AccountMutation,
    FactorMutation,
    SupportMutation,
    CredentialMutation,
    ServiceAccountMutation,
    WebhookMutation,
    AuditMutation,
    ManyMutation,
    PeopleMutation,
    SessionMutation,
    SsoMutation,
    SsoDomainMutation,
    SsoCertificateMutation,
    SsoSetupMutation,
    SsoLinkMutation,
    ProvisioningMutation,
);

#[derive(Default)]
pub(super) struct CoreMutation;

#[derive(InputObject)]
struct SignUpInput {
    email: String,
    /// 12 to 128 characters.
    password: String,
    name: String,
}

#[derive(InputObject)]
struct LogInInput {
    email: String,
    password: String,
}

#[derive(InputObject)]
struct ResetPasswordInput {
    token: String,
    password: String,
}

#[derive(InputObject)]
struct CreateTenantInput {
    name: String,
    /// Lower-case letters, digits and hyphens.
    slug: String,
    /// The code of a plan, as in `plans`.
    plan: String,
}

#[derive(InputObject)]
struct CreateInstanceInput {
    tenant_id: ID,
    name: String,
    /// The first label of its host name: lower-case letters, digits and hyphens.
    slug: String,
    /// The code of a region, as in `regions`.
    region: String,
    /// Repeating the call with its key gives the same instance.
    idempotency_key: Option<String>,
}

#[derive(InputObject)]
struct InstanceInput {
    tenant_id: ID,
    id: ID,
}

#[derive(InputObject)]
struct DeleteInstanceInput {
    tenant_id: ID,
    id: ID,
    /// The instance's address (slug), typed again: its workflows and data go with it.
    confirm_slug: String,
    /// Without the days of grace: the data goes at once. Also for an instance that is deleted already and waits.
    #[graphql(default_with = "Some(false)")]
    immediately: Option<bool>,
}

/// Done, or the problem.
#[derive(SimpleObject)]
pub(super) struct PlainPayload {
    pub(super) ok: bool,
    pub(super) problem: Option<Problem>,
}

#[derive(SimpleObject)]
pub(super) struct LogInPayload {
    pub(super) viewer: Option<Viewer>,
    /// Set where a log-in has shown the right password and needs a second factor: see `completeLogIn`.
    pub(super) second_factor: Option<PendingLogIn>,
    pub(super) problem: Option<Problem>,
}

#[derive(SimpleObject)]
pub(super) struct TenantPayload {
    pub(super) tenant: Option<TenantNode>,
    pub(super) problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct InstancePayload {
    instance: Option<Instance>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct InstanceApiKeyPayload {
    /// For n8n's own public API, in the header X-N8N-API-KEY.
    api_key: Option<String>,
    problem: Option<Problem>,
}

pub(super) fn plain<T>(outcome: std::result::Result<T, Problem>) -> PlainPayload {
    PlainPayload { ok: outcome.is_ok(), problem: outcome.err() }
}

/// What is wrong with a link that did not work.
pub(super) fn bad_link(expired: bool, remedy: &str) -> Problem {
    if expired {
        Problem::new("LINK_EXPIRED", "This link has expired.", remedy)
    } else {
        Problem::new("INVALID_LINK", "This link was used before, or is not one of ours.", remedy)
    }
}

#[Object]
impl CoreMutation {
    /// Makes an account and sends a link to verify its e-mail address. The answer is the same whether or not an
    /// account exists.
    async fn sign_up(&self, ctx: &Context<'_>, input: SignUpInput) -> Result<PlainPayload> {
        let sign_up = SignUp { email: input.email, password: Secret::new(input.password), name: input.name };
        let outcome = ctx.data::<App>()?.identity.sign_up(request_of(ctx), sign_up).await;
        Ok(plain(outcome.outcome(ctx)?))
    }

    /// Redeems the link of the verification mail.
    async fn verify_email(&self, ctx: &Context<'_>, token: String) -> Result<PlainPayload> {
        let outcome = ctx.data::<App>()?.identity.verify_email(request_of(ctx), Secret::new(token)).await;
        let remedy = "Log in, or ask for a new link to verify the address.";
        Ok(plain(match outcome.outcome(ctx)? {
            Ok(VerifyOutcome::Verified) => Ok(()),
            Ok(VerifyOutcome::AlreadyVerified) => {
                Err(Problem::new("ALREADY_VERIFIED", "This e-mail address is verified already.", "Log in."))
            }
            Ok(outcome) => Err(bad_link(outcome == VerifyOutcome::Expired, remedy)),
            Err(problem) => Err(problem),
        }))
    }

    /// Logs in: the answer sets the session cookie. Whoever has a second factor is asked for it by `secondFactor`, and has
    /// no session yet.
    async fn log_in(&self, ctx: &Context<'_>, input: LogInInput) -> Result<LogInPayload> {
        let app = ctx.data::<App>()?;
        let log_in = LogIn { email: input.email, password: Secret::new(input.password) };
        let outcome = app.identity.log_in(request_of(ctx), log_in).await.outcome(ctx)?;
        entered(ctx, outcome).await
    }

    /// Ends the session.
    async fn log_out(&self, ctx: &Context<'_>) -> Result<PlainPayload> {
        let app = ctx.data::<App>()?;
        app.identity.log_out(request_of(ctx)).await.answer(ctx)?;
        ctx.append_http_header("set-cookie", session::removal(app.public.is_tls()));
        Ok(PlainPayload { ok: true, problem: None })
    }

    /// Sends a link to set a new password, if there is an account. The answer is the same either way.
    async fn request_password_reset(&self, ctx: &Context<'_>, email: String) -> Result<PlainPayload> {
        let outcome = ctx.data::<App>()?.identity.request_password_reset(request_of(ctx), email).await;
        Ok(plain(outcome.outcome(ctx)?))
    }

    /// Sets a new password with the link of the reset mail, and ends all sessions.
    async fn reset_password(&self, ctx: &Context<'_>, input: ResetPasswordInput) -> Result<PlainPayload> {
        let reset = ResetPassword { token: Secret::new(input.token), password: Secret::new(input.password) };
        let outcome = ctx.data::<App>()?.identity.reset_password(request_of(ctx), reset).await;
        Ok(plain(match outcome.outcome(ctx)? {
            Ok(ResetOutcome::PasswordSet) => Ok(()),
            Ok(outcome) => Err(bad_link(outcome == ResetOutcome::Expired, "Ask for a new link.")),
            Err(problem) => Err(problem),
        }))
    }

    /// Makes an organisation; the viewer becomes its owner.
    async fn create_tenant(&self, ctx: &Context<'_>, input: CreateTenantInput) -> Result<TenantPayload> {
        let create = CreateTenant { name: input.name, slug: input.slug, plan: input.plan };
        let app = ctx.data::<App>()?;
        match app.tenants.create(request_of(ctx), create).await.outcome(ctx)? {
            Ok(tenant) => members::joined(ctx, tenant.id).await,
            Err(problem) => Ok(TenantPayload { tenant: None, problem: Some(problem) }),
        }
    }

    /// Makes an instance. It is ready some seconds later: watch `instanceProgress`.
    async fn create_instance(
        &self,
        ctx: &Context<'_>,
        input: CreateInstanceInput,
    ) -> Result<InstancePayload> {
        let app = ctx.data::<App>()?;
        let request = request_of(ctx);
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let owner = app.identity.answerable(request).await.answer(ctx)?;
        let create = CreateInstance {
            name: input.name,
            slug: input.slug,
            region: input.region,
            owner_email: owner.email,
            owner_name: owner.name,
        };
        let made = async {
            let key = input.idempotency_key.as_deref().map(str::parse::<IdempotencyKey>).transpose()?;
            app.instances.create(request, tenant, create, key.as_ref()).await
        };
        Ok(instance_payload(made.await.outcome(ctx)?))
    }

    async fn start_instance(&self, ctx: &Context<'_>, input: InstanceInput) -> Result<InstancePayload> {
        let app = ctx.data::<App>()?;
        let (tenant, id) =
            (parse_id(&input.tenant_id, "tenant").answer(ctx)?, parse_id(&input.id, "instance").answer(ctx)?);
        Ok(instance_payload(app.instances.start(request_of(ctx), tenant, id).await.outcome(ctx)?))
    }

    /// Stops it; its data is kept. Running executions may end first, for up to 30 seconds.
    async fn stop_instance(&self, ctx: &Context<'_>, input: InstanceInput) -> Result<InstancePayload> {
        let app = ctx.data::<App>()?;
        let (tenant, id) =
            (parse_id(&input.tenant_id, "tenant").answer(ctx)?, parse_id(&input.id, "instance").answer(ctx)?);
        Ok(instance_payload(app.instances.stop(request_of(ctx), tenant, id).await.outcome(ctx)?))
    }

    /// Deletes it: it is stopped at once. Its database, workflows and keys go at `deleteAt`, after some days of grace;
    /// until then it keeps its address, counts for the plan, and `restoreInstance` takes the deletion back.
    async fn delete_instance(
        &self,
        ctx: &Context<'_>,
        input: DeleteInstanceInput,
    ) -> Result<InstancePayload> {
        let app = ctx.data::<App>()?;
        let (tenant, id) =
            (parse_id(&input.tenant_id, "tenant").answer(ctx)?, parse_id(&input.id, "instance").answer(ctx)?);
        let delete = DeleteInstance {
            confirm_slug: input.confirm_slug,
            immediately: input.immediately.unwrap_or(false),
        };
        let deleted = app.instances.delete(request_of(ctx), tenant, id, delete).await;
        Ok(instance_payload(deleted.outcome(ctx)?))
    }

    /// Takes back a deletion within its days of grace; the instance starts again.
    async fn restore_instance(&self, ctx: &Context<'_>, input: InstanceInput) -> Result<InstancePayload> {
        let app = ctx.data::<App>()?;
        let (tenant, id) =
            (parse_id(&input.tenant_id, "tenant").answer(ctx)?, parse_id(&input.id, "instance").answer(ctx)?);
        Ok(instance_payload(app.instances.restore(request_of(ctx), tenant, id).await.outcome(ctx)?))
    }

    /// The key of the instance's own public API. Reading it is written into the audit trail.
    async fn reveal_instance_api_key(
        &self,
        ctx: &Context<'_>,
        input: InstanceInput,
    ) -> Result<InstanceApiKeyPayload> {
        let app = ctx.data::<App>()?;
        let (tenant, id) =
            (parse_id(&input.tenant_id, "tenant").answer(ctx)?, parse_id(&input.id, "instance").answer(ctx)?);
        Ok(match app.instances.api_key(request_of(ctx), tenant, id).await.outcome(ctx)? {
            Ok(key) => InstanceApiKeyPayload { api_key: Some(key.expose().to_owned()), problem: None },
            Err(problem) => InstanceApiKeyPayload { api_key: None, problem: Some(problem) },
        })
    }
}

fn instance_payload(
    outcome: std::result::Result<tenantry_provisioner::instances::Instance, Problem>,
) -> InstancePayload {
    match outcome {
        Ok(instance) => InstancePayload { instance: Some(Instance::from(instance)), problem: None },
        Err(problem) => InstancePayload { instance: None, problem: Some(problem) },
    }
}
