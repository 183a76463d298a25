use axum::body::to_bytes;
use axum::http::{Request, StatusCode};
use serde_json::json;
use tenantry_authz::Role;
use tenantry_store::audit::{self, By, Entry};
use tenantry_store::{SystemRole, SystemTx};

use super::*;
use crate::audit::{Keyring, Trust, Verify, verify};
use crate::test_world::{Person, TestApp};

async fn get(test: &TestApp, person: Option<&Person>, path: &str) -> Response {
    let mut request = Request::get(path);
    if let Some(person) = person {
        request = request.header("cookie", person.cookie());
    }
    test.send(request.body(Body::empty()).unwrap()).await
}

async fn append(test: &TestApp, tenant: TenantId, numbers: std::ops::Range<i64>) {
    let tx = SystemTx::begin(&test.app.db, SystemRole::Audit).await.unwrap();
    for number in numbers {
        let entry = Entry {
            tenant,
            action: "test.did",
            resource: format!("thing {number}"),
            result: audit::OK,
            details: json!({}),
        };
        audit::append(&tx, By::system("test", test.now()), entry).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_long_trail_comes_whole_page_by_page_and_is_checked_with_the_published_keys() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let owner = test.member("ada", tenant, Role::Owner).await;
    append(&test, tenant, 0..2_500).await;
    let response = get(&test, Some(&owner), &format!("/export/audit.jsonl?tenant={tenant}")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/jsonl");
    assert!(header("content-disposition").starts_with("attachment; filename=\"audit-acme-20"));
    assert_eq!(header("cache-control"), "no-store");
    let mut frames = response.into_body().into_data_stream();
    let (mut file, mut largest, mut count) = (Vec::new(), 0, 0);
    while let Some(frame) = frames.next().await {
        let frame = frame.unwrap();
        (largest, count) = (largest.max(frame.len()), count + 1);
        file.extend_from_slice(&frame);
    }
    assert!(count >= 5 && largest < 1_000_000, "{count} frames, the largest {largest}");

    let response = get(&test, None, "/.well-known/tenantry-audit-keys.json").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/jwk-set+json");
    let keys = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let keys = Keyring::parse(std::str::from_utf8(&keys).unwrap()).unwrap();
    let Verify::Good(verified) = verify(file.as_slice(), &Trust::Keys(keys)).unwrap() else {
        panic!("not good")
    };
    // The plan's own record first, the export's last.
    assert_eq!(verified.records, Some((1, 2_502)));
}

#[tokio::test]
async fn a_span_of_time_is_a_piece_of_the_chain_and_can_be_empty() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let owner = test.member("ada", tenant, Role::Admin).await;
    append(&test, tenant, 0..5).await;
    let (from, to) = (test.now() - chrono::TimeDelta::days(2), test.now() - chrono::TimeDelta::days(1));
    let sql = "UPDATE platform.audit SET at = $1 WHERE seq IN (2, 3)";
    sqlx::query(sql).bind(from).execute(&mut test.world.superuser().await).await.unwrap();
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    for (range, wanted) in [
        (format!("&from={}&to={}", day(from), day(to)), Some(Some(2))),
        ("&from=2001-01-01&to=2001-01-02".to_owned(), None),
    ] {
        let response = get(&test, Some(&owner), &format!("/export/audit.jsonl?tenant={tenant}{range}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        let file = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let outcome = verify(file.as_ref(), &Trust::OfTheFile).unwrap();
        match (wanted, outcome) {
            // Their moments were changed behind the product's back, and the first of them is named.
            (Some(seq), Verify::Broken(broken)) => assert_eq!(broken.seq, seq),
            (None, Verify::Good(verified)) => assert_eq!(verified.records, None),
            (_, other) => panic!("{range}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn who_may_not_gets_no_byte_and_what_is_wrong_is_said() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let owner = test.member("ada", tenant, Role::Owner).await;
    let developer = test.member("dan", tenant, Role::Developer).await;
    let stranger = test.person("sam").await;
    let whole = format!("/export/audit.jsonl?tenant={tenant}");
    for (person, path, status) in [
        (None, whole.as_str(), 401),
        (Some(&stranger), whole.as_str(), 404),
        (Some(&developer), whole.as_str(), 404),
        (Some(&owner), "/export/audit.jsonl", 400),
        (Some(&owner), "/export/audit.jsonl?tenant=x", 404),
        (Some(&owner), &format!("{whole}&from=x"), 400),
        (Some(&owner), &format!("{whole}&from=2026-02-01&to=2026-01-01"), 400),
        (Some(&owner), &format!("{whole}&unknown=1"), 400),
    ] {
        let response = get(&test, person, path).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("\"header\""));
    }
}

#[tokio::test]
async fn the_api_shows_filters_names_and_keeps_the_trail() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let owner = test.member("ada", tenant, Role::Owner).await;
    append(&test, tenant, 0..30).await;
    let set = |days: i32| {
        format!(
            "mutation {{ updateAuditSettings(input: {{tenantId: \"{tenant}\", retentionDays: {days}}})
             {{ settings {{ retentionDays chainStart lastSeq publicKey }} problem {{ field code }} }} }}"
        )
    };
    let refused = test.ask(&owner, &set(29)).await;
    assert_eq!(
        refused["data"]["updateAuditSettings"]["problem"],
        json!({"field": "retentionDays", "code": "INVALID"})
    );
    let kept = test.ask(&owner, &set(90)).await;
    let kept = &kept["data"]["updateAuditSettings"]["settings"];
    assert_eq!((&kept["retentionDays"], &kept["lastSeq"]), (&json!(90), &json!(32)));
    assert!(kept["publicKey"].as_str().unwrap().starts_with("-----BEGIN PUBLIC KEY-----"));
    test.ask(&owner, &set(90)).await;
    let query = format!(
        "{{ tenant(id: \"{tenant}\") {{
             newest: audit(first: 1) {{ pageInfo {{ hasNextPage endCursor }}
               nodes {{ seq actor actorName action result origin requestId before after details hash }} }}
             next: audit(first: 2, after: \"32\") {{ nodes {{ seq action }} }}
             filtered: audit(filter: {{action: \"subscription.\", result: \"ok\"}}) {{ nodes {{ seq action }} }}
             auditSettings {{ retentionDays chainStart lastSeq lastCheckpointAt }}
             auditStreams {{ id }} }} }}"
    );
    let answer = test.ask(&owner, &query).await;
    let answer = &answer["data"]["tenant"];
    let newest = &answer["newest"]["nodes"][0];
    assert_eq!(newest["seq"], 32, "the same again changed nothing");
    assert_eq!(newest["action"], "audit.settings.update");
    assert_eq!(
        (&newest["before"], &newest["after"]),
        (&json!({"retentionDays": 400}), &json!({"retentionDays": 90}))
    );
    assert_eq!(
        (newest["actorName"].as_str(), newest["actor"].as_str()),
        (Some("ada"), Some(&*owner.id.to_string()))
    );
    assert_eq!(answer["newest"]["pageInfo"], json!({"hasNextPage": true, "endCursor": "32"}));
    assert_eq!(
        answer["next"]["nodes"],
        json!([{"seq": 31, "action": "test.did"}, {"seq": 30, "action": "test.did"}])
    );
    assert_eq!(answer["filtered"]["nodes"], json!([{"seq": 1, "action": "subscription.start"}]));
    let settings = json!({"retentionDays": 90, "chainStart": 1, "lastSeq": 32, "lastCheckpointAt": null});
    assert_eq!(answer["auditSettings"], settings);
    assert_eq!(answer["auditStreams"], json!([]));
    let developer = test.member("dan", tenant, Role::Developer).await;
    let hidden = test.ask(&developer, &query).await;
    assert_eq!(hidden["errors"][0]["extensions"]["code"], "NOT_FOUND");
    assert_eq!(test.ask(&developer, &set(30)).await["errors"][0]["extensions"]["code"], "NOT_FOUND");
}
