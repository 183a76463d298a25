//! A code is good once, for a minute, for its browser, on its instance's host. Whoever else has it gets nothing.

use chrono::TimeDelta;
use tenantry_authz::{Ctx, Role};
use tenantry_kernel::{Kind, Secret};
use tenantry_provisioner::open::Issued;

use crate::browser::{Browser, ask, location};
use crate::world::{ACME, BOLT, SHOP, World};

/// Refused, and the code is spent: its own browser gets nothing for it afterwards.
async fn nothing(world: &World, thief: &Browser, host: &str, code: &Secret) {
    let answer = thief.redeem(world, host, code).await;
    assert_eq!(answer.status(), 403);
    assert!(!thief.cookies(host).contains_key("tenantry_open"));
    assert!(!thief.is_in(world, host).await);
    assert_eq!(world.count("SELECT count(*) FROM provisioner.open_sessions").await, 0);
    assert_eq!(world.acme.log_ins(), 0);
}

async fn spent(world: &World, owner: &Browser, code: &Secret) {
    assert_eq!(owner.redeem(world, ACME, code).await.status(), 403);
    assert!(!owner.is_in(world, ACME).await);
}

#[tokio::test]
async fn the_way_in() {
    let world = World::new().await;
    let browser = Browser::default();
    let asked = browser.begin(&world, ACME, "?to=%2Fworkflow%2F1%3Fa%3Db").await;
    assert_eq!(
        (asked.instance.as_str(), asked.to.as_str()),
        (world.acme_id.to_string().as_str(), "/workflow/1?a=b")
    );
    let Issued::Code { code, slug, region } = ask(&world, &world.ada, &asked).await.unwrap() else {
        panic!()
    };
    assert_eq!((slug.as_str(), region.as_str()), ("acme", "us-east"));
    let answer = browser.redeem(&world, ACME, &code).await;
    assert_eq!((answer.status().as_u16(), location(&answer)), (302, "/workflow/1?a=b"));
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    assert!(browser.is_in(&world, ACME).await);
    let names: Vec<String> = browser.cookies(ACME).into_keys().collect();
    assert_eq!(names, ["tenantry_open"], "no log-in of n8n, and the mark is taken away");
    let asked = world.acme.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["emailOrLdapLoginId"], "ada@example.com");
    assert!(asked[0]["password"].as_str().unwrap().len() >= 40);
    let audited = world.count("SELECT count(*) FROM platform.audit WHERE action = 'instance.open'").await;
    assert_eq!(audited, 1);
}

#[tokio::test]
async fn a_stolen_code_is_nothing_in_another_browser() {
    let world = World::new().await;
    let (owner, thief) = (Browser::default(), Browser::default());
    let code = owner.code(&world, ACME, &world.ada).await;
    nothing(&world, &thief, ACME, &code).await;
    spent(&world, &owner, &code).await;
}

#[tokio::test]
async fn a_stolen_code_is_nothing_in_a_browser_with_a_mark_of_its_own() {
    let world = World::new().await;
    let (owner, thief) = (Browser::default(), Browser::default());
    let code = owner.code(&world, ACME, &world.ada).await;
    thief.begin(&world, ACME, "").await;
    nothing(&world, &thief, ACME, &code).await;
    spent(&world, &owner, &code).await;
}

#[tokio::test]
async fn a_code_works_once() {
    let world = World::new().await;
    let (owner, thief) = (Browser::default(), Browser::default());
    let code = owner.code(&world, ACME, &world.ada).await;
    thief.set_cookies(ACME, owner.cookies(ACME));
    assert_eq!(owner.redeem(&world, ACME, &code).await.status(), 302);
    // Even with everything that its browser had.
    let again = thief.redeem(&world, ACME, &code).await;
    assert_eq!(again.status(), 403);
    assert!(!thief.is_in(&world, ACME).await);
    assert_eq!(world.count("SELECT count(*) FROM provisioner.open_sessions").await, 1);
    // Its own browser, which is in, is taken to the editor.
    let again = owner.redeem(&world, ACME, &code).await;
    assert_eq!((again.status().as_u16(), location(&again)), (302, "/"));
}

#[tokio::test]
async fn of_two_uses_at_once_one_wins() {
    let world = World::new().await;
    let (one, two) = (Browser::default(), Browser::default());
    let code = one.code(&world, ACME, &world.ada).await;
    two.set_cookies(ACME, one.cookies(ACME));
    let (a, b) = tokio::join!(one.redeem(&world, ACME, &code), two.redeem(&world, ACME, &code));
    let mut both = [a.status().as_u16(), b.status().as_u16()];
    both.sort_unstable();
    assert_eq!(both, [302, 403]);
}

#[tokio::test]
async fn a_code_is_good_for_a_minute() {
    let world = World::new().await;
    let owner = Browser::default();
    let code = owner.code(&world, ACME, &world.ada).await;
    world.clock.advance(TimeDelta::seconds(59));
    assert_eq!(owner.redeem(&world, ACME, &code).await.status(), 302);
}

#[tokio::test]
async fn a_code_is_nothing_after_a_minute() {
    let world = World::new().await;
    let owner = Browser::default();
    let code = owner.code(&world, ACME, &world.ada).await;
    world.clock.advance(TimeDelta::seconds(61));
    nothing(&world, &owner, ACME, &code).await;
    // What nobody came for is thrown away.
    owner.code(&world, ACME, &world.ada).await;
    owner.code(&world, SHOP, &world.ada).await;
    world.clock.advance(TimeDelta::seconds(61));
    owner.code(&world, ACME, &world.ada).await;
    assert_eq!(world.count("SELECT count(*) FROM provisioner.open_codes").await, 1);
    world.clock.advance(TimeDelta::seconds(61));
    assert_eq!(world.opening.purge_expired().await.unwrap(), 1);
}

#[tokio::test]
async fn a_code_is_nothing_on_another_instances_host() {
    let world = World::new().await;
    let owner = Browser::default();
    let code = owner.code(&world, ACME, &world.ada).await;
    owner.set_cookies(SHOP, owner.cookies(ACME));
    nothing(&world, &owner, SHOP, &code).await;
    spent(&world, &owner, &code).await;
}

#[tokio::test]
async fn a_code_of_another_tenant_is_nothing_here() {
    let world = World::new().await;
    let outsider = Browser::default();
    let code = outsider.code(&world, BOLT, &world.bob).await;
    outsider.set_cookies(ACME, outsider.cookies(BOLT));
    nothing(&world, &outsider, ACME, &code).await;
}

#[tokio::test]
async fn an_outsider_gets_no_code_and_learns_nothing() {
    let world = World::new().await;
    let browser = Browser::default();
    let mut asked = browser.begin(&world, ACME, "").await;
    let ours = ask(&world, &world.bob, &asked).await.unwrap_err();
    let stranger = ask(&world, &world.base.stranger(), &asked).await.unwrap_err();
    asked.instance = tenantry_kernel::InstanceId::from_uuid(world.tenant.uuid()).to_string();
    let missing = ask(&world, &world.bob, &asked).await.unwrap_err();
    for error in [&ours, &stranger, &missing] {
        assert_eq!(error.kind(), Kind::NotFound);
        assert_eq!((error.message(), error.remedy()), (missing.message(), missing.remedy()));
    }
    let nobody = Ctx::new(
        world.base.runtime.clone(),
        tenantry_authz::Actor::Anonymous,
        vec![],
        tenantry_authz::Origin::default(),
    );
    assert_eq!(ask(&world, &nobody, &asked).await.unwrap_err().kind(), Kind::Unauthenticated);
    assert_eq!(world.count("SELECT count(*) FROM provisioner.open_codes").await, 0);
}

#[tokio::test]
async fn a_member_without_the_right_is_told_so() {
    let world = World::new().await;
    let browser = Browser::default();
    let asked = browser.begin(&world, ACME, "").await;
    for role in [Role::Viewer, Role::Billing] {
        let error = ask(&world, &world.member(role), &asked).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Forbidden, "{role}");
    }
    for role in [Role::Owner, Role::Admin, Role::Developer] {
        assert!(ask(&world, &world.member(role), &asked).await.is_ok(), "{role}");
    }
}

#[tokio::test]
async fn a_code_is_nothing_after_its_person_logged_out_or_lost_the_right() {
    let world = World::new().await;
    let (browser, developer) = (Browser::default(), world.member(Role::Developer));
    let code = browser.code(&world, ACME, &developer).await;
    world.sessions.log_out(&developer);
    nothing(&world, &browser, ACME, &code).await;

    world.sessions.log_in(&developer);
    let code = browser.code(&world, ACME, &developer).await;
    world.sessions.change(&developer, &world.base.member(world.tenant, Role::Viewer));
    nothing(&world, &browser, ACME, &code).await;

    world.sessions.log_in(&developer);
    let code = browser.code(&world, ACME, &developer).await;
    world.sessions.change(&developer, &world.base.stranger());
    nothing(&world, &browser, ACME, &code).await;
}

#[tokio::test]
async fn several_tabs_open_at_once() {
    let world = World::new().await;
    let browser = Browser::default();
    let first = browser.code(&world, ACME, &world.ada).await;
    let second = browser.code(&world, ACME, &world.ada).await;
    assert_eq!(browser.cookies(ACME).len(), 2);
    assert_eq!(browser.redeem(&world, ACME, &first).await.status(), 302);
    assert_eq!(browser.redeem(&world, ACME, &second).await.status(), 302, "it is in already");
    assert!(browser.is_in(&world, ACME).await);
}

/// A browser that comes back with all its tabs: each was sent to the portal, and goes on once somebody has logged in.
#[tokio::test]
async fn each_of_many_tabs_gets_where_it_was_going() {
    let world = World::new().await;
    let browser = Browser::default();
    let mut tabs = Vec::new();
    for n in 0..12 {
        tabs.push((n, browser.begin(&world, ACME, &format!("?to=/workflow/{n}")).await));
    }
    for (n, asked) in tabs.iter().rev() {
        let Issued::Code { code, .. } = ask(&world, &world.ada, asked).await.unwrap() else {
            panic!("not ready");
        };
        let answer = browser.redeem(&world, ACME, &code).await;
        assert_eq!((answer.status().as_u16(), location(&answer)), (302, format!("/workflow/{n}").as_str()));
    }
    let left: Vec<_> = browser.cookies(ACME).into_keys().collect();
    assert_eq!(left, ["tenantry_open"], "the marks are gone");
}

#[tokio::test]
async fn an_instance_that_is_not_ready_gives_no_code() {
    let world = World::new().await;
    let browser = Browser::default();
    let asked = browser.begin(&world, ACME, "").await;
    world.phase(world.acme_id, "starting").await;
    assert!(
        matches!(ask(&world, &world.ada, &asked).await.unwrap(), Issued::NotReady { tenant } if tenant == world.tenant)
    );
}

#[tokio::test]
async fn the_audit_trail_says_from_where_an_instance_was_opened() {
    let world = World::new().await;
    let browser = Browser::default();
    let code = browser.code(&world, ACME, &world.ada).await;
    let path = format!("/.tenantry/open?code={}", code.expose());
    let agent = "Fox/1 ".repeat(100);
    let headers = [("user-agent", agent.as_str()), ("x-forwarded-for", "203.0.113.9")];
    let answer = browser.send(&world, (reqwest::Method::GET, ACME, &path), &headers).await;
    assert_eq!(answer.status(), 302);
    let (origin, agent): (String, String) = sqlx::query_as(
        "SELECT origin, details->>'userAgent' FROM platform.audit WHERE action = 'instance.open'",
    )
    .fetch_one(&mut world.base.superuser().await)
    .await
    .unwrap();
    assert_eq!(origin, "127.0.0.1", "the connection's, not what the browser says");
    assert!(agent.starts_with("Fox/1 Fox/1") && agent.len() == 256, "{agent}");
}

#[tokio::test]
async fn a_portal_session_keeps_its_newest_twenty_on_an_instance() {
    let world = World::new().await;
    let elsewhere = Browser::default();
    elsewhere.open(&world, SHOP, &world.ada).await;
    let bob = world.member(Role::Developer);
    let his = Browser::default();
    his.open(&world, ACME, &bob).await;
    let mut browsers = Vec::new();
    for _ in 0..23 {
        world.clock.advance(TimeDelta::seconds(1));
        let browser = Browser::default();
        browser.open(&world, ACME, &world.ada).await;
        browsers.push(browser);
    }
    assert_eq!(world.count("SELECT count(*) FROM provisioner.open_sessions").await, 22);
    // An answer about a session may be a second old.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    for (n, browser) in browsers.iter().enumerate() {
        assert_eq!(browser.is_in(&world, ACME).await, n >= 3, "{n}");
    }
    assert!(elsewhere.is_in(&world, SHOP).await && his.is_in(&world, ACME).await);
}
