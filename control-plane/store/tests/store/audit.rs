//! The audit chain: gapless under load, and broken visibly by whoever changes it.

use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenantry_kernel::{Secret, TenantId};
use tenantry_store::audit::{self, By, Entry, FIRST, Facts, Record};

use crate::support::*;

async fn append(store: &Store, tenant: TenantId, number: usize) {
    let tx = store.tx(tenant).await;
    let by = By::system("test", store.world.runtime.clock.now());
    let entry = Entry {
        tenant,
        action: "test.did",
        resource: format!("thing {number}"),
        result: "ok",
        // Keys that JSON and PostgreSQL would order differently, and more than ASCII.
        details: serde_json::json!({ "number": number, "zz": 1, "a": { "long_key": null, "b": [true, "é\n\u{1F600}"] } }),
    };
    audit::append(&tx, by, entry).await.unwrap();
    tx.commit().await.unwrap();
}

async fn chain(store: &Store, tenant: TenantId) -> Vec<Record> {
    audit::read(&store.tx(tenant).await, 0, 1000).await.unwrap()
}

#[tokio::test]
async fn twenty_writers_at_once_make_one_gapless_chain() {
    let store = Store::new().await;
    let (ours, theirs) = (store.world.tenant_id(), store.world.tenant_id());
    let writers = (0..20).map(|n| append(&store, if n % 4 == 0 { theirs } else { ours }, n));
    futures::future::join_all(writers).await;
    for (tenant, length) in [(ours, 15), (theirs, 5)] {
        let records = chain(&store, tenant).await;
        let numbers: Vec<_> = records.iter().map(|r| r.seq).collect();
        assert_eq!(numbers, (1..=length).collect::<Vec<_>>());
        assert!(records.iter().all(|r| r.tenant == tenant));
        assert_eq!(audit::first_break(&records).unwrap(), None);
    }
    let tail = audit::read(&store.tx(ours).await, 12, 2).await.unwrap();
    assert_eq!(tail.iter().map(|r| r.seq).collect::<Vec<_>>(), [13, 14], "pages");
}

#[tokio::test]
async fn a_transaction_that_is_given_up_leaves_no_gap() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    append(&store, tenant, 1).await;
    let tx = store.tx(tenant).await;
    let entry = Entry {
        tenant,
        action: "test.did",
        resource: "x".into(),
        result: "ok",
        details: serde_json::json!({}),
    };
    audit::append(&tx, By::system("test", store.world.runtime.clock.now()), entry).await.unwrap();
    drop(tx);
    append(&store, tenant, 2).await;
    let records = chain(&store, tenant).await;
    assert_eq!(records.len(), 2);
    assert_eq!(audit::first_break(&records).unwrap(), None);
}

#[tokio::test]
async fn whatever_is_done_to_the_chain_shows_where() {
    let store = Store::new().await;
    let mut superuser = store.world.superuser().await;
    let tampering = [
        ("UPDATE platform.audit SET actor = 'nobody' WHERE tenant_id = $ AND seq = 3", 3),
        ("UPDATE platform.audit SET details = '{}' WHERE tenant_id = $ AND seq = 2", 2),
        ("UPDATE platform.audit SET at = at + interval '1 microsecond' WHERE tenant_id = $ AND seq = 6", 6),
        ("UPDATE platform.audit SET origin = '192.0.2.1' WHERE tenant_id = $ AND seq = 1", 1),
        // What follows a record that is gone does not fit what is before it.
        ("DELETE FROM platform.audit WHERE tenant_id = $ AND seq = 4", 5),
        ("DELETE FROM platform.audit WHERE tenant_id = $ AND seq = 1", 2),
        (
            "DELETE FROM platform.audit WHERE tenant_id = $ AND seq = 3;
             UPDATE platform.audit SET seq = seq - 1 WHERE tenant_id = $ AND seq = 4;
             UPDATE platform.audit SET seq = seq - 1 WHERE tenant_id = $ AND seq = 5;
             UPDATE platform.audit SET seq = seq - 1 WHERE tenant_id = $ AND seq = 6",
            3,
        ),
        (
            "UPDATE platform.audit SET seq = 100 WHERE tenant_id = $ AND seq = 4;
             UPDATE platform.audit SET seq = 4 WHERE tenant_id = $ AND seq = 5;
             UPDATE platform.audit SET seq = 5 WHERE tenant_id = $ AND seq = 100",
            4,
        ),
    ];
    for (sql, broken) in tampering {
        let tenant = store.world.tenant_id();
        for number in 0..6 {
            append(&store, tenant, number).await;
        }
        assert_eq!(audit::first_break(&chain(&store, tenant).await).unwrap(), None);
        let sql = sql.replace('$', &format!("'{}'", tenant.uuid()));
        sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut superuser).await.unwrap();
        assert_eq!(audit::first_break(&chain(&store, tenant).await).unwrap(), Some(broken), "{sql}");
    }
}

/// A program of before: it knows neither versions nor what is before and after.
#[tokio::test]
async fn rows_of_an_older_program_and_newer_ones_are_one_chain() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    let first = FIRST.to_owned();
    let bytes = format!(
        r#"{{"tenant":"{tenant}","seq":1,"at":"2026-11-10T12:00:00Z","actor":"a","action":"b","resource":"c","result":"done","origin":null,"request_id":"","details":{{"x":1}},"prev_hash":"{first}"}}"#
    );
    sqlx::query(
        "INSERT INTO platform.audit (tenant_id, seq, at, actor, action, resource, result, request_id, details, prev_hash, hash)
         VALUES ($1, 1, '2026-11-10T12:00:00Z', 'a', 'b', 'c', 'done', '', '{\"x\": 1}', $2, $3)",
    )
    .bind(tenant.uuid())
    .bind(&first)
    .bind(hex::encode(Sha256::digest(bytes)))
    .execute(&mut store.world.superuser().await)
    .await
    .unwrap();
    append(&store, tenant, 2).await;
    let records = chain(&store, tenant).await;
    assert_eq!(records.iter().map(|r| (r.seq, r.version)).collect::<Vec<_>>(), [(1, 1), (2, 2)]);
    assert_eq!(audit::first_break(&records).unwrap(), None);
}

#[tokio::test]
async fn what_was_before_and_after_is_kept_and_under_the_hash_and_secrets_are_not() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    let tx = store.tx(tenant).await;
    let entry = Entry {
        tenant,
        action: "test.changed",
        resource: "thing".to_owned(),
        result: audit::OK,
        details: serde_json::json!({ "apiKey": "hunter2", "share": 0.1, "nul": "a\u{0}b" }),
    };
    let before = Facts::one("role", "viewer").with("pin", Secret::new("hunter2"));
    let after = Facts::one("role", "owner").with("password", "hunter2");
    audit::append(&tx, By::system("test", store.world.runtime.clock.now()), entry.changing(before, after))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let records = chain(&store, tenant).await;
    let record = &records[0];
    assert_eq!(record.before, Some(serde_json::json!({ "role": "viewer", "pin": "[secret]" })));
    assert_eq!(record.after, Some(serde_json::json!({ "role": "owner", "password": "[secret]" })));
    assert_eq!(
        record.details,
        serde_json::json!({ "apiKey": "[secret]", "share": "0.1", "nul": "a\u{FFFD}b" })
    );
    assert_eq!(audit::first_break(&records).unwrap(), None);
    let raw: Vec<String> = sqlx::query_scalar("SELECT a::text FROM platform.audit a")
        .fetch_all(&mut store.world.superuser().await)
        .await
        .unwrap();
    assert!(!raw.concat().contains("hunter2"), "{raw:?}");
    for change in ["before = NULL", "after = '{}'", "user_agent = 'x'", "version = 1"] {
        let sql = format!("BEGIN; UPDATE platform.audit SET {change}");
        let mut superuser = store.world.superuser().await;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut superuser).await.unwrap();
        sqlx::raw_sql("COMMIT").execute(&mut superuser).await.unwrap();
        assert_eq!(audit::first_break(&chain(&store, tenant).await).unwrap(), Some(1), "{change}");
        let back = format!(
            "UPDATE platform.audit SET version = 2, user_agent = NULL, before = '{}', after = '{}'",
            record.before.as_ref().unwrap(),
            record.after.as_ref().unwrap()
        );
        sqlx::raw_sql(AssertSqlSafe(back)).execute(&mut superuser).await.unwrap();
        assert_eq!(audit::first_break(&chain(&store, tenant).await).unwrap(), None);
    }
}

#[tokio::test]
async fn a_record_moved_to_another_tenant_does_not_fit_there() {
    let store = Store::new().await;
    let (ours, theirs) = (store.world.tenant_id(), store.world.tenant_id());
    append(&store, ours, 1).await;
    let moved = format!("UPDATE platform.audit SET tenant_id = '{}'", theirs.uuid());
    sqlx::raw_sql(AssertSqlSafe(moved)).execute(&mut store.world.superuser().await).await.unwrap();
    assert_eq!(audit::first_break(&chain(&store, theirs).await).unwrap(), Some(1));
}

#[tokio::test]
async fn no_role_of_the_product_may_change_or_delete_a_record() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    append(&store, tenant, 1).await;
    let cluster = &store.world.test_db.cluster;
    for options in [&cluster.app, &cluster.system] {
        let mut connection = PgConnection::connect_with(options).await.unwrap();
        let set = AssertSqlSafe(format!("SET app.tenant_id = '{}'", tenant.uuid()));
        sqlx::raw_sql(set).execute(&mut connection).await.unwrap();
        for sql in [
            "UPDATE platform.audit SET result = 'ok'",
            "DELETE FROM platform.audit",
            "TRUNCATE platform.audit",
            "INSERT INTO platform.audit SELECT * FROM platform.audit ON CONFLICT (tenant_id, seq) DO UPDATE SET result = ''",
            "ALTER TABLE platform.audit DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE platform.audit DISABLE TRIGGER audit_mark_unsealed",
            "UPDATE platform.audit_checkpoints SET hash = ''",
            "DELETE FROM platform.audit_checkpoints",
            "UPDATE platform.audit_keys SET public_key = ''",
            "DELETE FROM platform.audit_keys",
        ] {
            let refused = sqlx::raw_sql(sql).execute(&mut connection).await.unwrap_err().to_string();
            assert!(
                refused.contains("permission denied") || refused.contains("must be owner"),
                "{sql}: {refused}"
            );
        }
    }
}

#[tokio::test]
async fn the_application_neither_signs_nor_prunes() {
    let store = Store::new().await;
    let mut app = store.world.app().await;
    for sql in [
        "INSERT INTO platform.audit_checkpoints SELECT gen_random_uuid(), 1, '', now(), '', ''",
        "INSERT INTO platform.audit_keys VALUES ('', '', now())",
        "SELECT platform.prune_audit(gen_random_uuid(), now())",
        "DELETE FROM platform.audit_unsealed",
        "UPDATE platform.audit_streams SET last_seq = 0",
    ] {
        let refused = sqlx::raw_sql(sql).execute(&mut app).await.unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{sql}: {refused}");
    }
}
