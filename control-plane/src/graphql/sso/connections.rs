use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_identity as identity;
use tenantry_identity::{
    ClaimNames, CreateConnection, EnforceConnection, OidcInput, ProviderInput, RoleOfGroup,
    SetConnectionPeople, UpdateConnection,
};
use tenantry_kernel::{ConnectionId, Error, Secret, TenantId};

use super::saml::{SsoProtocol, SsoSamlInput, SsoSamlSettings, provider};
use super::{SsoSettings, SsoTest, SsoTestPayload, start_url, test_begun};
use crate::app::App;
use crate::graphql::error::{Answer, Problem, parse_id, request_of};
use crate::graphql::mutation::{PlainPayload, plain};
use crate::graphql::roles::assigned;
use crate::graphql::types::MemberRole;

/// Where a connection stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "identity::ConnectionState")]
pub(crate) enum SsoConnectionState {
    /// No test has passed since its settings changed: nobody logs in by it.
    Draft,
    /// People may log in by it.
    Tested,
    /// People must.
    Enforced,
}

/// A group of the provider's, and what its people are here.
#[derive(SimpleObject)]
pub(crate) struct SsoGroupRole {
    group: String,
    role: MemberRole,
    /// With the role CUSTOM: which of the organisation's own.
    custom_role_id: Option<ID>,
}

/// An organisation's way to its identity provider.
#[derive(SimpleObject)]
pub(crate) struct SsoConnection {
    id: ID,
    name: String,
    state: SsoConnectionState,
    protocol: SsoProtocol,
    /// With the protocol OIDC.
    settings: Option<SsoSettings>,
    /// With the protocol SAML.
    saml: Option<SsoSamlSettings>,
    /// Whether people come in who are no members yet.
    creates_members: bool,
    /// What they are, unless one of their groups says something else.
    default_role: MemberRole,
    /// The first that fits counts. Without any, roles of members stay as they are.
    group_roles: Vec<SsoGroupRole>,
    created_at: DateTime<Utc>,
    settings_changed_at: DateTime<Utc>,
    /// When a test last passed.
    tested_at: Option<DateTime<Utc>>,
    last_test: Option<SsoTest>,
    enforced_at: Option<DateTime<Utc>>,
    /// Whether members with addresses elsewhere must come by it too.
    guests_too: bool,
    /// The owners who come in without it while it is enforced.
    exempt_user_ids: Vec<ID>,
    /// Until when a link works by which somebody without an account sets it up.
    setup_until: Option<DateTime<Utc>>,
    /// Where a log-in by it begins: a path of the portal.
    start_url: String,
}

impl SsoConnection {
    fn of(app: &App, c: identity::Connection) -> Self {
        Self {
            id: c.id.to_string().into(),
            state: c.state().into(),
            protocol: SsoProtocol::of(&c),
            settings: SsoSettings::of(app, &c),
            saml: SsoSamlSettings::of(app, &c),
            name: c.name,
            creates_members: c.jit,
            default_role: c.default_role.into(),
            group_roles: c
                .roles
                .into_iter()
                .map(|one| SsoGroupRole {
                    group: one.group,
                    custom_role_id: one.role.custom().map(|id| id.to_string().into()),
                    role: one.role.into(),
                })
                .collect(),
            created_at: c.created_at,
            settings_changed_at: c.settings_changed_at,
            tested_at: c.tested_at,
            last_test: c.last_test.map(SsoTest::from),
            enforced_at: c.enforced_at,
            guests_too: c.guests_too,
            exempt_user_ids: c.exempt.iter().map(|id| id.to_string().into()).collect(),
            setup_until: c.setup_until,
            start_url: start_url(c.id),
        }
    }
}

/// The connections of a tenant.
pub(crate) async fn connections(
    ctx: &Context<'_>,
    (request, tenant): (&Ctx, TenantId),
) -> Result<Vec<SsoConnection>> {
    let app = ctx.data::<App>()?;
    let rows = app.identity.connections(request, tenant).await.answer(ctx)?;
    Ok(rows.into_iter().map(|row| SsoConnection::of(app, row)).collect())
}

#[derive(InputObject)]
struct CreateSsoConnectionInput {
    tenant_id: ID,
    /// As people read it on the button.
    name: String,
    /// It stays as it is made.
    #[graphql(default_with = "SsoProtocol::Oidc")]
    protocol: SsoProtocol,
    /// As the provider shows it: https://…
    issuer: Option<String>,
    client_id: Option<String>,
    /// Sealed at once, and never shown again.
    client_secret: Option<String>,
    /// With the protocol SAML.
    saml: Option<SsoSamlInput>,
}

#[derive(InputObject)]
struct UpdateSsoConnectionInput {
    tenant_id: ID,
    id: ID,
    name: Option<String>,
    issuer: Option<String>,
    client_id: Option<String>,
    /// Another one. Left out: the present one stays.
    client_secret: Option<String>,
    /// `openid` among them.
    scopes: Option<Vec<String>>,
    /// All three, or none.
    email_claim: Option<String>,
    name_claim: Option<String>,
    groups_claim: Option<String>,
    /// Of a connection by SAML.
    saml: Option<SsoSamlInput>,
}

#[derive(InputObject)]
pub(super) struct SsoConnectionInput {
    pub(super) tenant_id: ID,
    pub(super) id: ID,
}

#[derive(InputObject)]
struct TestSsoConnectionInput {
    tenant_id: ID,
    id: ID,
    /// The path of the portal to come back to.
    return_to: Option<String>,
}

#[derive(InputObject)]
struct SsoGroupRoleInput {
    group: String,
    role: MemberRole,
    /// With the role CUSTOM: which of the organisation's own.
    custom_role_id: Option<ID>,
}

#[derive(InputObject)]
struct SetSsoPeopleInput {
    tenant_id: ID,
    id: ID,
    creates_members: bool,
    /// A built-in role, and not OWNER.
    default_role: MemberRole,
    group_roles: Vec<SsoGroupRoleInput>,
}

#[derive(InputObject)]
struct EnforceSsoConnectionInput {
    tenant_id: ID,
    id: ID,
    /// Owners with a password who come in without it, for when the provider is down. At least one.
    exempt_user_ids: Vec<ID>,
    /// Whether members with addresses elsewhere must come by it too.
    #[graphql(default)]
    guests_too: bool,
}

#[derive(SimpleObject)]
pub(super) struct SsoConnectionPayload {
    connection: Option<SsoConnection>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct SsoSetupLinkPayload {
    connection: Option<SsoConnection>,
    /// Shown here and never again.
    url: Option<String>,
    problem: Option<Problem>,
}

pub(super) fn answered(
    app: &App,
    outcome: std::result::Result<identity::Connection, Problem>,
) -> SsoConnectionPayload {
    match outcome {
        Ok(row) => SsoConnectionPayload { connection: Some(SsoConnection::of(app, row)), problem: None },
        Err(problem) => SsoConnectionPayload { connection: None, problem: Some(problem) },
    }
}

/// What an input says of a provider's claims.
///
/// # Errors
/// `Invalid` for some without the others: nobody would know what the rest is.
pub(super) fn claims(
    (email, name, groups): (Option<String>, Option<String>, Option<String>),
) -> tenantry_kernel::Result<Option<ClaimNames>> {
    match (email, name, groups) {
        (Some(email), Some(name), Some(groups)) => Ok(Some(ClaimNames { email, name, groups })),
        (None, None, None) => Ok(None),
        (email, name, _) => {
            let lacks = if email.is_none() {
                "emailClaim"
            } else if name.is_none() {
                "nameClaim"
            } else {
                "groupsClaim"
            };
            Err(Error::invalid(lacks, "The names of claims are given together: all three, or none.")
                .with_remedy("Give emailClaim, nameClaim and groupsClaim."))
        }
    }
}

pub(super) fn whose(ctx: &Context<'_>, (tenant, id): (&ID, &ID)) -> Result<(TenantId, ConnectionId)> {
    Ok((parse_id(tenant, "tenant").answer(ctx)?, parse_id(id, "connection").answer(ctx)?))
}

fn people(
    input: &SetSsoPeopleInput,
    (tenant, id): (TenantId, ConnectionId),
) -> tenantry_kernel::Result<SetConnectionPeople> {
    let default_role = input.default_role.built_in().ok_or_else(|| {
        Error::invalid("defaultRole", "The role for everybody is a built-in one.")
            .with_remedy("Choose a built-in role, and give groups a role of your own.")
    })?;
    let of = |one: &SsoGroupRoleInput| {
        Ok(RoleOfGroup { group: one.group.clone(), role: assigned(one.role, one.custom_role_id.as_ref())? })
    };
    let roles = input.group_roles.iter().map(of).collect::<tenantry_kernel::Result<_>>()?;
    Ok(SetConnectionPeople { tenant, id, jit: input.creates_members, default_role, roles })
}

#[derive(Default)]
pub(crate) struct SsoMutation;

#[Object]
impl SsoMutation {
    /// Makes a connection. Nobody logs in by it before a test has passed.
    async fn create_sso_connection(
        &self,
        ctx: &Context<'_>,
        input: CreateSsoConnectionInput,
    ) -> Result<SsoConnectionPayload> {
        let app = ctx.data::<App>()?;
        let oidc = OidcInput {
            issuer: input.issuer,
            client_id: input.client_id,
            client_secret: input.client_secret.map(Secret::new),
            ..OidcInput::default()
        };
        let saml = match input.protocol {
            // Without anything, it waits for whoever sets it up.
            SsoProtocol::Saml => Some(input.saml.unwrap_or_default()),
            SsoProtocol::Oidc => input.saml,
        };
        let provider = match provider(oidc, saml).outcome(ctx)? {
            Ok(ProviderInput::Saml(_)) if input.protocol == SsoProtocol::Oidc => {
                let wrong = Error::invalid("saml", "A connection by OpenID Connect has no SAML.")
                    .with_remedy("Choose the protocol SAML.");
                return Ok(answered(app, Err(wrong).outcome(ctx)?));
            }
            Ok(provider) => provider,
            Err(problem) => return Ok(answered(app, Err(problem))),
        };
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let create = CreateConnection { tenant, name: input.name, provider };
        let made = app.identity.create_connection(request_of(ctx), create).await;
        Ok(answered(app, made.outcome(ctx)?))
    }

    /// Changes a connection. With other settings it has to be tested again; with another issuer or entity id, people tie their
    /// accounts to it anew. One that is enforced does not change, but for the certificates of a SAML provider: they may
    /// change at any time, and need no test.
    async fn update_sso_connection(
        &self,
        ctx: &Context<'_>,
        input: UpdateSsoConnectionInput,
    ) -> Result<SsoConnectionPayload> {
        let app = ctx.data::<App>()?;
        let (tenant, id) = whose(ctx, (&input.tenant_id, &input.id))?;
        let claims = match claims((input.email_claim, input.name_claim, input.groups_claim)).outcome(ctx)? {
            Ok(claims) => claims,
            Err(problem) => return Ok(answered(app, Err(problem))),
        };
        let oidc = OidcInput {
            issuer: input.issuer,
            client_id: input.client_id,
            client_secret: input.client_secret.map(Secret::new),
            scopes: input.scopes,
            claims,
        };
        let provider = match provider(oidc, input.saml).outcome(ctx)? {
            Ok(provider) => provider,
            Err(problem) => return Ok(answered(app, Err(problem))),
        };
        let update = UpdateConnection { tenant, id, name: input.name, provider };
        let changed = app.identity.update_connection(request_of(ctx), update).await;
        Ok(answered(app, changed.outcome(ctx)?))
    }

    /// Says who comes in by a connection, and as what.
    async fn set_sso_people(
        &self,
        ctx: &Context<'_>,
        input: SetSsoPeopleInput,
    ) -> Result<SsoConnectionPayload> {
        let app = ctx.data::<App>()?;
        let whose = whose(ctx, (&input.tenant_id, &input.id))?;
        let people = match people(&input, whose).outcome(ctx)? {
            Ok(people) => people,
            Err(problem) => return Ok(answered(app, Err(problem))),
        };
        let set = app.identity.set_connection_people(request_of(ctx), people).await;
        Ok(answered(app, set.outcome(ctx)?))
    }

    /// Begins a test: whoever goes to the address logs in at the provider, and sees what it said. Nobody is logged in here.
    async fn test_sso_connection(
        &self,
        ctx: &Context<'_>,
        input: TestSsoConnectionInput,
    ) -> Result<SsoTestPayload> {
        let whose = whose(ctx, (&input.tenant_id, &input.id))?;
        let identity = &ctx.data::<App>()?.identity;
        let begun = identity.test_connection(request_of(ctx), whose, input.return_to.as_deref()).await;
        Ok(test_begun(begun.outcome(ctx)?))
    }

    /// From now on the organisation's people come in by this connection only. It must have passed a test within seven
    /// days, as it is set now, and the organisation must have proven a domain.
    async fn enforce_sso_connection(
        &self,
        ctx: &Context<'_>,
        input: EnforceSsoConnectionInput,
    ) -> Result<SsoConnectionPayload> {
        let app = ctx.data::<App>()?;
        let (tenant, id) = whose(ctx, (&input.tenant_id, &input.id))?;
        let exempt = input.exempt_user_ids.iter().map(|id| parse_id(id, "member"));
        let exempt = exempt.collect::<tenantry_kernel::Result<Vec<_>>>().answer(ctx)?;
        let enforce = EnforceConnection { tenant, id, exempt, guests_too: input.guests_too };
        let enforced = app.identity.enforce_connection(request_of(ctx), enforce).await;
        Ok(answered(app, enforced.outcome(ctx)?))
    }

    /// Lets people in by their other ways again. Repeating it changes nothing.
    async fn stop_enforcing_sso_connection(
        &self,
        ctx: &Context<'_>,
        input: SsoConnectionInput,
    ) -> Result<SsoConnectionPayload> {
        let app = ctx.data::<App>()?;
        let whose = whose(ctx, (&input.tenant_id, &input.id))?;
        let stopped = app.identity.stop_enforcing_connection(request_of(ctx), whose).await;
        Ok(answered(app, stopped.outcome(ctx)?))
    }

    /// Deletes a connection. Sessions that came by it end. One that is enforced is not deleted.
    async fn delete_sso_connection(
        &self,
        ctx: &Context<'_>,
        input: SsoConnectionInput,
    ) -> Result<PlainPayload> {
        let whose = whose(ctx, (&input.tenant_id, &input.id))?;
        let deleted = ctx.data::<App>()?.identity.delete_connection(request_of(ctx), whose).await;
        Ok(plain(deleted.outcome(ctx)?))
    }

    /// Makes a link by which somebody without an account sets the connection up and tests it, for seven days. One before
    /// it is void.
    async fn create_sso_setup_link(
        &self,
        ctx: &Context<'_>,
        input: SsoConnectionInput,
    ) -> Result<SsoSetupLinkPayload> {
        let app = ctx.data::<App>()?;
        let whose = whose(ctx, (&input.tenant_id, &input.id))?;
        Ok(match app.identity.make_setup_link(request_of(ctx), whose).await.outcome(ctx)? {
            Ok((connection, link)) => SsoSetupLinkPayload {
                connection: Some(SsoConnection::of(app, connection)),
                url: Some(link.url.expose().to_owned()),
                problem: None,
            },
            Err(problem) => SsoSetupLinkPayload { connection: None, url: None, problem: Some(problem) },
        })
    }

    /// Makes that link void. Repeating it changes nothing.
    async fn revoke_sso_setup_link(
        &self,
        ctx: &Context<'_>,
        input: SsoConnectionInput,
    ) -> Result<SsoConnectionPayload> {
        let app = ctx.data::<App>()?;
        let whose = whose(ctx, (&input.tenant_id, &input.id))?;
        let revoked = app.identity.revoke_setup_link(request_of(ctx), whose).await;
        Ok(answered(app, revoked.outcome(ctx)?))
    }
}
