//! A product of one crate: identity on its own database, with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta};
use sqlx::{Connection, PgConnection};
use tenantry_authz::{Actor, Assurance, Ctx, Gate, Grant, Origin, PlatformRole, Role, Runtime};
use tenantry_identity::ports::Seats;
use tenantry_identity::*;
use tenantry_kernel::*;
use tenantry_keys::{Keys, LocalKeyring};
use tenantry_outbound::Outbound;
use tenantry_store::{Db, PageRequest, PoolSizes, SystemRole, SystemTx, Transaction};
use tenantry_testkit::TestDb;

pub(crate) const PASSWORD: &str = "glacier umbrella 94 tin";
pub(crate) const OTHER_PASSWORD: &str = "violet harbour 17 moss";

/// As many people as a test says, in every tenant.
pub(crate) struct Plan(pub(crate) AtomicI64);

#[async_trait::async_trait]
impl Seats for Plan {
    async fn most(&self, _: &dyn Transaction, _: TenantId) -> Result<i64> {
        Ok(self.0.load(Ordering::SeqCst))
    }
}

/// To loopback too, where tests' own sites are.
fn outbound() -> Outbound {
    Outbound::new(tenantry_outbound::Config {
        allow_loopback: true,
        ..tenantry_outbound::Config::public().unwrap()
    })
}

pub(crate) struct World {
    pub(crate) plan: Arc<Plan>,
    pub(crate) test_db: TestDb,
    pub(crate) db: Db,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) runtime: Runtime,
    pub(crate) identity: Identity,
    pub(crate) keys: Keys,
    /// Of the keyring.
    _directory: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let test_db = TestDb::new().await;
        let db = Db::connect(&test_db.cluster.app, &test_db.cluster.system, PoolSizes { app: 4, system: 8 });
        let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)));
        let runtime = Runtime {
            gate: Arc::new(Gate::built_in().await.unwrap()),
            clock: clock.clone(),
            entropy: Arc::new(OsEntropy),
            denials: None,
        };
        let mailer = Arc::new(CapturingMailer::new(db.clone(), clock.clone()));
        let mut config = IdentityConfig::new(db.clone(), runtime.clone(), mailer, "https://portal.example/");
        config.hashing = Hashing { concurrency: 4, memory_kib: 64, iterations: 1 };
        let plan = Arc::new(Plan(AtomicI64::new(100)));
        config.seats = plan.clone();
        let directory = tempfile::tempdir().unwrap();
        let keyring = LocalKeyring::open(&directory.path().join("keyring"), true, &OsEntropy).unwrap();
        let keys = Keys::new(Arc::new(keyring), Arc::new(OsEntropy));
        config.keys = Some(keys.clone());
        config.outbound = Some(outbound());
        let identity = Identity::new(config).unwrap();
        Self { plan, identity, test_db, db, clock, runtime, keys, _directory: directory }
    }

    /// Another identity on the same database, with other settings.
    pub(crate) fn with(&self, change: impl FnOnce(&mut IdentityConfig)) -> Identity {
        let mailer = Arc::new(CapturingMailer::new(self.db.clone(), self.clock.clone()));
        let mut config =
            IdentityConfig::new(self.db.clone(), self.runtime.clone(), mailer, "https://portal.example");
        config.hashing = Hashing { concurrency: 4, memory_kib: 64, iterations: 1 };
        config.seats = self.plan.clone();
        config.keys = Some(self.keys.clone());
        config.outbound = Some(outbound());
        change(&mut config);
        Identity::new(config).unwrap()
    }

    pub(crate) fn anonymous(&self) -> Ctx {
        self.from("192.0.2.7")
    }

    pub(crate) fn from(&self, address: &str) -> Ctx {
        let origin =
            Origin { address: Some(address.parse().unwrap()), user_agent: Some("test\0agent".into()) };
        Ctx::new(self.runtime.clone(), Actor::Anonymous, vec![], origin)
    }

    /// The context that a transport makes of a session's token.
    pub(crate) async fn as_holder_of(&self, token: &Secret) -> Ctx {
        let who = self.identity.authenticate(token).await.unwrap().expect("a live session");
        Ctx::new(self.runtime.clone(), who.actor(), who.grants, Origin::default())
            .with_assurance(who.assurance)
            .with_barred(who.barred)
            .with_reach(who.reach)
    }

    pub(crate) fn as_operator(&self) -> Ctx {
        let actor = Actor::User {
            id: UserId::generate(&*self.clock, &OsEntropy),
            session: SessionId::generate(&*self.clock, &OsEntropy),
            platform_role: Some(PlatformRole::Admin),
        };
        Ctx::new(self.runtime.clone(), actor, vec![], Origin::default())
            .with_assurance(Assurance::proved(self.clock.now()))
    }

    pub(crate) fn as_member(&self, grants: Vec<Grant>) -> Ctx {
        let actor = Actor::User {
            id: UserId::generate(&*self.clock, &OsEntropy),
            session: SessionId::generate(&*self.clock, &OsEntropy),
            platform_role: None,
        };
        Ctx::new(self.runtime.clone(), actor, grants, Origin::default())
            .with_assurance(Assurance::proved(self.clock.now()))
    }

    pub(crate) async fn superuser(&self) -> PgConnection {
        PgConnection::connect_with(&self.test_db.superuser).await.unwrap()
    }

    /// The payloads of the jobs that wait, oldest first.
    pub(crate) async fn jobs(&self) -> Vec<serde_json::Value> {
        self.jobs_of(SEND_MAIL).await
    }

    pub(crate) async fn jobs_of(&self, task: &str) -> Vec<serde_json::Value> {
        sqlx::query_scalar(
            "SELECT j.payload::jsonb FROM graphile_worker._private_jobs j
             JOIN graphile_worker._private_tasks t ON t.id = j.task_id WHERE t.identifier = $1 ORDER BY j.id",
        )
        .bind(task)
        .fetch_all(&mut self.superuser().await)
        .await
        .unwrap()
    }

    /// Runs the jobs that wait, as the job runner does.
    pub(crate) async fn run_jobs(&self) {
        for payload in self.jobs().await {
            self.identity.deliver_mail(serde_json::from_value(payload).unwrap()).await.unwrap();
        }
        for payload in self.jobs_of(SEND_INVITATION).await {
            self.identity.deliver_invitation(serde_json::from_value(payload).unwrap()).await.unwrap();
        }
        for payload in self.jobs_of(SEND_NEW_SIGN_IN).await {
            self.identity.deliver_new_sign_in(serde_json::from_value(payload).unwrap()).await.unwrap();
        }
        for payload in self.jobs_of(SEND_CERTIFICATE_ALARM).await {
            self.identity.deliver_certificate_alarm(serde_json::from_value(payload).unwrap()).await.unwrap();
        }
        sqlx::query("DELETE FROM graphile_worker._private_jobs")
            .execute(&mut self.superuser().await)
            .await
            .unwrap();
    }

    /// All mail to an address, oldest first.
    pub(crate) async fn mail_to(&self, email: &str) -> Vec<CapturedMail> {
        self.run_jobs().await;
        let page = PageRequest::new(Some(100), None);
        let page = self.identity.captured_mail(&self.as_operator(), Some(email.into()), &page).await.unwrap();
        page.rows.into_iter().rev().collect()
    }

    /// The token in the newest mail to an address.
    pub(crate) async fn token_mailed_to(&self, email: &str) -> Secret {
        let mail = self.mail_to(email).await.pop().expect("a mail");
        token_in(&mail.body)
    }

    pub(crate) async fn sign_up(&self, email: &str) {
        self.sign_up_with(email, PASSWORD).await.unwrap();
    }

    pub(crate) async fn sign_up_with(&self, email: &str, password: &str) -> Result<()> {
        let input =
            SignUp { email: email.into(), password: Secret::new(password), name: "Ada Lovelace".into() };
        self.identity.sign_up(&self.anonymous(), input).await
    }

    /// Signs up and verifies.
    pub(crate) async fn person(&self, email: &str) {
        self.sign_up(email).await;
        let token = self.token_mailed_to(email).await;
        assert_eq!(self.verify(&token).await, VerifyOutcome::Verified);
    }

    pub(crate) async fn verify(&self, token: &Secret) -> VerifyOutcome {
        self.identity.verify_email(&self.anonymous(), token.clone()).await.unwrap()
    }

    pub(crate) async fn log_in(&self, email: &str, password: &str) -> LogInOutcome {
        let input = LogIn { email: email.into(), password: Secret::new(password) };
        self.identity.log_in(&self.anonymous(), input).await.unwrap()
    }

    /// Logs in from an address, with a browser that calls itself so.
    pub(crate) async fn session_from(&self, email: &str, (address, agent): (&str, &str)) -> Secret {
        let origin = Origin { address: Some(address.parse().unwrap()), user_agent: Some(agent.into()) };
        let ctx = self.anonymous().with_origin(origin);
        let input = LogIn { email: email.into(), password: Secret::new(PASSWORD) };
        match self.identity.log_in(&ctx, input).await.unwrap() {
            LogInOutcome::LoggedIn { token, .. } => token,
            other => panic!("{other:?}"),
        }
    }

    /// Logs in where that must work.
    pub(crate) async fn session(&self, email: &str) -> (Secret, User) {
        match self.log_in(email, PASSWORD).await {
            LogInOutcome::LoggedIn { token, user, .. } => (token, user),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn request_reset(&self, email: &str) {
        self.identity.request_password_reset(&self.anonymous(), email.into()).await.unwrap();
    }

    pub(crate) async fn reset(&self, token: &Secret, password: &str) -> Result<ResetOutcome> {
        let input = ResetPassword { token: token.clone(), password: Secret::new(password) };
        self.identity.reset_password(&self.anonymous(), input).await
    }

    /// A person who is logged in now, as a request of theirs.
    pub(crate) async fn logged_in(&self, email: &str) -> Ctx {
        self.person(email).await;
        self.as_holder_of(&self.session(email).await.0).await
    }

    /// A person who has an account, in a new session.
    pub(crate) async fn logged_in_again(&self, email: &str) -> Ctx {
        self.as_holder_of(&self.session(email).await.0).await
    }

    /// The same request of somebody who has just proven who they are: time goes by quickly in tests.
    pub(crate) fn proven(&self, ctx: &Ctx) -> Ctx {
        ctx.clone().with_assurance(Assurance::proved(self.clock.now()))
    }

    /// The same person's next request, with the roles of that moment.
    pub(crate) async fn again(&self, ctx: &Ctx) -> Ctx {
        let Actor::User { session, .. } = *ctx.actor() else { panic!("nobody") };
        let who = self.identity.alive(session).await.unwrap().expect("a live session");
        ctx.clone()
            .with_grants(who.grants)
            .with_assurance(who.assurance)
            .with_barred(who.barred)
            .with_reach(who.reach)
    }

    /// Puts somebody into a tenant, behind the product's back.
    pub(crate) async fn join(&self, ctx: &Ctx, (tenant, role): (TenantId, Role)) -> Ctx {
        sqlx::query(
            "INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
             SELECT $1, id, $3, email, name, now() FROM identity.users WHERE id = $2",
        )
        .bind(tenant.uuid())
        .bind(ctx.user().unwrap().uuid())
        .bind(role.as_str())
        .execute(&mut self.superuser().await)
        .await
        .unwrap();
        self.again(ctx).await
    }

    /// Makes a person the first owner of a new tenant.
    pub(crate) async fn tenant_of(&self, user: UserId) -> TenantId {
        let tenant = TenantId::generate(&*self.clock, &OsEntropy);
        let tx = SystemTx::begin(&self.db, SystemRole::Onboarding).await.unwrap();
        self.identity.add_first_owner(&tx, tenant, user, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        tenant
    }
}

pub(crate) fn token_in(text: &str) -> Secret {
    let (_, rest) = text.split_once("#token=").expect("a link in the mail");
    Secret::new(rest.lines().next().unwrap())
}
