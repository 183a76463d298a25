use async_graphql::{Context, ID, Object, Result, SimpleObject};
use tenantry_authz::Ctx;
use tenantry_identity as identity;
use tenantry_identity::LinkOutcome;
use tenantry_kernel::Secret;

use super::start_url;
use crate::app::App;
use crate::graphql::error::{Answer, Problem, request_of};

/// A way to log in by an identity provider.
#[derive(SimpleObject)]
pub(crate) struct WayIn {
    /// As the button says it.
    name: String,
    /// google, microsoft, github …; null for the connection of an organisation.
    code: Option<String>,
    /// Whether that organisation lets people with this address in by no other way.
    enforced: bool,
    /// A path of the portal; `return_to` may be added.
    start_url: String,
}

impl From<identity::WayIn> for WayIn {
    fn from(way: identity::WayIn) -> Self {
        Self { start_url: start_url(way.connection), name: way.name, code: way.code, enforced: way.enforced }
    }
}

/// The ways in for everybody, and that of an address's domain. It tells nothing about accounts.
pub(crate) async fn ways_in(ctx: &Context<'_>, email: Option<String>) -> Result<Vec<WayIn>> {
    let identity = &ctx.data::<App>()?.identity;
    let own = match email {
        Some(email) => identity.discover(request_of(ctx), &email).await.answer(ctx)?,
        None => None,
    };
    Ok(own.into_iter().chain(identity.social_ways_in()).map(WayIn::from).collect())
}

/// An organisation that the viewer belongs to and cannot act in with this session.
#[derive(SimpleObject)]
pub(crate) struct UnreachableTenant {
    id: ID,
    slug: String,
    name: String,
    /// Where to log in for it. Null: by the viewer's own password.
    start_url: Option<String>,
}

/// Those of the viewer.
pub(crate) async fn unreachable(ctx: &Context<'_>, request: &Ctx) -> Result<Vec<UnreachableTenant>> {
    let rows = ctx.data::<App>()?.tenants.barred(request).await.answer(ctx)?;
    let of = |(tenant, barred): (crate::tenants::Tenant, tenantry_authz::Barred)| UnreachableTenant {
        id: tenant.id.to_string().into(),
        slug: tenant.slug,
        name: tenant.name,
        start_url: barred.connection.map(start_url),
    };
    Ok(rows.into_iter().map(of).collect())
}

#[derive(SimpleObject)]
struct SsoLinkPayload {
    /// Where to go on: the way in by the provider that is tied to the account now.
    start_url: Option<String>,
    problem: Option<Problem>,
}

#[derive(Default)]
pub(crate) struct SsoLinkMutation;

#[Object]
impl SsoLinkMutation {
    /// Ties the viewer's account to the identity provider that had sent them. They must have logged in since then, by a
    /// way of their own: that is the proof that the account is theirs.
    async fn confirm_sso_link(&self, ctx: &Context<'_>, token: String) -> Result<SsoLinkPayload> {
        let identity = &ctx.data::<App>()?.identity;
        let problem = match identity.confirm_link(request_of(ctx), &Secret::new(token)).await.outcome(ctx)? {
            Ok(LinkOutcome::Linked { connection, return_to }) => {
                let return_to: String = url::form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
                let start = format!("{}&return_to={return_to}", start_url(connection));
                return Ok(SsoLinkPayload { start_url: Some(start), problem: None });
            }
            Ok(LinkOutcome::OtherAccount) => Problem::new(
                "OTHER_ACCOUNT",
                "You are logged in as somebody else than the provider has named.",
                "Log out, then log in to the account with the address that the provider knows.",
            ),
            Ok(LinkOutcome::LogInAgain) => Problem::new(
                "LOG_IN_AGAIN",
                "Prove that the account is yours: log in again.",
                "Log out, then log in with your password.",
            ),
            Ok(LinkOutcome::InvalidLink) => Problem::new(
                "INVALID_LINK",
                "This was done already, or took longer than a quarter of an hour.",
                "Begin again with single sign-on.",
            ),
            Err(problem) => problem,
        };
        Ok(SsoLinkPayload { start_url: None, problem: Some(problem) })
    }
}
