//! A person's own sessions.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::{Actor, Ctx};
use tenantry_identity as identity;
use tenantry_kernel::SessionId;
use tenantry_store::PageRequest;

use super::connection::{List, connection};
use super::error::{Answer, parse_id, request_of};
use super::mutation::{PlainPayload, plain};
use crate::app::App;
use crate::http::session;

/// What sort of thing a device is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "identity::DeviceKind")]
pub(crate) enum DeviceKind {
    Computer,
    Phone,
    /// Anything else, and what does not say.
    Other,
}

/// A browser in which the viewer is logged in.
#[derive(SimpleObject)]
pub(crate) struct UserSession {
    id: ID,
    /// Whether it is the one that asks.
    current: bool,
    /// As the browser calls itself, such as `Firefox on Linux`.
    device: String,
    device_kind: DeviceKind,
    /// The network address of the log-in.
    address: Option<String>,
    created_at: DateTime<Utc>,
    /// Known to a minute.
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// An organisation of the viewer's that wants a newer log-in than this session's.
#[derive(SimpleObject)]
pub(crate) struct OutdatedTenant {
    id: ID,
    slug: String,
    name: String,
}

#[derive(InputObject)]
struct RevokeSessionInput {
    id: ID,
}

#[derive(Default)]
pub(super) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Ends one of the viewer's sessions. One that has ended already is no problem.
    async fn revoke_session(&self, ctx: &Context<'_>, input: RevokeSessionInput) -> Result<PlainPayload> {
        let app = ctx.data::<App>()?;
        let (request, id) = (request_of(ctx), parse_id::<SessionId>(&input.id, "session").answer(ctx)?);
        app.identity.end_own_session(request, id).await.answer(ctx)?;
        if current(request) == Some(id) {
            ctx.append_http_header("set-cookie", session::removal(app.public.is_tls()));
        }
        Ok(plain(Ok(())))
    }

    /// Ends all of the viewer's sessions but this one.
    async fn revoke_other_sessions(&self, ctx: &Context<'_>) -> Result<PlainPayload> {
        let ended = ctx.data::<App>()?.identity.end_other_sessions(request_of(ctx)).await;
        Ok(plain(ended.outcome(ctx)?))
    }
}

fn current(request: &Ctx) -> Option<SessionId> {
    match request.actor() {
        Actor::User { session, .. } => Some(*session),
        _ => None,
    }
}

pub(super) async fn of_viewer(
    ctx: &Context<'_>,
    request: &Ctx,
    page: PageRequest,
) -> Result<List<UserSession>> {
    let rows = ctx.data::<App>()?.identity.own_sessions(request, &page).await.answer(ctx)?;
    let current = current(request);
    Ok(connection(rows, &page, |s| {
        let node = UserSession {
            id: s.id.to_string().into(),
            current: current == Some(s.id),
            device: s.device.name(),
            device_kind: s.device.kind.into(),
            address: s.address,
            created_at: s.created_at,
            last_seen_at: s.last_seen_at,
            expires_at: s.expires_at,
        };
        (s.id.to_string(), node)
    }))
}

pub(super) async fn outdated(ctx: &Context<'_>, request: &Ctx) -> Result<Vec<OutdatedTenant>> {
    let tenants = ctx.data::<App>()?.tenants.of_viewer(request).await.answer(ctx)?;
    let outdated = tenants.into_iter().filter(|tenant| request.is_outdated_in(tenant.id));
    Ok(outdated.map(|t| OutdatedTenant { id: t.id.to_string().into(), slug: t.slug, name: t.name }).collect())
}
