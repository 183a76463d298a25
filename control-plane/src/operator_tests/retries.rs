//! Retries say what happened, change nothing when repeated, and are in the audit trail.

use serde_json::{Value, json};
use tenantry_kernel::InstanceId;

use super::support::Platform;

const RETRY: &str = "mutation($id: ID!) { retryInstance(id: $id) { ok problem { code message remedy } } }";
const RETRY_JOB: &str = "mutation($id: ID!) { retryJob(id: $id) { ok problem { code message remedy } } }";

async fn instance(platform: &Platform, slug: &str) -> Value {
    let sql = format!("SELECT id::text FROM provisioner.instances WHERE slug = '{slug}'");
    let id = platform.texts(&sql).await.remove(0).parse().unwrap();
    json!({ "id": InstanceId::from_uuid(id).to_string() })
}

async fn audited(platform: &Platform, action: &str) -> Vec<String> {
    platform
        .texts(&format!("SELECT tenant_id || ' ' || details FROM platform.audit WHERE action = '{action}'"))
        .await
}

#[tokio::test]
async fn a_failed_instance_is_due_at_once_and_a_repeat_changes_nothing() {
    let platform = Platform::new().await.with_a_fleet().await;
    let failed = instance(&platform, "i-4-2").await;
    for _ in 0..2 {
        let answer = platform.ask(RETRY, failed.clone()).await;
        assert_eq!(answer["retryInstance"], json!({ "ok": true, "problem": null }));
    }
    let due = platform
        .texts("SELECT slug || ' ' || attempts FROM provisioner.instances WHERE next_attempt_at <= now()")
        .await;
    assert_eq!(due, ["i-4-2 0"]);
    let rows = audited(&platform, "instance.retry").await;
    assert_eq!(rows.len(), 1, "once, in its tenant's trail: {rows:?}");
    assert!(rows[0].contains("boot"), "{rows:?}");
}

#[tokio::test]
async fn one_that_did_not_fail_is_left_alone_and_the_answer_says_what_it_does() {
    let platform = Platform::new().await.with_a_fleet().await;
    let ready = instance(&platform, "i-4-4").await;
    let answer = platform.ask(RETRY, ready).await;
    let (ok, problem) = (&answer["retryInstance"]["ok"], &answer["retryInstance"]["problem"]);
    assert_eq!((ok, &problem["code"]), (&json!(false), &json!("CONFLICT")));
    assert!(problem["message"].as_str().unwrap().contains("It is ready, and running is wanted"), "{answer}");
    assert_eq!(audited(&platform, "instance.retry").await.len(), 0);
    let gone = InstanceId::generate(&*platform.world.runtime.clock, &*platform.world.runtime.entropy);
    let staff = platform.world.staff(tenantry_authz::PlatformRole::Admin);
    let answer = platform.ask_as(staff, RETRY, json!({ "id": gone.to_string() })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND", "{answer}");
}

#[tokio::test]
async fn a_dead_job_runs_again_once_and_one_that_runs_or_is_done_says_so() {
    let platform = Platform::new().await;
    platform
        .sql(
            "SELECT graphile_worker.add_job('a_task', '{\"secret\": \"x\"}'::json) FROM generate_series(1, 2);
             UPDATE graphile_worker._private_jobs SET attempts = max_attempts WHERE id = (SELECT min(id) FROM graphile_worker._private_jobs);
             UPDATE graphile_worker._private_jobs SET locked_at = now(), locked_by = 'w' WHERE attempts = 0",
        )
        .await;
    let ids = platform.texts("SELECT id::text FROM graphile_worker.jobs ORDER BY id").await;
    for _ in 0..2 {
        let answer = platform.ask(RETRY_JOB, json!({ "id": ids[0] })).await;
        assert_eq!(answer["retryJob"], json!({ "ok": true, "problem": null }));
    }
    let rows = audited(&platform, "job.retry").await;
    assert_eq!(rows.len(), 1, "once, in the platform's own trail: {rows:?}");
    assert!(rows[0].starts_with("00000000-0000-0000-0000-000000000000") && rows[0].contains("a_task"));
    assert!(!rows[0].contains("secret"));
    let answer = platform.ask(RETRY_JOB, json!({ "id": ids[1] })).await;
    assert_eq!(answer["retryJob"]["problem"]["code"], "CONFLICT", "{answer}");
    for nothing in ["999999", "nonsense"] {
        let staff = platform.world.staff(tenantry_authz::PlatformRole::Admin);
        let answer = platform.ask_as(staff, RETRY_JOB, json!({ "id": nothing })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND", "{answer}");
    }
}
