//! A customer's path from sign-up to invoice, what is refused on the way, and who cannot look in.

use std::time::Duration;

use anyhow::{Result, ensure};
use reqwest::{Method, StatusCode};
use tenantry_system_tests::{Launch, Person, Product, free_port, until, webhook_workflow};

use crate::support::{BOOT, exactly, serves, step, superuser};
use crate::{bad_input, grace, outsider, ports};

const CALLS: u64 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn from_sign_up_to_invoice() -> Result<()> {
    // A pool of ports of this test's own, to take some of them away.
    let first = ports::unused_pool()?;
    let arguments = grace::ARGUMENTS.map(str::to_owned).to_vec();
    let launch = Launch { instance_ports: Some(first), arguments, ..Launch::default() };
    let mut product = tokio::task::spawn_blocking(|| Product::start(launch)).await??;
    println!("state: {}", product.state().display());

    step("bad input: without an account", bad_input::anonymous(product.addresses())).await?;
    step("a set-up link is refused when it is wrong", bad_input::wrong_setup(product.addresses())).await?;
    let operator = product.operator().await?;
    step("bad input: accounts and links", bad_input::accounts(&product, &operator)).await?;
    let ada = step("Ada signs up", Person::join(&operator, "Ada")).await?;
    let bob = step("Bob signs up", Person::join(&operator, "Bob")).await?;
    step("bad input: tenants", bad_input::tenants(&bob, &ada)).await?;
    let slug = format!("acme-{}", tenantry_system_tests::random_tag());
    let tenant = ada.create_tenant("Acme", &slug, "starter").await?;
    step("bad input: instances", bad_input::instances(&ada, &tenant)).await?;
    step("no port is free: it says so, and can be deleted", ports::none_free(&product, &ada, &tenant, first))
        .await?;

    let taken = ports::take(first, 4)?;
    let made = ada.create_instance(&tenant, &slug, "eu-central").await?;
    let instance = step("an instance gets ready", serves(&product, &ada, &tenant, &made.id)).await?;
    let chosen = ports::of(&product, &instance.id);
    ensure!(chosen.iter().all(|p| *p >= first + 4), "ports {chosen:?} were taken");
    drop(taken);
    exactly(&product, &[&instance.id]).await?;
    step("bad input: the plan's limit", bad_input::plan_limit(&ada, &tenant)).await?;

    let n8n = ada.open(&tenant, &instance, product.edge_port()).await?;
    step("a webhook runs", async {
        n8n.activate(webhook_workflow("hello", None)).await?;
        n8n.call_when_published("hello").await?;
        for _ in 1..CALLS {
            let (status, text) = n8n.call("hello").await?;
            ensure!(status == StatusCode::OK, "{status}: {text}");
        }
        Ok(())
    })
    .await?;
    step("usage is exact and stays so", async {
        counted(&ada, &tenant).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        counted(&ada, &tenant).await
    })
    .await?;
    step("the invoice adds up", async {
        let invoice = ada.invoice(&tenant).await?;
        let lines = invoice["lines"].as_array().cloned().unwrap_or_default();
        let sum: i64 = lines.iter().filter_map(|l| l["amountMinor"].as_i64()).sum();
        ensure!(!lines.is_empty() && Some(sum) == invoice["totalMinor"].as_i64(), "{invoice}");
        ensure!(lines.iter().all(|l| l["explanation"].as_str().is_some_and(|e| !e.is_empty())), "{invoice}");
        Ok(())
    })
    .await?;
    step("the edge hides n8n's figures and set-up", async {
        for path in ["/metrics", "/rest/owner/setup", "/healthz/readiness", "/METRICS/"] {
            let (status, text) = n8n.request(Method::GET, path, None).await?;
            ensure!(status == StatusCode::NOT_FOUND, "{path}: {status} {text}");
        }
        Ok(())
    })
    .await?;
    step("an outsider sees nothing", outsider::walls(&product, (&ada, &tenant, &instance), &bob)).await?;

    step("a second product on the same state or port is refused", ports::second_product(&product)).await?;
    let stopped = step("an orderly stop leaves nothing running", async { product.stop() }).await?;
    let restarted = step("the second start", async { product.restart() }).await?;
    println!(
        "stopped in {:.1} s, serving again after {:.1} s",
        stopped.as_secs_f64(),
        restarted.as_secs_f64()
    );
    ensure!(restarted < Duration::from_secs(10), "the second start took {:.1} s", restarted.as_secs_f64());
    step("the instance comes back by itself, data and session kept", async {
        serves(&product, &ada, &tenant, &instance.id).await?;
        until("the webhook to answer again", BOOT, async || {
            Ok((n8n.call("hello").await?.0 == StatusCode::OK).then_some(()))
        })
        .await
    })
    .await?;
    step("one account, one tenant of this name", async {
        let mut connection = superuser(&product, "tenantry").await?;
        let tenants: i64 = sqlx::query_scalar("SELECT count(*) FROM tenancy.tenants WHERE slug = $1")
            .bind(&slug)
            .fetch_one(&mut connection)
            .await?;
        ensure!(tenants == 1, "{tenants} tenants");
        Ok(())
    })
    .await?;
    grace::of_an_instance(&mut product, (&ada, &tenant), &instance, &n8n).await?;
    product.stop()?;
    ensure!(free_port().is_ok());
    Ok(())
}

async fn counted(person: &Person, tenant: &tenantry_system_tests::Tenant) -> Result<()> {
    until("usage to count every call", Duration::from_secs(30), async || {
        let now = person.usage(tenant).await?;
        ensure!(now.billable <= CALLS, "usage says {now:?} after {CALLS} calls");
        Ok((now.billable == CALLS && now.executions == CALLS).then_some(()))
    })
    .await
}
