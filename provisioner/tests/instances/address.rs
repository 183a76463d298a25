//! Whether an address is free, and how long a boot takes in a region.

use tenantry_authz::{Actor, Ctx, Origin};
use tenantry_kernel::{Kind, TenantId};
use tenantry_provisioner::instances::{Address, AddressCheck, CreateInstance};

use crate::shop::*;

async fn check(shop: &Shop, ctx: &Ctx, tenant: Option<TenantId>, slug: &str) -> AddressCheck {
    let wanted = Address { region: "us-east".to_owned(), slug: slug.to_owned() };
    shop.instances.check_address(ctx, tenant, wanted).await.unwrap()
}

#[tokio::test]
async fn a_free_address_is_free_and_a_taken_one_has_a_free_neighbour() {
    let shop = Shop::new().await;
    let stranger = shop.world.stranger();
    let free = check(&shop, &stranger, None, "acme").await;
    assert!(free.problem.is_none() && free.suggestion.is_none());
    for slug in ["acme", "acme-2", "acme-3"] {
        shop.create(slug).await;
    }
    let (theirs, neighbour) = shop.neighbour().await;
    for (ctx, tenant) in [(&stranger, None), (&neighbour, Some(theirs))] {
        let taken = check(&shop, ctx, tenant, "acme").await;
        let problem = taken.problem.unwrap();
        // Nothing about who has it.
        assert_eq!(
            (problem.kind(), problem.message()),
            (Kind::Conflict, "This address is taken in this region.")
        );
        assert_eq!(taken.suggestion.as_deref(), Some("acme-4"));
    }
    shop.instances.create(&neighbour, theirs, new_instance("acme-4"), None).await.unwrap();
    let elsewhere = Address { region: "eu-central".to_owned(), slug: "acme".to_owned() };
    let elsewhere = shop.instances.check_address(&stranger, None, elsewhere).await.unwrap();
    assert!(elsewhere.problem.is_none());
}

#[tokio::test]
async fn one_s_own_address_is_told_apart_and_so_is_one_that_is_kept() {
    let shop = Shop::new().await;
    let made = shop.create("acme").await;
    let own = check(&shop, &shop.owner, Some(shop.tenant), "acme").await.problem.unwrap();
    assert_eq!(own.message(), "Your instance Instance acme has this address.");
    shop.delete_as(&made, false).await;
    let kept = check(&shop, &shop.owner, Some(shop.tenant), "acme").await.problem.unwrap();
    assert!(kept.message().contains("keeps this address until"), "{}", kept.message());
    assert!(kept.remedy().contains("delete it immediately"), "{}", kept.remedy());
    let foreign = check(&shop, &shop.world.stranger(), None, "acme").await.problem.unwrap();
    assert_eq!(foreign.message(), "This address is taken in this region.");
}

#[tokio::test]
async fn nonsense_is_answered_with_what_was_meant() {
    let shop = Shop::new().await;
    let stranger = shop.world.stranger();
    let long = "a".repeat(100_000);
    for (typed, meant) in [
        ("Acme Inc.", "acme-inc"),
        ("admin", "admin-2"),
        ("www", "www-2"),
        ("", "workflows"),
        ("x/../\u{202e}\0", "x"),
        (long.as_str(), &long[..40]),
    ] {
        let answer = check(&shop, &stranger, None, typed).await;
        let problem = answer.problem.unwrap();
        assert_eq!((problem.kind(), problem.field()), (Kind::Invalid, Some("slug")), "{typed:.20}");
        assert_eq!(answer.suggestion.as_deref(), Some(meant), "{typed:.20}");
        assert!(answer.address.slug.len() <= 40);
    }
    let mars = Address { region: "Mars/..".to_owned(), slug: "acme".to_owned() };
    let mars = shop.instances.check_address(&stranger, None, mars).await.unwrap();
    assert_eq!(mars.problem.unwrap().field(), Some("region"));
    assert_eq!((mars.address.region.as_str(), mars.suggestion), ("mars", None));
}

#[tokio::test]
async fn nobody_and_strangers_of_a_tenant_are_turned_away() {
    let shop = Shop::new().await;
    let wanted = || Address { region: "us-east".to_owned(), slug: "acme".to_owned() };
    let nobody = Ctx::new(shop.world.runtime.clone(), Actor::Anonymous, vec![], Origin::default());
    let error = shop.instances.check_address(&nobody, None, wanted()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    let (_, neighbour) = shop.neighbour().await;
    for ctx in [&neighbour, &shop.world.stranger()] {
        let error = shop.instances.check_address(ctx, Some(shop.tenant), wanted()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound);
    }
}

#[tokio::test]
async fn a_region_knows_how_long_its_last_boots_took() {
    let shop = Shop::new().await;
    let seconds = || async {
        let regions = shop.instances.regions().await.unwrap();
        let of = |code: &str| regions.iter().find(|r| r.code == code).unwrap().ready_seconds;
        (of("us-east"), of("eu-central"))
    };
    assert_eq!(seconds().await, (None, None), "no experience");
    sqlx::raw_sql("UPDATE provisioner.regions SET capacity = 100")
        .execute(&mut shop.world.superuser().await)
        .await
        .unwrap();
    // Five slow boots long ago, twenty quick ones since, and one that was interrupted for an hour.
    for n in 0..26i32 {
        let made = shop.create(&format!("i{n}")).await;
        let took = match n {
            0..5 => 600,
            25 => 3_600,
            n => n - 4,
        };
        let ago = 100_000 - n * 1_000;
        let boot = format!(
            "created_at = now() - interval '{ago} seconds',
             first_ready_at = now() - interval '{ago} seconds' + interval '{took} seconds'"
        );
        shop.set(made.id, &boot).await;
        assert_eq!(seconds().await.1, None);
    }
    assert_eq!(seconds().await, (Some(11), None), "the median of 1 to 20, rounded up");
    let gone = "deleted_at = now(), desired = 'deleted', delete_at = now(), phase = 'deleted'";
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("UPDATE provisioner.instances SET {gone}")))
        .execute(&mut shop.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(seconds().await.0, Some(11), "what was learned from instances that are gone stays");
}

const GONE: &str = "desired = 'deleted', phase = 'deleted'";

#[tokio::test]
async fn an_address_that_has_gone_is_kept_from_everybody_else_for_a_while() {
    let shop = Shop::new().await;
    let made = shop.create("acme").await;
    let (theirs, neighbour) = shop.neighbour().await;
    let take = async || {
        let taken = shop.instances.create(&neighbour, theirs, new_instance("acme"), None).await;
        taken.map(|instance| instance.id).map_err(|e| (e.kind(), e.message().to_owned()))
    };
    let alive = take().await.unwrap_err();
    assert_eq!(alive, (Kind::Conflict, "This address is taken in this region.".to_owned()));
    let gone = |ago: &str| {
        format!("deleted_at = now() - interval '{ago}', delete_at = now() - interval '{ago}', {GONE}")
    };
    for ago in ["0 days", "89 days"] {
        shop.set(made.id, &gone(ago)).await;
        assert_eq!(take().await.unwrap_err(), alive, "{ago}: the same answer as for one that is there");
        for (ctx, tenant) in [(&shop.world.stranger(), None), (&neighbour, Some(theirs))] {
            let answer = check(&shop, ctx, tenant, "acme").await;
            assert_eq!(answer.problem.unwrap().message(), alive.1, "{ago}");
            assert_eq!(answer.suggestion.as_deref(), Some("acme-2"));
        }
    }
    let own = check(&shop, &shop.owner, Some(shop.tenant), "acme").await;
    assert!(own.problem.is_none(), "whose it was may have it again: {:?}", own.problem);
    let again = shop.create("acme").await;
    assert_eq!(take().await.unwrap_err(), alive);
    for id in [made.id, again.id] {
        shop.set(id, &gone("91 days")).await;
    }
    assert!(check(&shop, &neighbour, Some(theirs), "acme").await.problem.is_none());
    take().await.unwrap();
    // Elsewhere it never was anybody's.
    let elsewhere = CreateInstance { region: "us-west".to_owned(), ..new_instance("acme") };
    shop.instances.create(&shop.owner, shop.tenant, elsewhere, None).await.unwrap();
}

/// The instance goes while another tenant reaches for its address: whoever waits for the index sees who had it.
#[tokio::test]
async fn an_address_that_goes_at_this_moment_is_kept_too() {
    let shop = Shop::new().await;
    let made = shop.create("acme").await;
    let (theirs, neighbour) = shop.neighbour().await;
    let mut worker = shop.world.superuser().await;
    sqlx::raw_sql("BEGIN").execute(&mut worker).await.unwrap();
    let gone = format!(
        "UPDATE provisioner.instances SET deleted_at = now(), delete_at = now(), {GONE} WHERE id = $1"
    );
    sqlx::query(sqlx::AssertSqlSafe(gone)).bind(made.id.uuid()).execute(&mut worker).await.unwrap();
    let instances = shop.instances.clone();
    let waiting =
        tokio::spawn(async move { instances.create(&neighbour, theirs, new_instance("acme"), None).await });
    let waits = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                 WHERE NOT l.granted AND a.datname = current_database()";
    while shop.number(waits).await == 0 {
        assert!(!waiting.is_finished(), "it has to wait");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    sqlx::raw_sql("COMMIT").execute(&mut worker).await.unwrap();
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Conflict, "This address is taken in this region."));
}
