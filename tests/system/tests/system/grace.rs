//! A deleted instance is kept, comes back as it was, and goes at once when that is asked for.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tenantry_kernel::{Clock, SystemClock};
use tenantry_system_tests::{Instance, N8n, Person, Product, Tenant, processes, until};

use crate::support::{BOOT, exactly, gone, roles_and_databases, serves, step};

/// What the product of this test is started with.
pub(crate) const ARGUMENTS: [&str; 2] = ["--deletion-grace", "3h"];

pub(crate) const DELETE: &str = "mutation($t: ID!, $i: ID!, $s: String!) { deleteInstance(input: {tenantId: $t, id: $i, confirmSlug: $s}) { instance { desired deleteAt } problem { code message remedy } } }";
pub(crate) const RESTORE: &str = "mutation($t: ID!, $i: ID!) { restoreInstance(input: {tenantId: $t, id: $i}) { instance { desired deleteAt } problem { code message remedy } } }";
const CHECK: &str = "query($t: ID!, $r: String!, $s: String!) { addressCheck(tenantId: $t, region: $r, slug: $s) { available url problem { code field message remedy } suggestion } regions { code readySeconds } }";

pub(crate) async fn of_an_instance(
    product: &mut Product,
    (person, tenant): (&Person, &Tenant),
    instance: &Instance,
    n8n: &N8n,
) -> Result<()> {
    let variables = json!({ "t": tenant.id, "i": instance.id, "s": instance.slug });
    let named = json!({ "t": tenant.id, "i": instance.id });
    step("a deleted instance stops and is kept, through a kill too", async {
        person.prove().await?;
        let answer = person.api.call(DELETE, variables.clone()).await?["deleteInstance"].take();
        ensure!(answer["instance"]["desired"] == "DELETED", "{answer}");
        let at: DateTime<Utc> = serde_json::from_value(answer["instance"]["deleteAt"].clone())?;
        let left = at - SystemClock.now();
        ensure!((TimeDelta::minutes(170)..=TimeDelta::minutes(180)).contains(&left), "{left} are left");
        until("it to stop", BOOT, async || {
            Ok((person.instance(tenant, &instance.id).await?.phase == "STOPPED").then_some(()))
        })
        .await?;
        kept(product, instance).await?;
        product.kill()?;
        product.restart()?;
        until("the edge to say that it is stopped", BOOT, async || {
            let (status, _) = n8n.request(Method::GET, "/api/v1/workflows", None).await?;
            Ok((status == StatusCode::SERVICE_UNAVAILABLE).then_some(()))
        })
        .await?;
        kept(product, instance).await?;
        address_is_kept(person, tenant, instance).await
    })
    .await?;
    step("it comes back as it was", async {
        person.prove().await?;
        let answer = person.api.call(RESTORE, named.clone()).await?["restoreInstance"].take();
        ensure!(answer["instance"] == json!({ "desired": "RUNNING", "deleteAt": null }), "{answer}");
        serves(product, person, tenant, &instance.id).await?;
        until("the webhook to answer again", BOOT, async || {
            Ok((n8n.call("hello").await?.0 == StatusCode::OK).then_some(()))
        })
        .await
    })
    .await?;
    step("deleted at once, nothing of it is left", async {
        person.delete_instance(tenant, instance).await?;
        gone(person, tenant, &instance.id).await?;
        exactly(product, &[]).await?;
        person.prove().await?;
        let answer = person.api.ask("/graphql", RESTORE, named.clone()).await?.body;
        let problem = &answer["data"]["restoreInstance"]["problem"];
        ensure!(problem["code"] == "CONFLICT" && problem["remedy"] == "Create a new instance.", "{answer}");
        Ok(())
    })
    .await
}

/// No process, and everything else.
async fn kept(product: &Product, instance: &Instance) -> Result<()> {
    let state = product.state();
    let running = processes::n8n(&state, &instance.id);
    ensure!(running.is_empty(), "{running:?}");
    let wanted = BTreeSet::from([instance.id.clone()]);
    let (roles, databases) = roles_and_databases(product).await?;
    ensure!(roles == wanted && databases == wanted, "{roles:?} {databases:?}");
    let directories = processes::instance_directories(&state);
    ensure!(directories == wanted, "{directories:?}");
    Ok(())
}

async fn address_is_kept(person: &Person, tenant: &Tenant, instance: &Instance) -> Result<()> {
    // The problem is part of the answer here, no refusal.
    let ask = async |slug: &str| -> Result<Value> {
        let variables = json!({ "t": tenant.id, "r": instance.region, "s": slug });
        Ok(person.api.ask("/graphql", CHECK, variables).await?.body["data"].take())
    };
    let answer = ask(&instance.slug).await?;
    let check = &answer["addressCheck"];
    ensure!(check["available"] == false && check["problem"]["field"] == "slug", "{check}");
    ensure!(check["url"].as_str() == Some(&instance.url), "{check}");
    let free = check["suggestion"].as_str().context("a suggestion")?;
    ensure!(ask(free).await?["addressCheck"]["available"] == true, "{free} is not free");
    let regions = answer["regions"].as_array().context("regions")?;
    let here = regions.iter().find(|r| r["code"] == instance.region.as_str()).context("the region")?;
    ensure!(here["readySeconds"].as_i64().is_some_and(|s| s > 0), "{here}");
    Ok(())
}
