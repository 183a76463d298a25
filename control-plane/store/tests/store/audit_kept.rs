//! Checkpoints, retention and streams: their rows, and that nobody else's are reached.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::{AuditStreamId, OsEntropy, TenantId};
use tenantry_store::audit::checkpoints::{self, Checkpoint, PublicKey};
use tenantry_store::audit::{self, By, Entry, Record, settings, streams};
use tenantry_store::{SystemTx, TenantTx, Transaction, stmt};

use crate::support::*;

async fn append(store: &Store, tenant: TenantId, at: DateTime<Utc>) {
    let tx = store.system().await;
    let entry = Entry {
        tenant,
        action: "test.did",
        resource: "thing".to_owned(),
        result: audit::OK,
        details: serde_json::json!({}),
    };
    audit::append(&tx, By::system("test", at), entry).await.unwrap();
    tx.commit().await.unwrap();
}

/// Signs the head, as far as the database can tell.
async fn sign(store: &Store, tenant: TenantId, at: DateTime<Utc>) {
    let tx = store.system().await;
    let key = PublicKey { key_id: "k".repeat(43), public_key: "p".repeat(43), created_at: at };
    checkpoints::add_key(&tx, &key).await.unwrap();
    let (seq, hash) = checkpoints::hold_head(&tx, tenant).await.unwrap().unwrap();
    let checkpoint = Checkpoint { tenant, seq, hash, at, key_id: key.key_id, signature: "s".to_owned() };
    checkpoints::keep(&tx, &checkpoint).await.unwrap();
    tx.commit().await.unwrap();
}

async fn due(store: &Store, before: DateTime<Utc>, many: i64) -> Vec<TenantId> {
    checkpoints::due(&store.system().await, (before, many), 10).await.unwrap()
}

async fn numbers(store: &Store, tenant: TenantId) -> Vec<i64> {
    let tx = store.system().await;
    audit::span(&tx, tenant, (0, i64::MAX), 1000).await.unwrap().iter().map(|r: &Record| r.seq).collect()
}

async fn prune(store: &Store, tenant: TenantId, at: DateTime<Utc>) -> Option<settings::Pruned> {
    let tx = store.system().await;
    let pruned = settings::prune(&tx, tenant, at).await.unwrap();
    tx.commit().await.unwrap();
    pruned
}

#[tokio::test]
async fn a_chain_that_has_grown_is_due_by_time_or_number_and_no_longer_once_it_is_signed() {
    let store = Store::new().await;
    let (ours, theirs) = (store.world.tenant_id(), store.world.tenant_id());
    let start = at("2026-11-10T12:00:00Z");
    append(&store, ours, start).await;
    append(&store, ours, start + TimeDelta::minutes(5)).await;
    append(&store, theirs, start + TimeDelta::minutes(1)).await;
    assert_eq!(due(&store, start - TimeDelta::seconds(1), 100).await, []);
    assert_eq!(due(&store, start, 100).await, [ours]);
    assert_eq!(due(&store, start + TimeDelta::hours(1), 100).await, [ours, theirs], "the oldest first");
    assert_eq!(due(&store, start - TimeDelta::days(1), 2).await, [ours], "two records are many here");
    sign(&store, ours, start).await;
    assert_eq!(due(&store, start + TimeDelta::hours(1), 1).await, [theirs]);
    append(&store, ours, start + TimeDelta::hours(2)).await;
    assert_eq!(due(&store, start + TimeDelta::hours(1), 100).await, [theirs], "counted since the checkpoint");
    assert_eq!(due(&store, start + TimeDelta::hours(3), 100).await, [theirs, ours]);
}

#[tokio::test]
async fn what_is_too_old_goes_up_to_a_checkpoint_that_stays() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    let now = store.world.runtime.clock.now();
    let days = |n| now - TimeDelta::days(n);
    for (age, signed) in
        [(500, false), (490, true), (480, false), (450, true), (430, false), (100, true), (1, false)]
    {
        append(&store, tenant, days(age)).await;
        if signed {
            sign(&store, tenant, days(age)).await;
        }
    }
    assert_eq!(settings::retention_days(&store.system().await, tenant).await.unwrap(), 400);
    let pruned = prune(&store, tenant, now).await.unwrap();
    assert_eq!(
        (pruned.records, pruned.first, pruned.anchor),
        (4, 1, 4),
        "number 5 is old too, but not signed"
    );
    assert_eq!(numbers(&store, tenant).await, [5, 6, 7]);
    let kept = checkpoints::span(&store.system().await, tenant, (0, 100), 10).await.unwrap();
    assert_eq!(kept.iter().map(|c| c.seq).collect::<Vec<_>>(), [4, 6], "the anchor is one of them");
    assert_eq!(kept[0].hash, pruned.anchor_hash);
    let rest = audit::span(&store.system().await, tenant, (0, 100), 10).await.unwrap();
    assert_eq!(audit::break_after((4, &kept[0].hash), &rest).unwrap(), None);
    assert_eq!(prune(&store, tenant, now).await, None, "again there is nothing");

    // The chain goes on where it was, also when all of it is too old: the newest record stays.
    let tx = store.tx(tenant).await;
    settings::set_retention_days(&tx, 30, now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(prune(&store, tenant, now).await.unwrap().anchor, 6);
    sign(&store, tenant, now).await;
    assert_eq!(prune(&store, tenant, now + TimeDelta::days(3650)).await, None, "no moment after now counts");
    append(&store, tenant, now).await;
    assert_eq!(numbers(&store, tenant).await, [7, 8]);
    assert_eq!(settings::extent(&store.tx(tenant).await, tenant).await.unwrap(), (7, 8));
}

#[tokio::test]
async fn only_a_checkpoint_that_fits_the_chain_lets_records_go_and_only_the_tenants_own() {
    let store = Store::new().await;
    let (ours, theirs) = (store.world.tenant_id(), store.world.tenant_id());
    let now = store.world.runtime.clock.now();
    for tenant in [ours, theirs] {
        append(&store, tenant, now - TimeDelta::days(500)).await;
        sign(&store, tenant, now - TimeDelta::days(500)).await;
        append(&store, tenant, now).await;
    }
    let wrong = "UPDATE platform.audit_checkpoints SET hash = repeat('0', 64) WHERE tenant_id = $1";
    sqlx::query(wrong).bind(ours.uuid()).execute(&mut store.world.superuser().await).await.unwrap();
    assert_eq!(prune(&store, ours, now).await, None);
    assert_eq!(prune(&store, theirs, now).await.unwrap().records, 1);
    assert_eq!((numbers(&store, ours).await, numbers(&store, theirs).await), (vec![1, 2], vec![2]));
    let candidates = settings::prunable(&store.system().await, audit::PLATFORM, (now, 10)).await.unwrap();
    assert_eq!(candidates, [ours.min(theirs), ours.max(theirs)]);
    assert_eq!(
        settings::prunable(&store.system().await, candidates[0], (now, 10)).await.unwrap(),
        [candidates[1]]
    );
}

#[tokio::test]
async fn of_two_keys_with_one_name_the_first_stays() {
    let store = Store::new().await;
    let key = |public: &str, day| PublicKey {
        key_id: "k".repeat(43),
        public_key: public.repeat(43),
        created_at: at(day),
    };
    let tx = store.system().await;
    checkpoints::add_key(&tx, &key("a", "2026-11-01T00:00:00Z")).await.unwrap();
    checkpoints::add_key(&tx, &key("b", "2026-11-02T00:00:00Z")).await.unwrap();
    assert_eq!(checkpoints::keys(&tx).await.unwrap(), [key("a", "2026-11-01T00:00:00Z")]);
}

async fn add_stream(
    tx: &TenantTx,
    target: &str,
    at: DateTime<Utc>,
) -> tenantry_kernel::Result<AuditStreamId> {
    let id = AuditStreamId::generate(&tenantry_kernel::SystemClock, &OsEntropy);
    streams::insert(tx, streams::NewStream { id, kind: "syslog", target, secret: None, at })
        .await
        .map(|()| id)
}

#[tokio::test]
async fn a_stream_begins_at_the_head_and_its_cursor_moves_only_from_where_it_is() {
    let store = Store::new().await;
    let (tenant, now) = (store.world.tenant_id(), store.world.runtime.clock.now());
    append(&store, tenant, now).await;
    let tx = store.tx(tenant).await;
    let id = add_stream(&tx, "a", now).await.unwrap();
    tx.commit().await.unwrap();
    let twice = add_stream(&store.tx(tenant).await, "a", now).await.unwrap_err();
    assert_eq!(twice.kind(), tenantry_kernel::Kind::Conflict);
    let wanted = streams::Wanted { of_one_tenant: 2, of_a_kind: 10, ..Default::default() };
    let due = async || streams::due(&store.system().await, now, &wanted).await.unwrap();
    assert!(due().await.is_empty(), "nothing is new");
    append(&store, tenant, now).await;
    let found = due().await;
    assert_eq!((found[0].id, found[0].last_seq, found[0].head), (id, 1, 2));
    let tx = store.system().await;
    assert!(!streams::advance(&tx, id, (0, 2), now).await.unwrap(), "somebody else was there");
    streams::put_off(&tx, id, "away", now + TimeDelta::seconds(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(due().await.is_empty(), "put off");
    let tx = store.system().await;
    assert!(streams::advance(&tx, id, (1, 2), now).await.unwrap());
    tx.commit().await.unwrap();
    let listed = streams::list(&store.tx(tenant).await).await.unwrap();
    assert_eq!((listed[0].last_seq, listed[0].attempts, listed[0].last_error.clone()), (2, 0, None));
    assert!(due().await.is_empty());
}

#[tokio::test]
async fn tenants_take_turns_and_slow_streams_hide_no_quick_ones() {
    let store = Store::new().await;
    let now = store.world.runtime.clock.now();
    let mut made = Vec::new();
    for older in [20, 10, 0] {
        let (tenant, now) = (store.world.tenant_id(), now - TimeDelta::seconds(older));
        append(&store, tenant, now).await;
        let tx = store.tx(tenant).await;
        let mut own = Vec::new();
        for (target, age) in [("a", 3), ("b", 2), ("c", 1)] {
            own.push(add_stream(&tx, target, now - TimeDelta::seconds(age)).await.unwrap());
        }
        tx.commit().await.unwrap();
        append(&store, tenant, now).await;
        made.push(own);
    }
    let find = async |wanted: streams::Wanted| -> Vec<AuditStreamId> {
        let due = streams::due(&store.system().await, now, &wanted).await.unwrap();
        due.into_iter().map(|stream| stream.id).collect()
    };
    let most = |of_one_tenant, of_a_kind| streams::Wanted { of_one_tenant, of_a_kind, ..Default::default() };
    let first: Vec<_> = made.iter().map(|own| own[0]).collect();
    assert_eq!(find(most(1, 10)).await, first, "one of each");
    assert_eq!(find(most(3, 4)).await[..3], first, "before anybody gets a second one");
    // Of the last tenant's, one has been delivered to: a quick one has places apart from those that have not.
    let tx = store.system().await;
    assert!(streams::advance(&tx, made[2][1], (1, 1), now).await.unwrap());
    tx.commit().await.unwrap();
    assert!(find(most(1, 1)).await.contains(&made[2][1]));
    let busy = streams::Wanted { busy: vec![made[2][1]], ..most(1, 1) };
    assert!(!find(busy).await.contains(&made[2][1]));
    let slow = streams::Wanted { slow: vec![made[2][1]], ..most(1, 1) };
    assert_eq!(find(slow).await, [first[0]], "it waits for its turn as the others do");
}

/// With the types out of the way: what the wall behind them does.
async fn as_tenant(store: &Store, tenant: Option<TenantId>) -> TenantTx {
    let tx = store.tx(store.world.tenant_id()).await;
    let setting = tenant.map(|t| t.uuid().to_string()).unwrap_or_default();
    let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.into()]);
    tx.conn().execute_raw(set).await.unwrap();
    tx
}

#[tokio::test]
async fn another_tenant_finds_nothing_and_changes_nothing() {
    let store = Store::new().await;
    let (tenant, now) = (store.world.tenant_id(), store.world.runtime.clock.now());
    append(&store, tenant, now).await;
    sign(&store, tenant, now).await;
    append(&store, tenant, now).await;
    let tx = store.tx(tenant).await;
    let id = add_stream(&tx, "a", now).await.unwrap();
    settings::set_retention_days(&tx, 77, now).await.unwrap();
    tx.commit().await.unwrap();

    for other in [Some(store.world.tenant_id()), None] {
        let tx = as_tenant(&store, other).await;
        let page = tenantry_store::PageRequest::new(None, None);
        assert!(audit::page(&tx, tenant, &audit::Filter::default(), &page).await.unwrap().rows.is_empty());
        assert!(audit::span(&tx, tenant, (0, 100), 10).await.unwrap().is_empty());
        assert!(audit::read(&tx, 0, 10).await.unwrap().is_empty());
        assert!(checkpoints::span(&tx, tenant, (0, 100), 10).await.unwrap().is_empty());
        assert_eq!(checkpoints::last(&tx, tenant).await.unwrap(), None);
        assert_eq!(settings::retention_days(&tx, tenant).await.unwrap(), settings::DEFAULT_DAYS);
        assert_eq!(settings::extent(&tx, tenant).await.unwrap(), (1, 0));
        assert_eq!(settings::range(&tx, tenant, (None, None)).await.unwrap(), None);
        assert!(streams::list(&tx).await.unwrap().is_empty());
        assert_eq!(streams::delete(&tx, id).await.unwrap(), None);
        let rows = "SELECT count(*) AS n FROM platform.audit_unsealed";
        assert_eq!(count(&tx, rows, []).await, 0);
        drop(tx);
        // Into somebody else's chain nothing is written, by whatever name.
        let tx = as_tenant(&store, other).await;
        let entry = Entry {
            tenant,
            action: "test.did",
            resource: "x".to_owned(),
            result: audit::OK,
            details: serde_json::json!({}),
        };
        let refused = audit::append(&tx, By::system("test", now), entry).await.unwrap_err();
        assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
    }
    let tx: SystemTx = store.system().await;
    assert_eq!(settings::retention_days(&tx, tenant).await.unwrap(), 77);
    let own = store.tx(tenant).await;
    assert_eq!(streams::delete(&own, id).await.unwrap(), Some(("syslog".to_owned(), "a".to_owned())));
}
