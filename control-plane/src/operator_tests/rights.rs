//! Each operation by each role of the platform's staff, as the policy says, and by everybody else.

use serde_json::json;
use tenantry_authz::PlatformRole::{self, Admin, Auditor, Finance, Support};
use tenantry_authz::{Actor, Ctx, Origin, Role};

use super::support::Platform;

const STAFF: [PlatformRole; 4] = [Admin, Support, Finance, Auditor];
const WATCHERS: &[PlatformRole] = &[Admin, Support, Auditor];

/// Each operation and who may do it. `retryInstance` and `retryJob` of nothing: the gate speaks first.
const OPERATIONS: [(&str, &[PlatformRole]); 11] = [
    ("{ instances { totalCount nodes { id tenantName events { at } } } }", WATCHERS),
    ("{ instances(search: \"a\") { nodes { id } } }", WATCHERS),
    ("{ instance(id: \"nonsense\") { id } }", WATCHERS),
    ("{ fleet { instances tenants deadJobs } }", WATCHERS),
    ("{ regions { code } }", WATCHERS),
    ("{ jobs { totalCount nodes { id } } }", WATCHERS),
    ("{ tenants { totalCount nodes { id planCode members instances } } }", &STAFF),
    ("{ tenant(id: \"nonsense\") { id planCode members instances } }", &STAFF),
    ("{ capturedMail { totalCount nodes { id } } }", &[Admin]),
    ("mutation { retryInstance(id: \"ins_01h455vb4pex5vsknk084sn02q\") { ok } }", &[Admin]),
    ("mutation { retryJob(id: \"1\") { ok } }", &[Admin]),
];

async fn code(platform: &Platform, ctx: Ctx, operation: &str) -> String {
    let answer = platform.ask_as(ctx, operation, json!({})).await;
    let shown = answer["data"].as_object().is_some_and(|d| d.values().any(|v| !v.is_null()));
    let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("OK").to_owned();
    assert!(code == "OK" || !shown, "{operation}: {answer}");
    code
}

#[tokio::test]
async fn staff_gets_what_the_policy_says() {
    let platform = Platform::new().await;
    platform.world.tenant("acme").await;
    for (operation, allowed) in OPERATIONS {
        for role in STAFF {
            let code = code(&platform, platform.world.staff(role), operation).await;
            // There is no such instance or job: past the gate, that is the answer.
            let done = if operation.starts_with("mutation") { "NOT_FOUND" } else { "OK" };
            let wanted = if allowed.contains(&role) { done } else { "FORBIDDEN" };
            assert_eq!(code, wanted, "{operation} by {role}");
        }
    }
}

#[tokio::test]
async fn nobody_else_gets_anything() {
    let platform = Platform::new().await;
    let tenant = platform.world.tenant("acme").await;
    for (operation, _) in OPERATIONS {
        for ctx in [platform.world.member(tenant, Role::Owner), platform.world.stranger()] {
            assert_eq!(code(&platform, ctx, operation).await, "NOT_FOUND", "{operation}");
        }
        let runtime = platform.world.runtime.clone();
        let nobody = Ctx::new(runtime, Actor::Anonymous, vec![], Origin::default());
        assert_eq!(code(&platform, nobody, operation).await, "UNAUTHENTICATED", "{operation}");
    }
}
