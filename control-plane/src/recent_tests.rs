use std::sync::atomic::AtomicUsize;

use tenantry_authz::{Actor, Origin, Role};
use tenantry_kernel::{Error, Secret, TenantId};

use super::*;
use crate::test_world::{Person, TestApp};

/// Counts how often it is asked who somebody is.
struct Asked {
    recent: Recent,
    ctx: Ctx,
    times: AtomicUsize,
}

impl Asked {
    async fn new(kept: Duration) -> Self {
        let test = TestApp::new().await;
        let tenant = test.world.tenant("acme").await;
        Self { recent: Recent::new(kept), ctx: test.ctx(tenant, Role::Owner), times: AtomicUsize::new(0) }
    }

    async fn who(&self, credential: &Credential, address: &str) -> Ctx {
        let ask = async {
            self.times.fetch_add(1, Ordering::Relaxed);
            Ok(self.ctx.clone())
        };
        self.recent.context((credential, address.parse().ok()), ask).await.unwrap().0
    }

    fn times(&self) -> usize {
        self.times.load(Ordering::Relaxed)
    }
}

fn session(token: &str) -> Credential {
    Credential::Session(Secret::new(token))
}

fn bearer(token: &str) -> Credential {
    Credential::Bearer(Secret::new(token))
}

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_credential_is_looked_up_once_until_everybody_is_forgotten() {
    let asked = Asked::new(LONG).await;
    for _ in 0..3 {
        assert_eq!(asked.who(&session("a"), "10.0.0.1").await.actor(), asked.ctx.actor());
    }
    assert_eq!(asked.times(), 1);
    asked.recent.forget();
    asked.who(&session("a"), "10.0.0.1").await;
    assert_eq!(asked.times(), 2);
}

#[tokio::test]
async fn another_token_another_kind_and_a_programs_other_address_are_asked_for() {
    let asked = Asked::new(LONG).await;
    for (credential, address) in [
        (session("a"), "10.0.0.1"),
        (session("b"), "10.0.0.1"),
        (bearer("a"), "10.0.0.1"),
        // It may be bound to the first.
        (bearer("a"), "10.0.0.2"),
    ] {
        let before = asked.times();
        asked.who(&credential, address).await;
        assert_eq!(asked.times(), before + 1);
    }
    // A person moves between networks.
    asked.who(&session("a"), "10.0.0.2").await;
    assert_eq!(asked.times(), 4);
}

#[tokio::test]
async fn what_is_older_than_it_may_be_is_asked_for_again() {
    let asked = Asked::new(Duration::from_millis(30)).await;
    asked.who(&session("a"), "10.0.0.1").await;
    tokio::time::sleep(Duration::from_millis(40)).await;
    asked.who(&session("a"), "10.0.0.1").await;
    assert_eq!(asked.times(), 2);
}

#[tokio::test]
async fn nobody_is_not_kept_and_neither_is_a_failure() {
    let asked = Asked::new(LONG).await;
    let nobody = Ctx::new(asked.ctx.runtime().clone(), Actor::Anonymous, Vec::new(), Origin::default());
    let (unknown, _) = asked.recent.context((&session("a"), None), async { Ok(nobody) }).await.unwrap();
    assert_eq!(*unknown.actor(), Actor::Anonymous);
    let away = async { Err(Error::unavailable("The database", std::io::Error::other("away"))) };
    assert!(asked.recent.context((&session("a"), None), away).await.is_err());
    asked.who(&session("a"), "10.0.0.1").await;
    assert_eq!(asked.times(), 1, "it became good, and is good at once");
}

#[tokio::test]
async fn what_changes_while_it_is_asked_for_is_not_overlooked() {
    let asked = Asked::new(LONG).await;
    let slow = async {
        // Read before the change, answered after it.
        asked.recent.forget();
        Ok(asked.ctx.clone())
    };
    asked.recent.context((&session("a"), None), slow).await.unwrap();
    asked.who(&session("a"), "10.0.0.1").await;
    assert_eq!(asked.times(), 1, "the old answer was kept");
}

#[tokio::test]
async fn a_session_that_ends_is_nobodys_at_the_next_request_of_its_node() {
    let mut test = TestApp::new().await;
    test.app.change(|services| services.recent = Recent::new(LONG));
    let ada = test.person("ada").await;
    let viewer = "{ viewer { email } }";
    for _ in 0..2 {
        let answer = test.ask(&ada, viewer).await;
        assert!(answer.pointer("/data/viewer/email").is_some_and(|email| !email.is_null()), "{answer}");
    }
    test.ask(&ada, "mutation { logOut { problem { code } } }").await;
    let answer = test.ask(&ada, viewer).await;
    assert!(answer.pointer("/data/viewer").is_some_and(serde_json::Value::is_null), "{answer}");
}

/// As another node does it: beneath this one.
async fn elsewhere(test: &TestApp, sql: &'static str, (tenant, who): (TenantId, &Person)) {
    let mut superuser = test.world.superuser().await;
    sqlx::query(sql).bind(tenant.uuid()).bind(who.id.uuid()).execute(&mut superuser).await.unwrap();
}

const JOINS: &str = "INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
    VALUES ($1, $2, 'owner', 'a', 'a', now())";
const LEAVES: &str = "DELETE FROM identity.memberships WHERE tenant_id = $1 AND user_id = $2";

#[tokio::test]
async fn of_who_is_believed_only_what_was_taken_elsewhere_comes_late_and_to_queries_alone() {
    let mut test = TestApp::new().await;
    test.app.change(|services| services.recent = Recent::new(LONG));
    let tenant = test.tenant("acme", "pro").await;
    let ada = test.person("ada").await;
    let sees = format!("{{ tenant(id: \"{tenant}\") {{ slug }} }}");
    let changes = format!(
        "mutation {{ createInstance(input: {{tenantId: \"{tenant}\", name: \"A\", slug: \"a-one\", region: \"us-east\"}})
           {{ problem {{ code }} }} }}"
    );
    let code = |answer: serde_json::Value| {
        answer.pointer("/errors/0/extensions/code").and_then(|code| code.as_str().map(str::to_owned))
    };
    assert_eq!(code(test.ask(&ada, &sees).await).as_deref(), Some("NOT_FOUND"));
    elsewhere(&test, JOINS, (tenant, &ada)).await;
    assert_eq!(code(test.ask(&ada, &sees).await), None, "what was given counts at once");
    test.app.recent.forget();
    assert_eq!(code(test.ask(&ada, &sees).await), None);
    elsewhere(&test, LEAVES, (tenant, &ada)).await;
    assert_eq!(code(test.ask(&ada, &sees).await), None, "she is believed");
    assert_eq!(
        code(test.ask(&ada, &changes).await).as_deref(),
        Some("NOT_FOUND"),
        "not where she changes something"
    );
    assert_eq!(
        code(test.ask(&ada, &sees).await).as_deref(),
        Some("NOT_FOUND"),
        "a mutation makes the node forget"
    );
}
