//! A tenant whose people log in at providers, for tests.

use serde_json::Value;
use tenantry_authz::{Assurance, Ctx, Role};
use tenantry_identity::{Connection, CreateConnection, OidcInput, ProviderInput, UpdateConnection};
use tenantry_kernel::{ConnectionId, Secret, TenantId};
use tenantry_store::{SystemRole, SystemTx};
use url::Url;

use super::agent::{Agent, Page};
use crate::test_world::{Person, TestApp};

pub(in crate::http) const PORTAL: &str = "http://localhost:8080";
/// With what has to be encoded in a header (RFC 6749, section 2.3.1).
pub(in crate::http) const SECRET: &str = "a client's secret, known to both";
/// For `nanoidp`, which does not decode what it reads there.
pub(in crate::http) const PLAIN_SECRET: &str = "a-secret-of-letters";

/// A tenant with a domain of its own and somebody who sets connections up.
pub(in crate::http) struct Acme {
    pub(in crate::http) test: TestApp,
    pub(in crate::http) tenant: TenantId,
    pub(in crate::http) owner: Person,
}

impl Acme {
    pub(in crate::http) async fn new() -> Self {
        Self::of(TestApp::new().await).await
    }

    pub(in crate::http) async fn of(test: TestApp) -> Self {
        let tenant = test.tenant("acme", "enterprise").await;
        let tx = SystemTx::begin(&test.app.db, SystemRole::Onboarding).await.unwrap();
        test.app.keys.create(&tx, tenant, test.now()).await.unwrap();
        tx.commit().await.unwrap();
        let owner = test.member("owner", tenant, Role::Owner).await;
        sqlx::query(
            "INSERT INTO identity.domains (tenant_id, name, record, created_at, verified_at)
             VALUES ($1, 'acme.example', 'proven', now(), now())",
        )
        .bind(tenant.uuid())
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();
        Self { test, tenant, owner }
    }

    pub(in crate::http) fn agent(&self) -> Agent {
        Agent::new(self.test.router())
    }

    /// The owner, who has just proven who they are.
    pub(in crate::http) async fn ctx(&self) -> Ctx {
        let ctx = self.owner.session().context(&self.test.app).await.unwrap();
        ctx.with_assurance(Assurance::proved(self.test.now()))
    }

    /// A connection that was not tested yet.
    pub(in crate::http) async fn connection(&self, client: &str, secret: &str) -> ConnectionId {
        let oidc = OidcInput {
            client_id: Some(client.to_owned()),
            client_secret: Some(Secret::new(secret)),
            ..OidcInput::default()
        };
        self.made(client, oidc).await
    }

    pub(in crate::http) async fn made(&self, name: &str, provider: impl Into<ProviderInput>) -> ConnectionId {
        let input =
            CreateConnection { tenant: self.tenant, name: name.to_owned(), provider: provider.into() };
        self.test.app.identity.create_connection(&self.ctx().await, input).await.unwrap().id
    }

    pub(in crate::http) async fn points_at(&self, id: ConnectionId, issuer: &str) {
        let oidc = OidcInput { issuer: Some(issuer.to_owned()), ..OidcInput::default() };
        self.changed(id, oidc).await.unwrap();
    }

    pub(in crate::http) async fn changed(
        &self,
        id: ConnectionId,
        provider: impl Into<ProviderInput>,
    ) -> tenantry_kernel::Result<Connection> {
        let input = UpdateConnection { tenant: self.tenant, id, name: None, provider: provider.into() };
        self.test.app.identity.update_connection(&self.ctx().await, input).await
    }

    /// Sets out on a test of a connection.
    pub(in crate::http) async fn begin_test(&self, agent: &mut Agent, id: ConnectionId) -> Page {
        let ticket = self
            .test
            .app
            .identity
            .test_connection(&self.ctx().await, (self.tenant, id), Some("/sso"))
            .await
            .unwrap();
        agent.open(&format!("/sso/start?ticket={}", ticket.expose())).await
    }

    /// What a connection's newest test has seen.
    pub(in crate::http) async fn last_test(&self, id: ConnectionId) -> tenantry_identity::TestResult {
        self.seen(id).await.last_test.expect("a test was made")
    }

    pub(in crate::http) async fn seen(&self, id: ConnectionId) -> Connection {
        // Whose session does not end, however far a test moves the clock.
        let owner = self.test.ctx(self.tenant, Role::Owner);
        let all = self.test.app.identity.connections(&owner, self.tenant).await.unwrap();
        all.into_iter().find(|one| one.id == id).unwrap()
    }

    /// Tests a connection at `oidc-provider`, as `ada`.
    pub(in crate::http) async fn tested(&self, id: ConnectionId) {
        let mut agent = self.agent();
        let page = self.begin_test(&mut agent, id).await;
        let page = as_somebody(&mut agent, page, "ada").await;
        assert_eq!(page.url.path(), "/sso", "{page:?}");
        let seen = self.last_test(id).await;
        assert!(seen.passed, "{seen:?}");
    }

    /// Who the portal takes this browser for: an e-mail address.
    pub(in crate::http) async fn viewer(&self, agent: &mut Agent) -> Option<String> {
        let url = Url::parse(PORTAL).unwrap().join("/graphql").unwrap();
        let json = [("content-type", "application/json")];
        let query = r#"{"query":"{ viewer { email } }"}"#.to_owned();
        let answer = agent.exchange(axum::http::Method::POST, &url, &json, query).await;
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        answer["data"]["viewer"]["email"].as_str().map(str::to_owned)
    }
}

/// Through the pages of `oidc-provider`: who one is, then that the portal may know it.
pub(in crate::http) async fn as_somebody(agent: &mut Agent, log_in: Page, name: &str) -> Page {
    let consent = agent.submit(&log_in, &[("login", name), ("password", "whatever")]).await;
    agent.submit(&consent, &[]).await
}
