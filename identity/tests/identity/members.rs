use tenantry_authz::{Grant, Role};
use tenantry_kernel::{Kind, OsEntropy, TenantId, UserId};
use tenantry_store::{PageRequest, SystemRole, SystemTx};

use crate::world::*;

#[tokio::test]
async fn members_of_another_tenant_are_not_found() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    world.person("bob@example.com").await;
    let (ada_token, ada) = world.session("ada@example.com").await;
    let (_, bob) = world.session("bob@example.com").await;
    let (hers, his) = (world.tenant_of(ada.id).await, world.tenant_of(bob.id).await);
    let ctx = world.as_holder_of(&ada_token).await;
    let page = PageRequest::new(None, None);

    let rows = world.identity.members(&ctx, hers, &page).await.unwrap().rows;
    assert_eq!(rows.iter().map(|m| m.email.as_str()).collect::<Vec<_>>(), ["ada@example.com"]);
    let nowhere = TenantId::generate(&*world.clock, &OsEntropy);
    let foreign = world.identity.members(&ctx, his, &page).await.unwrap_err();
    let missing = world.identity.members(&ctx, nowhere, &page).await.unwrap_err();
    assert_eq!((foreign.kind(), foreign.message()), (Kind::NotFound, missing.message()), "the same answer");
    let anonymous = world.identity.members(&world.anonymous(), hers, &page).await.unwrap_err();
    assert_eq!(anonymous.kind(), Kind::Unauthenticated);
    let billing = world.as_member(vec![Grant::new(hers, Role::Billing)]);
    assert_eq!(world.identity.members(&billing, hers, &page).await.unwrap_err().kind(), Kind::NotFound);
    let operator = world.as_operator();
    assert_eq!(world.identity.members(&operator, hers, &page).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn members_come_in_pages() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    let (token, ada) = world.session("ada@example.com").await;
    let tenant = world.tenant_of(ada.id).await;
    sqlx::query(
        "WITH people AS (INSERT INTO identity.users (id, email, name, created_at)
           SELECT gen_random_uuid(), 'm' || i || '@example.com', 'M' || i, now() FROM generate_series(1, 24) i
           RETURNING id, email, name)
         INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
           SELECT $1, id, 'viewer', email, name, now() FROM people",
    )
    .bind(tenant.uuid())
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
    let ctx = world.as_holder_of(&token).await;
    let (mut seen, mut after) = (vec![], None);
    loop {
        let page = world.identity.members(&ctx, tenant, &PageRequest::new(Some(10), after)).await.unwrap();
        seen.extend(page.rows.iter().map(|m| m.user_id));
        if !page.has_next {
            break;
        }
        after = seen.last().map(ToString::to_string);
    }
    assert_eq!(seen.len(), 25);
    seen.dedup();
    assert_eq!(seen.len(), 25);
    let bad = PageRequest::new(None, Some("nonsense".into()));
    assert_eq!(world.identity.members(&ctx, tenant, &bad).await.unwrap_err().field(), Some("after"));
}

#[tokio::test]
async fn an_owner_is_a_person_and_only_once() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    let (_, ada) = world.session("ada@example.com").await;
    let tenant = world.tenant_of(ada.id).await;
    let again = async |user| {
        let tx = SystemTx::begin(&world.db, SystemRole::Onboarding).await.unwrap();
        let at = tenantry_kernel::Clock::now(&*world.clock);
        world.identity.add_first_owner(&tx, tenant, user, at).await.unwrap_err().kind()
    };
    assert_eq!(again(ada.id).await, Kind::Conflict);
    assert_eq!(again(UserId::generate(&*world.clock, &OsEntropy)).await, Kind::Unauthenticated);
    let audited: i64 =
        sqlx::query_scalar("SELECT count(*) FROM platform.audit WHERE action = 'member.added'")
            .fetch_one(&mut world.superuser().await)
            .await
            .unwrap();
    assert_eq!(audited, 1);
}
