//! A tenant with a connection, and people whom its provider sends.

use std::sync::Arc;

use tenantry_authz::{Ctx, Role};
use tenantry_identity::*;
use tenantry_kernel::*;
use tenantry_store::{SystemRole, SystemTx};

use crate::world::*;

pub(crate) const ISSUER: &str = "https://login.acme.example";

pub(crate) struct Sso {
    pub(crate) world: World,
    pub(crate) owner: Ctx,
    pub(crate) tenant: TenantId,
    pub(crate) id: ConnectionId,
}

impl Sso {
    /// A tenant with an owner, and a connection that was never tested.
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let (owner, tenant) = tenant(&world, "owner@acme.example").await;
        let create = CreateConnection { tenant, name: "Acme".into(), provider: oidc().into() };
        let id = world.identity.create_connection(&owner, create).await.unwrap().id;
        Self { world, owner, tenant, id }
    }

    /// With a proven domain and a test that has passed.
    pub(crate) async fn ready() -> Self {
        let sso = Self::new().await;
        sso.own("acme.example").await;
        sso.test().await;
        sso
    }

    /// Proves a domain, behind the product's back.
    pub(crate) async fn own(&self, domain: &str) {
        self.world.identity.add_domain(&self.owner(), self.tenant, domain).await.unwrap();
        sqlx::query("UPDATE identity.domains SET verified_at = $3 WHERE tenant_id = $1 AND name = $2")
            .bind(self.tenant.uuid())
            .bind(domain)
            .bind(self.world.clock.now())
            .execute(&mut self.world.superuser().await)
            .await
            .unwrap();
    }

    /// The owner, who has just proven who they are.
    pub(crate) fn owner(&self) -> Ctx {
        self.world.proven(&self.owner)
    }

    pub(crate) fn who(&self) -> (TenantId, ConnectionId) {
        (self.tenant, self.id)
    }

    /// A test that passes.
    pub(crate) async fn test(&self) {
        let ticket =
            self.world.identity.test_connection(&self.owner(), self.who(), Some("/back")).await.unwrap();
        let done =
            self.arrive_at(Ask::Test { ticket }, self.said("sub-of-tester", "owner@acme.example")).await;
        assert!(matches!(done, Arrival::TestDone { ref return_to } if return_to == "/back"), "{done:?}");
    }

    /// What the provider says of somebody.
    pub(crate) fn said(&self, subject: &str, email: &str) -> Asserted {
        Asserted {
            connection: self.id,
            tenant: Some(self.tenant),
            subject: subject.into(),
            email: Some(email.into()),
            email_verified: true,
            email_denied: false,
            name: Some("Ada Lovelace".into()),
            groups: Vec::new(),
            groups_incomplete: false,
            methods: vec!["pwd".into()],
            provider_session: Some(format!("sid-of-{subject}")),
            id_token_hint: Some(Secret::new("header.payload.signature")),
        }
    }

    /// Sets out as somebody who is not logged in, and comes back with what the provider says.
    pub(crate) async fn arrive_at(&self, ask: Ask, said: Asserted) -> Arrival {
        arrive(&self.world.identity, &self.world.anonymous(), ask, said).await
    }

    pub(crate) async fn log_in(&self, said: Asserted) -> Arrival {
        let ask = Ask::LogIn { connection: self.id, return_to: Some("/t/acme".into()) };
        self.arrive_at(ask, said).await
    }

    /// Logs in where that must work: the session, as a request of its person.
    pub(crate) async fn logged_in(&self, said: Asserted) -> Ctx {
        match self.log_in(said).await {
            Arrival::LoggedIn { token, .. } => self.world.as_holder_of(&token).await,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn connection(&self) -> Connection {
        self.world.identity.connections(&self.owner, self.tenant).await.unwrap().remove(0)
    }

    pub(crate) async fn enforce(&self, guests_too: bool) -> Result<Connection> {
        let exempt = vec![self.owner.user().unwrap()];
        let enforce = EnforceConnection { tenant: self.tenant, id: self.id, exempt, guests_too };
        self.world.identity.enforce_connection(&self.owner(), enforce).await
    }

    pub(crate) async fn people(
        &self,
        jit: bool,
        default_role: Role,
        roles: &[(&str, Role)],
    ) -> Result<Connection> {
        let roles =
            roles.iter().map(|(group, role)| RoleOfGroup { group: (*group).into(), role: (*role).into() });
        let set = SetConnectionPeople {
            tenant: self.tenant,
            id: self.id,
            jit,
            default_role,
            roles: roles.collect(),
        };
        self.world.identity.set_connection_people(&self.owner(), set).await
    }

    /// What the audit trail has of an action.
    pub(crate) async fn audited(&self, action: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM platform.audit WHERE tenant_id = $1 AND action = $2")
            .bind(self.tenant.uuid())
            .bind(action)
            .fetch_one(&mut self.world.superuser().await)
            .await
            .unwrap()
    }
}

pub(crate) fn oidc() -> OidcInput {
    OidcInput {
        issuer: Some(ISSUER.into()),
        client_id: Some("tenantry".into()),
        client_secret: Some(Secret::new("the client's secret")),
        ..OidcInput::default()
    }
}

/// What is stored of a connection's provider.
pub(crate) fn oidc_of(connection: &Connection) -> &OidcSettings {
    match &connection.settings {
        ProviderSettings::Oidc(settings) => settings,
        ProviderSettings::Saml(_) => panic!("another protocol"),
    }
}

/// A tenant with a key of its own, and its owner.
pub(crate) async fn tenant(world: &World, email: &str) -> (Ctx, TenantId) {
    let owner = world.logged_in(email).await;
    let tenant = world.tenant_of(owner.user().unwrap()).await;
    let tx = SystemTx::begin(&world.db, SystemRole::Onboarding).await.unwrap();
    world.keys.create(&tx, tenant, world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    (world.again(&owner).await, tenant)
}

pub(crate) fn secrets() -> FlowSecrets {
    let random = || random_token(&OsEntropy);
    FlowSecrets { browser: random(), state: random(), nonce: random(), verifier: random() }
}

/// The whole way: out, back in the same browser, and what follows.
pub(crate) async fn arrive(identity: &Identity, ctx: &Ctx, ask: Ask, said: Asserted) -> Arrival {
    let start = identity.start_sso(ctx, ask).await.unwrap();
    let secrets = secrets();
    identity.begin_flow(ctx, &start, &secrets).await.unwrap();
    let back = (&secrets.state, &secrets.browser);
    let (flow, _) = identity.take_flow(ctx, back).await.unwrap().expect("a flow");
    identity.arrive(ctx, flow, said).await.unwrap()
}

/// A world's identity with another domain name system.
pub(crate) fn asking(world: &World, txt: Arc<dyn TxtRecords>) -> Identity {
    world.with(|config| config.txt = txt)
}
