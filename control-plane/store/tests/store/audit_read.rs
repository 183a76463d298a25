//! Reading a long trail: each filter finds what it says, by an index, and nobody else's.

use sqlx::{AssertSqlSafe, PgConnection};
use tenantry_kernel::TenantId;
use tenantry_store::PageRequest;
use tenantry_store::audit::{self, Filter};

use crate::support::*;

/// A hundred thousand records of one tenant among those of others. Their hashes are of no matter here.
async fn fill(superuser: &mut PgConnection, tenant: TenantId) {
    let sql = format!(
        "INSERT INTO platform.audit (tenant_id, seq, at, actor, action, resource, result, request_id, details, prev_hash, hash)
         SELECT '{}', n, '2026-01-01'::timestamptz + n * interval '1 minute',
                CASE WHEN n % 20000 = 0 THEN 'usr_rare' ELSE 'usr_' || n % 7 END,
                CASE WHEN n % 25000 = 0 THEN 'role.create' WHEN n % 2 = 0 THEN 'instance.start' ELSE 'instance_x' END,
                'ins_' || n % 9000, CASE WHEN n % 30000 = 0 THEN 'denied' ELSE 'ok' END, '', '{{}}', '', ''
         FROM generate_series(1, 100000) AS n;
         INSERT INTO platform.audit (tenant_id, seq, at, actor, action, resource, result, request_id, details, prev_hash, hash)
         SELECT gen_random_uuid(), 1, now(), 'usr_rare', 'role.create', 'ins_1', 'denied', '', '{{}}', '', ''
         FROM generate_series(1, 1000);
         ANALYZE platform.audit",
        tenant.uuid()
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(superuser).await.unwrap();
}

#[tokio::test]
async fn a_hundred_thousand_records_are_paged_and_filtered_by_index() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    let mut superuser = store.world.superuser().await;
    fill(&mut superuser, tenant).await;
    let given = |text: &str| Some(text.to_owned());
    let filters = [
        (Filter::default(), 100_000, 1),
        (Filter { actor: given("usr_rare"), ..Filter::default() }, 100_000, 20_000),
        (Filter { action: given("role."), ..Filter::default() }, 100_000, 25_000),
        (Filter { result: given("denied"), ..Filter::default() }, 90_000, 30_000),
        (Filter { resource: given("ins_17"), ..Filter::default() }, 99_017, 9_000),
        (Filter { to: Some(at("2026-01-01T01:00:00Z")), ..Filter::default() }, 59, 1),
        // The underscore of LIKE is no wildcard here.
        (Filter { action: given("instance."), actor: given("usr_3"), ..Filter::default() }, 99_998, 14),
    ];
    for (filter, newest, step) in filters {
        let mut request = PageRequest::new(Some(3), None);
        let tx = store.tx(tenant).await;
        let page = audit::page(&tx, tenant, &filter, &request).await.unwrap();
        let numbers: Vec<i64> = page.rows.iter().map(|r| r.seq).collect();
        assert_eq!(numbers, [newest, newest - step, newest - 2 * step], "{filter:?}");
        assert!(page.rows.iter().all(|r| r.tenant == tenant));
        if page.has_next {
            request.after = Some(numbers[2].to_string());
            let next = audit::page(&tx, tenant, &filter, &request).await.unwrap();
            assert_eq!(next.rows[0].seq, newest - 3 * step, "{filter:?}");
        }
    }
    let from = at("2026-01-01T00:10:00Z");
    let filter = Filter { from: Some(from), to: Some(at("2026-01-01T00:12:00Z")), ..Filter::default() };
    let page =
        audit::page(&store.tx(tenant).await, tenant, &filter, &PageRequest::new(None, None)).await.unwrap();
    assert_eq!(page.rows.iter().map(|r| r.seq).collect::<Vec<_>>(), [11, 10], "from is in it, to is not");

    // What the planner does with it as the application's role, behind row-level security.
    let mut app = store.world.app().await;
    let set = format!("SET app.tenant_id = '{}'", tenant.uuid());
    sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut app).await.unwrap();
    for condition in [
        "",
        "AND actor = 'usr_rare'",
        "AND action >= 'role.' AND action < 'role.\u{10FFFF}'",
        "AND result = 'denied' AND result <> 'ok'",
        "AND resource = 'ins_17'",
        "AND at >= '2026-01-01T00:10:00Z' AND at < '2026-01-01T00:12:00Z'",
    ] {
        let sql = format!(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS) SELECT * FROM platform.audit
             WHERE tenant_id = '{}' AND seq < 100001 {condition} ORDER BY seq DESC LIMIT 21",
            tenant.uuid()
        );
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut app).await.unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains("Index") && !plan.contains("Seq Scan"), "{condition}\n{plan}");
        let removed = plan.lines().filter_map(|l| l.trim().strip_prefix("Rows Removed by Filter: "));
        let removed: i64 = removed.map(|n| n.parse::<i64>().unwrap()).sum();
        // A rare action may cost one pass over the tenant's own trail, newest first: some 15 ms for all of this one.
        let most = if condition.contains("action") { 100_000 } else { 1_000 };
        assert!(removed < most, "{condition}: rows that were read for nothing\n{plan}");
    }
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_said() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    let tx = store.tx(tenant).await;
    for (filter, field) in [
        (Filter { actor: Some("a\0".to_owned()), ..Filter::default() }, "actor"),
        (Filter { action: Some("x".repeat(257)), ..Filter::default() }, "action"),
        (Filter { resource: Some("\n".to_owned()), ..Filter::default() }, "resource"),
    ] {
        let refused = audit::page(&tx, tenant, &filter, &PageRequest::new(None, None)).await.unwrap_err();
        assert_eq!(refused.field(), Some(field));
    }
    let request = PageRequest::new(None, Some("x".to_owned()));
    assert_eq!(
        audit::page(&tx, tenant, &Filter::default(), &request).await.unwrap_err().field(),
        Some("after")
    );
}
