//! What `walls` runs in the wrong tenant, checked to be all there is; and the functions that need the system role,
//! run as the bare application role.

use std::collections::BTreeSet;

use tenantry_kernel::{OsEntropy, SubscriptionId};
use tenantry_store::{Db, PoolSizes, SystemRole, SystemTx};

use crate::support::{World, at, events};
use crate::{plans, subscriptions, usage};

const SOURCES: [(&str, &str); 5] = [
    ("executions", include_str!("executions/repo.rs")),
    ("plans", include_str!("plans/repo.rs")),
    ("subscriptions", include_str!("subscriptions/repo.rs")),
    ("usage", include_str!("usage/repo.rs")),
    ("usage::ledger", include_str!("usage/ledger.rs")),
];

/// Run by `walls` in another tenant and in none.
const BOUND: [&str; 8] = [
    "subscriptions::max_members",
    "subscriptions::requests_per_minute",
    "executions::newest",
    "subscriptions::running",
    "subscriptions::running_held",
    "subscriptions::within",
    "usage::page",
    "usage::totals",
];
/// Run here as the bare application role.
const SYSTEM: [&str; 2] = ["subscriptions::insert", "usage::ledger::append"];
/// The price list: it belongs to no tenant and anyone may read it.
const OPEN: [&str; 3] = ["plans::offered", "plans::offered_by_code", "plans::version"];

#[test]
fn each_function_of_the_repositories_is_in_a_test() {
    let tested: BTreeSet<String> =
        BOUND.iter().chain(&SYSTEM).chain(&OPEN).map(|name| (*name).to_owned()).collect();
    let written: BTreeSet<String> = SOURCES
        .iter()
        .flat_map(|(noun, text)| {
            text.lines()
                .filter_map(|line| line.trim_start().strip_prefix("pub(crate) async fn "))
                .filter_map(|rest| rest.split(['(', '<']).next())
                .map(move |name| format!("{noun}::{name}"))
        })
        .collect();
    assert_eq!(tested, written, "a function that is not run where it must find nothing");
    let walls = include_str!("walls.rs");
    for function in BOUND {
        let name = function.rsplit("::").next().unwrap();
        assert!(walls.contains(&format!("{name}(tx")), "{function} is not run by `walls`");
    }
}

#[tokio::test]
async fn the_bare_application_role_may_not_do_what_the_system_does() {
    let world = World::at("2026-11-10T12:30:00Z").await;
    let tenant = world.tenant();
    let app = &world.test_db.cluster.app;
    // Here the system's transactions run with the application's role.
    let bare = Db::connect(app, app, PoolSizes { app: 1, system: 1 });
    let tx = SystemTx::begin(&bare, SystemRole::Catalogue).await.unwrap();
    let plan = plans::repo::offered_by_code(&tx, "starter").await.unwrap();
    let new = subscriptions::repo::NewSubscription {
        id: SubscriptionId::generate(&*world.clock, &OsEntropy),
        tenant,
        plan: &plan,
        started_at: at("2026-11-01T00:00:00Z"),
    };
    let refused = subscriptions::repo::insert(&tx, new).await.unwrap_err();
    assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
    drop(tx);

    let tx = SystemTx::begin(&bare, SystemRole::Metering).await.unwrap();
    let batch = events((tenant, world.instance()), "wf", 1..3, at("2026-11-10T12:00:00Z"));
    let refused = usage::ledger::append(&tx, &batch, at("2026-11-10T12:30:00Z")).await.unwrap_err();
    assert!(format!("{refused:?}").contains("permission denied"), "{refused:?}");
}
