use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_identity as identity;
use tenantry_kernel::TenantId;

use crate::app::App;
use crate::graphql::error::{Answer, Problem, parse_id, request_of};
use crate::graphql::mutation::{PlainPayload, plain};

/// A domain of which an organisation says that it is its own. It is proven by a record that only its owner can publish.
#[derive(SimpleObject)]
pub(crate) struct SsoDomain {
    name: String,
    /// The name of the TXT record to publish.
    record_name: String,
    /// Its text.
    record_value: String,
    created_at: DateTime<Utc>,
    /// When somebody last looked for the record.
    checked_at: Option<DateTime<Utc>>,
    /// When it was first there.
    verified_at: Option<DateTime<Utc>>,
}

impl From<identity::Domain> for SsoDomain {
    fn from(domain: identity::Domain) -> Self {
        Self {
            record_name: domain.host(),
            name: domain.name,
            record_value: domain.record,
            created_at: domain.created_at,
            checked_at: domain.checked_at,
            verified_at: domain.verified_at,
        }
    }
}

/// The domains of a tenant.
pub(crate) async fn domains(
    ctx: &Context<'_>,
    (request, tenant): (&Ctx, TenantId),
) -> Result<Vec<SsoDomain>> {
    let rows = ctx.data::<App>()?.identity.domains(request, tenant).await.answer(ctx)?;
    Ok(rows.into_iter().map(SsoDomain::from).collect())
}

#[derive(InputObject)]
struct SsoDomainInput {
    tenant_id: ID,
    /// What stands after the @, such as example.com.
    name: String,
}

#[derive(SimpleObject)]
struct SsoDomainPayload {
    domain: Option<SsoDomain>,
    problem: Option<Problem>,
}

fn answered(outcome: std::result::Result<identity::Domain, Problem>) -> SsoDomainPayload {
    match outcome {
        Ok(domain) => SsoDomainPayload { domain: Some(domain.into()), problem: None },
        Err(problem) => SsoDomainPayload { domain: None, problem: Some(problem) },
    }
}

#[derive(Default)]
pub(crate) struct SsoDomainMutation;

#[Object]
impl SsoDomainMutation {
    /// Adds a domain that is to be proven. Repeating it changes nothing.
    async fn add_sso_domain(&self, ctx: &Context<'_>, input: SsoDomainInput) -> Result<SsoDomainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let added = ctx.data::<App>()?.identity.add_domain(request_of(ctx), tenant, &input.name).await;
        Ok(answered(added.outcome(ctx)?))
    }

    /// Looks whether the record is published. It may take a while until name servers tell of a new one.
    async fn check_sso_domain(&self, ctx: &Context<'_>, input: SsoDomainInput) -> Result<SsoDomainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let checked = ctx.data::<App>()?.identity.check_domain(request_of(ctx), tenant, &input.name).await;
        Ok(answered(checked.outcome(ctx)?))
    }

    /// Gives a domain up. Repeating it changes nothing.
    async fn remove_sso_domain(&self, ctx: &Context<'_>, input: SsoDomainInput) -> Result<PlainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let removed = ctx.data::<App>()?.identity.remove_domain(request_of(ctx), tenant, &input.name).await;
        Ok(plain(removed.outcome(ctx)?))
    }
}
