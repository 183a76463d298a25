//! `SIGKILL` at random moments while instances are made and deleted: the next start carries on, and what is there in
//! the end is what was wanted, once.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::json;
use tenantry_system_tests::{Launch, Person, Product, Tenant};

use crate::grace;
use crate::support::{exactly, gone, random_moments, serves};

/// Instances that are made and deleted.
const ROUNDS: usize = 10;
/// Kills while each is made: twenty in all.
const KILLS_A_ROUND: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_of_provisioning_end_with_one_of_each() -> Result<()> {
    let mut random = random_moments()?;
    let mut product = tokio::task::spawn_blocking(|| Product::start(Launch::default())).await??;
    println!("state: {}", product.state().display());
    let operator = product.operator().await?;
    let person = Person::join(&operator, "Ada").await?;
    let slug = format!("acme-{}", tenantry_system_tests::random_tag());
    let tenant = person.create_tenant("Acme", &slug, "pro").await?;
    let start = Instant::now();
    for round in 1..=ROUNDS {
        let outcome = one(&mut product, (&person, &tenant), (&slug, round), &mut random).await;
        outcome.map_err(|e| e.context(format!("round {round}; {}", product.log_end())))?;
    }
    println!("{ROUNDS} rounds in {:.0} s", start.elapsed().as_secs_f64());
    product.stop()?;
    Ok(())
}

async fn one(
    product: &mut Product,
    (person, tenant): (&Person, &Tenant),
    (slug, round): (&str, usize),
    random: &mut StdRng,
) -> Result<()> {
    let region = if round.is_multiple_of(2) { "us-east" } else { "eu-central" };
    // The same address each time: what a deleted instance leaves behind would be in the next one's way.
    let made = person.create_instance(tenant, slug, region).await?;
    let mut moments = Vec::new();
    for _ in 0..KILLS_A_ROUND {
        // Half of them in the first second, where most of our own steps are.
        let longest = if random.random_bool(0.5) { 1_000 } else { 8_000 };
        moments.push(kill_after(product, random.random_range(0..longest)).await?);
    }
    let begun = Instant::now();
    let instance = serves(product, person, tenant, &made.id).await?;
    let ready = begun.elapsed();
    exactly(product, &[&instance.id]).await?;
    if round.is_multiple_of(4) {
        // Deleted by mistake, and taken back.
        let named = json!({ "t": tenant.id, "i": instance.id, "s": instance.slug });
        person.prove().await?;
        person.api.call(grace::DELETE, named).await?;
        moments.push(kill_after(product, random.random_range(0..1_500)).await?);
        person.api.call(grace::RESTORE, json!({ "t": tenant.id, "i": instance.id })).await?;
        moments.push(kill_after(product, random.random_range(0..3_000)).await?);
        serves(product, person, tenant, &instance.id).await?;
        exactly(product, &[&instance.id]).await?;
    }

    person.delete_instance(tenant, &instance).await?;
    moments.push(kill_after(product, random.random_range(0..1_500)).await?);
    gone(person, tenant, &instance.id).await?;
    exactly(product, &[]).await?;
    println!(
        "round {round:>2}: killed after {moments:?} ms; ready {:.1} s after the last restart",
        ready.as_secs_f64()
    );
    Ok(())
}

async fn kill_after(product: &mut Product, millis: u64) -> Result<u64> {
    tokio::time::sleep(Duration::from_millis(millis)).await;
    product.kill()?;
    let took = product.restart()?;
    ensure!(took < Duration::from_secs(20), "the restart took {:.1} s", took.as_secs_f64());
    Ok(millis)
}
