//! What people see and end of their sessions.

use chrono::TimeDelta;
use tenantry_authz::{Actor, Ctx};
use tenantry_identity::*;
use tenantry_kernel::{Kind, OsEntropy, SessionId};
use tenantry_store::PageRequest;

use crate::world::*;

const PHONE: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0";

fn session_of(ctx: &Ctx) -> SessionId {
    let Actor::User { session, .. } = *ctx.actor() else { panic!("nobody") };
    session
}

#[tokio::test]
async fn the_list_shows_ones_own_live_sessions_by_device_and_address() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    world.person("bob@example.com").await;
    let old = world.session_from("ada@example.com", ("203.0.113.1", FIREFOX)).await;
    world.clock.advance(TimeDelta::days(13));
    let laptop = world.session_from("ada@example.com", ("192.0.2.7", FIREFOX)).await;
    world.clock.advance(TimeDelta::days(1));
    assert!(world.identity.authenticate(&old).await.unwrap().is_none(), "idle for 14 days");
    world.session_from("ada@example.com", ("2001:db8::7", PHONE)).await;
    world.session_from("bob@example.com", ("192.0.2.8", FIREFOX)).await;
    let ada = world.as_holder_of(&laptop).await;

    let page = world.identity.own_sessions(&ada, &PageRequest::new(None, None)).await.unwrap();
    let shown: Vec<_> =
        page.rows.iter().map(|s| (s.device.name(), s.device.kind, s.address.clone().unwrap())).collect();
    assert_eq!(
        shown,
        [
            ("Chrome on Android".to_owned(), DeviceKind::Phone, "2001:db8::7".to_owned()),
            ("Firefox on Linux".to_owned(), DeviceKind::Computer, "192.0.2.7".to_owned()),
        ]
    );
    assert_eq!(page.rows[1].id, session_of(&ada));
    assert_eq!(page.rows[1].last_seen_at - page.rows[1].created_at, TimeDelta::days(1));
    assert_eq!(page.rows[1].expires_at - page.rows[1].created_at, TimeDelta::days(30));

    let first = world.identity.own_sessions(&ada, &PageRequest::new(Some(1), None)).await.unwrap();
    assert!(first.has_next);
    let after = PageRequest::new(Some(1), Some(first.rows[0].id.to_string()));
    let rest = world.identity.own_sessions(&ada, &after).await.unwrap();
    assert_eq!((rest.rows[0].id, rest.has_next), (page.rows[1].id, false));
    let bad = PageRequest::new(None, Some("x".into()));
    assert_eq!(world.identity.own_sessions(&ada, &bad).await.unwrap_err().field(), Some("after"));
    let nobody = world.identity.own_sessions(&world.anonymous(), &after).await.unwrap_err();
    assert_eq!(nobody.kind(), Kind::Unauthenticated);
}

#[tokio::test]
async fn one_session_or_all_others_end_and_nobody_elses() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    world.person("bob@example.com").await;
    let (here, _) = world.session("ada@example.com").await;
    let (stolen, _) = world.session("ada@example.com").await;
    let (phone, _) = world.session("ada@example.com").await;
    let (bobs, _) = world.session("bob@example.com").await;
    let (ada, thief) = (world.as_holder_of(&here).await, world.as_holder_of(&stolen).await);
    let bob = world.as_holder_of(&bobs).await;
    let live = async |token| world.identity.authenticate(token).await.unwrap().is_some();

    for _ in 0..2 {
        world.identity.end_own_session(&ada, session_of(&thief)).await.unwrap();
    }
    assert!(!live(&stolen).await && live(&here).await && live(&phone).await);
    // What is somebody else's is as what is not: nothing is told, and nothing happens.
    world.identity.end_own_session(&ada, session_of(&bob)).await.unwrap();
    world.identity.end_own_session(&ada, SessionId::generate(&*world.clock, &OsEntropy)).await.unwrap();
    assert!(live(&bobs).await);

    assert_eq!(world.identity.end_other_sessions(&ada).await.unwrap(), 1);
    assert_eq!(world.identity.end_other_sessions(&ada).await.unwrap(), 0);
    assert!(live(&here).await && !live(&phone).await && live(&bobs).await);
    let nobody = world.identity.end_other_sessions(&world.anonymous()).await.unwrap_err();
    assert_eq!(nobody.kind(), Kind::Unauthenticated);
}

#[tokio::test]
async fn what_a_browser_asks_by_itself_keeps_no_session_alive() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    let (left, _) = world.session("ada@example.com").await;
    for _ in 0..13 {
        world.clock.advance(TimeDelta::days(1));
        assert!(world.identity.authenticate_unattended(&left).await.unwrap().is_some());
    }
    world.clock.advance(TimeDelta::days(1));
    assert!(world.identity.authenticate_unattended(&left).await.unwrap().is_none());
    assert!(world.identity.authenticate(&left).await.unwrap().is_none());
}

#[tokio::test]
async fn who_watches_is_told_that_a_session_ended_or_has_another_token() {
    let world = World::new().await;
    let ada = world.logged_in("ada@example.com").await;
    let tenant = world.tenant_of(ada.user().unwrap()).await;
    let (other, _) = world.session("ada@example.com").await;
    let other = world.as_holder_of(&other).await;
    let pool = sqlx::PgPool::connect_lazy_with(world.test_db.superuser.clone());
    let mut listener = sqlx::postgres::PgListener::connect_with(&pool).await.unwrap();
    listener.listen("tenantry_tenant").await.unwrap();
    let word = format!("credentials {}", tenant.uuid());
    world.identity.end_own_session(&ada, session_of(&other)).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), word);
    let change = ChangePassword {
        current: tenantry_kernel::Secret::new(PASSWORD),
        new: tenantry_kernel::Secret::new(OTHER_PASSWORD),
    };
    world.identity.change_password(&ada, change).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), word);
}
