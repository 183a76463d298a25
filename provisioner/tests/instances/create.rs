//! Creating instances and saying what is wanted of them.

use std::sync::atomic::Ordering;

use tenantry_authz::{Action, Resource, ResourceKind};
use tenantry_kernel::{Kind, Secret};
use tenantry_keys::Purpose;
use tenantry_provisioner::instances::{CreateInstance, DeleteInstance, Desired, Phase};
use tenantry_store::{PageRequest, SystemRole, SystemTx, TenantTx, audit};

use crate::shop::*;

const INSTANCES: &str = "SELECT count(*) FROM provisioner.instances";

#[tokio::test]
async fn the_same_key_twice_is_one_instance() {
    let shop = Shop::new().await;
    let create = |input: CreateInstance| {
        let shop = &shop;
        async move { shop.instances.create(&shop.owner, shop.tenant, input, Some(&key("k"))).await }
    };
    let first = create(new_instance("acme")).await.unwrap();
    assert_eq!((first.phase, first.desired, first.generation), (Phase::Queued, Desired::Running, 1));
    let again = create(new_instance("acme")).await.unwrap();
    assert_eq!(again, first);
    let (one, two) = tokio::join!(create(new_instance("acme")), create(new_instance("acme")));
    assert_eq!((one.unwrap().id, two.unwrap().id), (first.id, first.id));
    assert_eq!(shop.number(INSTANCES).await, 1);
    let other = create(new_instance("other")).await.unwrap_err();
    assert_eq!(other.kind(), Kind::Conflict);
    assert_eq!(shop.number("SELECT count(*) FROM platform.outbox").await, 1);
    assert_eq!(shop.number("SELECT count(*) FROM platform.audit").await, 1);
}

#[tokio::test]
async fn concurrent_creates_stop_exactly_at_the_plans_limit() {
    let shop = Shop::new().await;
    shop.plan.max_instances.store(3, Ordering::SeqCst);
    let slugs: Vec<String> = (0..8).map(|n| format!("i{n}")).collect();
    let creates =
        slugs.iter().map(|slug| shop.instances.create(&shop.owner, shop.tenant, new_instance(slug), None));
    let results = futures::future::join_all(creates).await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 3);
    for error in results.into_iter().filter_map(Result::err) {
        assert_eq!(error.kind(), Kind::QuotaExceeded);
        assert!(error.message().contains("Test includes 3"), "{}", error.message());
    }
    assert_eq!(shop.number(INSTANCES).await, 3);
    // Another tenant has its own count.
    let (tenant, owner) = shop.neighbour().await;
    shop.instances.create(&owner, tenant, new_instance("theirs"), None).await.unwrap();
}

#[tokio::test]
async fn a_key_of_a_create_that_was_refused_is_still_good() {
    let shop = Shop::new().await;
    shop.plan.max_instances.store(0, Ordering::SeqCst);
    let create = || async {
        shop.instances.create(&shop.owner, shop.tenant, new_instance("acme"), Some(&key("k"))).await
    };
    assert_eq!(create().await.unwrap_err().kind(), Kind::QuotaExceeded);
    for table in ["provisioner.instance_secrets", "provisioner.instance_events", "platform.idempotency_keys"]
    {
        assert_eq!(shop.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    shop.plan.max_instances.store(1, Ordering::SeqCst);
    let made = create().await.unwrap();
    assert_eq!(create().await.unwrap().id, made.id);
}

#[tokio::test]
async fn an_address_is_taken_once_in_a_region_whoever_has_it() {
    let shop = Shop::new().await;
    let first = shop.create("acme").await;
    let (tenant, owner) = shop.neighbour().await;
    let taken = shop.instances.create(&owner, tenant, new_instance("acme"), None).await.unwrap_err();
    assert_eq!(taken.kind(), Kind::Conflict);
    assert!(taken.message().contains("taken"), "{}", taken.message());
    let elsewhere = CreateInstance { region: "eu-central".to_owned(), ..new_instance("acme") };
    shop.instances.create(&owner, tenant, elsewhere, None).await.unwrap();
    // Free again for whose it was once it is gone, not already when it is to go.
    shop.delete(&first).await;
    let going = shop.instances.create(&shop.owner, shop.tenant, new_instance("acme"), None).await;
    assert_eq!(going.unwrap_err().kind(), Kind::Conflict);
    shop.set(first.id, "deleted_at = now(), phase = 'deleted'").await;
    shop.create("acme").await;
}

#[tokio::test]
async fn bad_input_is_refused_with_its_field_and_leaves_nothing() {
    let shop = Shop::new().await;
    let bad = [
        ("region", CreateInstance { region: "mars".to_owned(), ..new_instance("acme") }),
        ("region", CreateInstance { region: String::new(), ..new_instance("acme") }),
        ("slug", new_instance("Acme")),
        ("slug", new_instance("-acme")),
        ("slug", new_instance("a.b")),
        ("slug", new_instance("")),
        ("slug", new_instance("admin")),
        ("slug", new_instance(&"a".repeat(41))),
        ("name", CreateInstance { name: String::new(), ..new_instance("acme") }),
        ("name", CreateInstance { name: "  ".to_owned(), ..new_instance("acme") }),
        ("name", CreateInstance { name: "a\0b".to_owned(), ..new_instance("acme") }),
        ("name", CreateInstance { name: "é".repeat(121), ..new_instance("acme") }),
    ];
    for (field, input) in bad {
        let error =
            shop.instances.create(&shop.owner, shop.tenant, input.clone(), None).await.expect_err(field);
        assert_eq!((error.kind(), error.field()), (Kind::Invalid, Some(field)), "{input:?}");
    }
    let unknown = CreateInstance { region: "mars".to_owned(), ..new_instance("acme") };
    let error = shop.instances.create(&shop.owner, shop.tenant, unknown, None).await.unwrap_err();
    assert!(error.remedy().contains("us-east"), "{}", error.remedy());
    assert_eq!(shop.number(INSTANCES).await, 0);
}

#[tokio::test]
async fn a_full_region_is_unavailable_and_a_closed_one_unknown() {
    let shop = Shop::new().await;
    shop.create("acme").await;
    let mut superuser = shop.world.superuser().await;
    for (change, kind) in [("capacity = 1", Kind::Unavailable), ("enabled = false", Kind::Invalid)] {
        let sql =
            sqlx::AssertSqlSafe(format!("UPDATE provisioner.regions SET {change} WHERE code = 'us-east'"));
        sqlx::raw_sql(sql).execute(&mut superuser).await.unwrap();
        let refused = shop.instances.create(&shop.owner, shop.tenant, new_instance("more"), None).await;
        assert_eq!(refused.unwrap_err().kind(), kind, "{change}");
    }
}

#[tokio::test]
async fn starting_and_stopping_twice_is_once() {
    let shop = Shop::new().await;
    let id = shop.create("acme").await.id;
    let (owner, tenant) = (&shop.owner, shop.tenant);
    assert_eq!(shop.instances.start(owner, tenant, id).await.unwrap().generation, 1, "it is wanted already");
    for _ in 0..2 {
        let stopped = shop.instances.stop(owner, tenant, id).await.unwrap();
        assert_eq!((stopped.desired, stopped.generation), (Desired::Stopped, 2));
    }
    let (one, two) =
        tokio::join!(shop.instances.start(owner, tenant, id), shop.instances.start(owner, tenant, id));
    assert_eq!((one.unwrap().generation, two.unwrap().generation), (3, 3));

    let resource = Resource::new(ResourceKind::Audit, tenant);
    let permit = owner.permit(Action::View, &resource).unwrap();
    let tx = TenantTx::begin(&shop.db, &permit).await.unwrap();
    let trail = audit::read(&tx, 0, 100).await.unwrap();
    let actions: Vec<_> = trail.iter().map(|r| r.action.as_str()).collect();
    assert_eq!(actions, ["instance.create", "instance.stop", "instance.start"]);
    assert!(trail.iter().all(|r| r.actor == owner.actor().label() && r.resource == id.to_string()));
    assert_eq!(audit::first_break(&trail).unwrap(), None);
}

#[tokio::test]
async fn deleting_needs_the_address_typed_again_and_at_once_it_cannot_be_taken_back() {
    let shop = Shop::new().await;
    let id = shop.create("acme").await.id;
    let (owner, tenant) = (&shop.owner, shop.tenant);
    for wrong in ["", "ACME", "acme ", "other"] {
        let input = DeleteInstance { confirm_slug: wrong.to_owned(), immediately: true };
        let refused = shop.instances.delete(owner, tenant, id, input).await.unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (Kind::Invalid, Some("confirmSlug")), "{wrong:?}");
    }
    for _ in 0..2 {
        let input = DeleteInstance { confirm_slug: "acme".to_owned(), immediately: true };
        let going = shop.instances.delete(owner, tenant, id, input).await.unwrap();
        assert_eq!((going.desired, going.generation), (Desired::Deleted, 2));
    }
    for result in [
        shop.instances.start(owner, tenant, id).await,
        shop.instances.stop(owner, tenant, id).await,
        shop.instances.restore(owner, tenant, id).await,
    ] {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.remedy()), (Kind::Conflict, "Create a new instance."));
    }
}

#[tokio::test]
async fn the_list_pages_in_the_order_of_creation() {
    let shop = Shop::new().await;
    for n in 0..5 {
        shop.create(&format!("i{n}")).await;
    }
    let (mut slugs, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest::new(Some(2), after.clone());
        let page = shop.instances.list(&shop.owner, shop.tenant, &page).await.unwrap();
        after = page.rows.last().map(|i| i.id.to_string());
        slugs.extend(page.rows.into_iter().map(|i| i.slug));
        if !page.has_next {
            break;
        }
    }
    assert_eq!(slugs, ["i0", "i1", "i2", "i3", "i4"]);
    let nonsense = PageRequest::new(None, Some("ten_x".to_owned()));
    let error = shop.instances.list(&shop.owner, shop.tenant, &nonsense).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (Kind::Invalid, Some("after")));
}

#[tokio::test]
async fn secrets_are_kept_sealed_and_are_written_nowhere_else() {
    let shop = Shop::new().await;
    let id = shop.create("acme").await.id;
    let mut plain: Vec<Secret> = Vec::new();
    let tx = SystemTx::begin(&shop.db, SystemRole::Provisioner).await.unwrap();
    for name in ["encryption_key", "database_password", "owner_password", "owner_password_hash"] {
        let sql = format!("SELECT sealed FROM provisioner.instance_secrets WHERE name = '{name}'");
        let sealed = shop.texts(&sql).await.remove(0);
        let subject = format!("{id}/{name}");
        let purpose = Purpose { kind: "instance_secret", subject: &subject };
        let secret = shop.keys.open(&tx, shop.tenant, purpose, &sealed).await.unwrap();
        assert!(secret.expose().len() >= 24, "{name}");
        plain.push(secret);
    }
    let tables = shop
        .texts(
            "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')",
        )
        .await;
    assert!(tables.len() > 15);
    for table in tables {
        for row in shop.texts(&format!("SELECT t::text FROM {table} t")).await {
            assert!(
                plain.iter().all(|secret| !row.contains(secret.expose())),
                "a secret in plain text in {table}"
            );
        }
    }
}
