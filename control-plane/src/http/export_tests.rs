use axum::body::to_bytes;
use axum::http::{Request, StatusCode};
use tenantry_authz::Role;

use super::*;
use crate::test_world::{Person, TestApp};

async fn get(test: &TestApp, person: Option<&Person>, query: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::get(format!("/export/usage.csv?{query}"));
    if let Some(person) = person {
        request = request.header("cookie", person.cookie());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    test.send(request.body(Body::empty()).unwrap()).await
}

async fn body(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn ten_thousand_workflows_come_whole_page_by_page() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let owner = test.member("ada", tenant, Role::Billing).await;
    let instance = test.instance(tenant, "one").await;
    sqlx::query(
        "INSERT INTO billing.usage_hourly (tenant_id, instance_id, workflow_id, hour, executions, billable, failed)
         SELECT $1, $2, format('wf-%s', n), '2026-11-05T10:00:00Z'::timestamptz + d * interval '1 day', n, 2, 1
         FROM generate_series(1, 10500) AS n, generate_series(0, 1) AS d",
    )
    .bind(tenant.uuid())
    .bind(instance.uuid())
    .execute(&mut test.world.superuser().await)
    .await
    .unwrap();
    let query = format!("tenant={tenant}&from=2026-11-01&to=2026-12-01T00:00:00Z&groupBy=WORKFLOW");
    let response = get(&test, Some(&owner), &query, &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"usage-acme-2026-11-01-2026-12-01-by-workflow.csv\""
    );
    assert_eq!(header("cache-control"), "no-store");
    assert!(response.headers().get("access-control-allow-origin").is_none());

    // Each frame is one page: what is in memory does not grow with the file.
    let mut frames = response.into_body().into_data_stream();
    let (mut text, mut largest, mut count) = (Vec::new(), 0, 0);
    while let Some(frame) = frames.next().await {
        let frame = frame.unwrap();
        (largest, count) = (largest.max(frame.len()), count + 1);
        text.extend_from_slice(&frame);
    }
    assert_eq!(count, 11);
    assert!(largest < 100_000, "{largest}");
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("instance_id,workflow_id,executions,billable,failed\r\n"), "{}", &text[..100]);
    let rows = rows(&text);
    assert_eq!(rows.len(), 10_500);
    let distinct: std::collections::HashSet<&str> = rows.iter().map(|row| row[1].as_str()).collect();
    assert_eq!(distinct.len(), 10_500);
    let of = |workflow: &str| rows.iter().find(|row| row[1] == workflow).unwrap()[2..].to_vec();
    assert_eq!(of("wf-7"), ["14", "4", "2"]);
}

#[tokio::test]
async fn each_grouping_has_its_columns_and_an_empty_span_only_their_names() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let viewer = test.member("vera", tenant, Role::Viewer).await;
    let (one, two) = (test.instance(tenant, "one").await, test.instance(tenant, "two").await);
    let at = test.now() - chrono::TimeDelta::hours(3);
    test.executed((tenant, one), "wf", (1..4, at)).await;
    test.executed((tenant, two), "-2-3", (1..3, at)).await;
    let (from, to) = (at.format("%Y-%m-%dT%H:00:00Z"), test.now().format("%Y-%m-%dT%H:%M:%SZ"));
    let csv = async |rest: &str| {
        let query = format!("tenant={tenant}&from={from}&to={to}&{rest}");
        let response = get(&test, Some(&viewer), &query, &[]).await;
        assert_eq!(response.status(), StatusCode::OK, "{rest}");
        body(response).await
    };
    assert_eq!(
        csv("groupBy=HOUR").await,
        format!("hour,executions,billable,failed\r\n{},5,5,0\r\n", at.format("%Y-%m-%dT%H:00:00Z"))
    );
    assert_eq!(
        csv("groupBy=DAY").await,
        format!("day,executions,billable,failed\r\n{},5,5,0\r\n", at.format("%Y-%m-%d"))
    );
    let by_instance = csv("groupBy=INSTANCE").await;
    assert_eq!(by_instance.lines().next().unwrap(), "instance_id,executions,billable,failed");
    assert!(by_instance.contains(&format!("{one},3,3,0\r\n")), "{by_instance}");
    let filtered = csv(&format!("groupBy=WORKFLOW&instance={two}")).await;
    let expected = format!("instance_id,workflow_id,executions,billable,failed\r\n{two},'-2-3,2,2,0\r\n");
    assert_eq!(filtered, expected, "what looks like a formula is text");
    let foreign = test.world.tenant("bolt").await;
    let theirs = test.instance(foreign, "theirs").await;
    test.executed((foreign, theirs), "wf", (1..9, at)).await;
    let nothing = csv(&format!("groupBy=INSTANCE&instance={theirs}")).await;
    assert_eq!(nothing, "instance_id,executions,billable,failed\r\n");
}

#[tokio::test]
async fn what_is_wrong_is_said_before_the_first_byte() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let owner = test.member("ada", tenant, Role::Owner).await;
    let outsider = test.member("bob", test.tenant("bolt", "free").await, Role::Owner).await;
    let good = format!("tenant={tenant}&from=2026-11-01&to=2026-12-01&groupBy=DAY");
    let day = |from: &str, to: &str| format!("tenant={tenant}&from={from}&to={to}&groupBy=DAY");
    let cases = [
        (None, good.clone(), 401, "UNAUTHENTICATED", None),
        (Some(&outsider), good.clone(), 404, "NOT_FOUND", None),
        (
            Some(&owner),
            "from=2026-11-01&to=2026-12-01&groupBy=DAY".to_owned(),
            400,
            "INVALID",
            Some("tenant"),
        ),
        (
            Some(&owner),
            "tenant=x&from=2026-11-01&to=2026-12-01&groupBy=DAY".to_owned(),
            404,
            "NOT_FOUND",
            None,
        ),
        (Some(&owner), format!("tenant={tenant}"), 400, "INVALID", Some("groupBy")),
        (Some(&owner), day("yesterday", "2026-12-01"), 400, "INVALID", Some("from")),
        (Some(&owner), day("2026-11-01", "2026-13-01"), 400, "INVALID", Some("to")),
        (Some(&owner), day("2026-12-01", "2026-11-01"), 400, "INVALID", Some("from")),
        (Some(&owner), day("2024-12-01", "2026-11-01"), 400, "INVALID", Some("from")),
        (Some(&owner), format!("{good}&groupBy=HOUR"), 400, "INVALID", Some("query")),
        (Some(&owner), format!("{good}&colour=red"), 400, "INVALID", Some("query")),
        (Some(&owner), good.replace("DAY", "COLOUR"), 400, "INVALID", Some("groupBy")),
        (Some(&owner), format!("{good}&instance=x"), 404, "NOT_FOUND", None),
    ];
    for (person, query, status, code, field) in cases {
        let response = get(&test, person, &query, &[]).await;
        assert_eq!(response.status().as_u16(), status, "{query}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{query}");
        assert!(response.headers().get("content-disposition").is_none());
        let problem: serde_json::Value = serde_json::from_str(&body(response).await).unwrap();
        assert_eq!(problem["code"], code, "{query}: {problem}");
        assert_eq!(problem["field"].as_str(), field, "{query}: {problem}");
        for said in ["detail", "remedy", "requestId", "title"] {
            assert!(problem[said].as_str().is_some_and(|text| !text.is_empty()), "{query}: {problem}");
        }
    }
}

#[tokio::test]
async fn other_sites_get_nothing_but_may_link_to_it() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let owner = test.member("ada", tenant, Role::Owner).await;
    let query = format!("tenant={tenant}&from=2026-11-01&to=2026-12-01&groupBy=DAY");
    let from =
        |site, mode, dest| [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
    for (headers, status) in [
        (from("same-origin", "cors", "empty"), 200),
        (from("none", "navigate", "document"), 200),
        (from("cross-site", "navigate", "document"), 200),
        (from("cross-site", "cors", "empty"), 403),
        (from("cross-site", "no-cors", "script"), 403),
        (from("same-site", "navigate", "iframe"), 403),
    ] {
        let response = get(&test, Some(&owner), &query, &headers).await;
        assert_eq!(response.status().as_u16(), status, "{headers:?}");
        assert!(response.headers().get("access-control-allow-origin").is_none());
    }
}

#[tokio::test]
async fn an_export_breaks_off_when_its_session_ends() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let owner = test.member("ada", tenant, Role::Owner).await;
    let instance = test.instance(tenant, "one").await;
    sqlx::query(
        "INSERT INTO billing.usage_hourly (tenant_id, instance_id, workflow_id, hour, executions, billable, failed)
         SELECT $1, $2, format('wf-%s', n), '2026-11-05T10:00:00Z', 1, 1, 0 FROM generate_series(1, 3000) AS n",
    )
    .bind(tenant.uuid())
    .bind(instance.uuid())
    .execute(&mut test.world.superuser().await)
    .await
    .unwrap();
    let query = format!("tenant={tenant}&from=2026-11-01&to=2026-12-01&groupBy=WORKFLOW");
    let mut frames = get(&test, Some(&owner), &query, &[]).await.into_body().into_data_stream();
    assert!(frames.next().await.unwrap().is_ok());
    sqlx::raw_sql("DELETE FROM identity.sessions").execute(&mut test.world.superuser().await).await.unwrap();
    // The page that may have been on its way, then the end: an error, not the look of a whole file.
    let mut last = frames.next().await;
    while last.as_ref().is_some_and(Result::is_ok) {
        last = frames.next().await;
    }
    assert!(last.is_some_and(|frame| frame.is_err()));
}

#[test]
fn formulas_become_text_and_words_stay() {
    for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"] {
        assert_eq!(harmless(formula), format!("'{formula}"));
    }
    for word in ["wf", "a-b", "a=b", "", "1"] {
        assert_eq!(harmless(word), word);
    }
}
