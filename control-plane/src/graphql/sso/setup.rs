use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_identity as identity;
use tenantry_identity::OidcInput;
use tenantry_kernel::Secret;

use super::connections::{SsoConnectionState, claims};
use super::saml::{SsoProtocol, SsoSamlInput, SsoSamlSettings, provider};
use super::{SsoSettings, SsoTest, SsoTestPayload, test_begun};
use crate::app::App;
use crate::graphql::error::{Answer, Problem, request_of};

/// A connection, as whoever sets it up by a link sees it.
#[derive(SimpleObject)]
pub(crate) struct SsoSetup {
    name: String,
    state: SsoConnectionState,
    protocol: SsoProtocol,
    /// With the protocol OIDC.
    settings: Option<SsoSettings>,
    /// With the protocol SAML.
    saml: Option<SsoSamlSettings>,
    last_test: Option<SsoTest>,
    /// Until when the link works.
    expires_at: Option<DateTime<Utc>>,
}

impl SsoSetup {
    fn of(app: &App, connection: identity::Connection) -> Self {
        Self {
            state: connection.state().into(),
            protocol: SsoProtocol::of(&connection),
            settings: SsoSettings::of(app, &connection),
            saml: SsoSamlSettings::of(app, &connection),
            name: connection.name,
            last_test: connection.last_test.map(SsoTest::from),
            expires_at: connection.setup_until,
        }
    }
}

/// The connection of a link. Null: unknown, void or expired.
pub(crate) async fn to_set_up(ctx: &Context<'_>, token: String) -> Result<Option<SsoSetup>> {
    let app = ctx.data::<App>()?;
    let found = app.identity.connection_to_set_up(request_of(ctx), &Secret::new(token)).await.answer(ctx)?;
    Ok(found.map(|connection| SsoSetup::of(app, connection)))
}

#[derive(InputObject)]
struct SetUpSsoConnectionInput {
    /// Of the link.
    token: String,
    issuer: Option<String>,
    client_id: Option<String>,
    /// Another one. Left out: the present one stays.
    client_secret: Option<String>,
    scopes: Option<Vec<String>>,
    /// All three, or none.
    email_claim: Option<String>,
    name_claim: Option<String>,
    groups_claim: Option<String>,
    /// Of a connection by SAML.
    saml: Option<SsoSamlInput>,
}

#[derive(InputObject)]
struct TestSsoSetupInput {
    /// Of the link.
    token: String,
    /// The path of the portal to come back to.
    return_to: Option<String>,
}

#[derive(SimpleObject)]
struct SsoSetupPayload {
    setup: Option<SsoSetup>,
    problem: Option<Problem>,
}

#[derive(Default)]
pub(crate) struct SsoSetupMutation;

#[Object]
impl SsoSetupMutation {
    /// Changes the settings of the connection that a link is for.
    async fn set_up_sso_connection(
        &self,
        ctx: &Context<'_>,
        input: SetUpSsoConnectionInput,
    ) -> Result<SsoSetupPayload> {
        let app = ctx.data::<App>()?;
        let claims = match claims((input.email_claim, input.name_claim, input.groups_claim)).outcome(ctx)? {
            Ok(claims) => claims,
            Err(problem) => return Ok(SsoSetupPayload { setup: None, problem: Some(problem) }),
        };
        let oidc = OidcInput {
            issuer: input.issuer,
            client_id: input.client_id,
            client_secret: input.client_secret.map(Secret::new),
            scopes: input.scopes,
            claims,
        };
        let token = Secret::new(input.token);
        let provider = match provider(oidc, input.saml).outcome(ctx)? {
            Ok(provider) => provider,
            Err(problem) => return Ok(SsoSetupPayload { setup: None, problem: Some(problem) }),
        };
        let set_up = app.identity.set_up_connection(request_of(ctx), (&token, provider)).await;
        Ok(match set_up.outcome(ctx)? {
            Ok(connection) => SsoSetupPayload { setup: Some(SsoSetup::of(app, connection)), problem: None },
            Err(problem) => SsoSetupPayload { setup: None, problem: Some(problem) },
        })
    }

    /// Begins a test of the connection that a link is for.
    async fn test_sso_setup(&self, ctx: &Context<'_>, input: TestSsoSetupInput) -> Result<SsoTestPayload> {
        let token = Secret::new(input.token);
        let identity = &ctx.data::<App>()?.identity;
        let whose = (&token, input.return_to.as_deref());
        let begun = identity.test_connection_to_set_up(request_of(ctx), whose).await;
        Ok(test_begun(begun.outcome(ctx)?))
    }
}
