//! Whether the time of an answer tells if there is an account: log-in with a wrong password, sign-up, and the request for a
//! new password, each with an address that has an account and one that has none, in turns. It ends with exit 1 when the
//! medians of an operation differ by a millisecond or more.
//!
//! Each try is of another account and from another address (a trusted proxy's word, as behind a real one), so that no limit
//! answers in the place of the work. What the tries are alike in is everything but the account: the length of the address,
//! the password, the connection.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tenantry_system_tests::{Launch, Person, Product};

/// How much the medians may differ.
const GOAL: Duration = Duration::from_millis(1);
/// Before the first that counts: caches, pools, the processor's clock.
const WARM_UP: u32 = 20;
const WRONG: &str = "violet harbour 17 moss";

/// Measures answers about accounts that exist and that do not.
#[derive(Parser)]
struct Options {
    /// How many tries of each kind count, for each operation.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(20..=2_000))]
    tries: u32,
    /// Only prints; says nothing about the goal.
    #[arg(long)]
    no_goals: bool,
}

struct Operation {
    name: &'static str,
    document: &'static str,
    input: fn(&str) -> Value,
    /// Where the answer says what came of it, and what that is: the same for both.
    answer: (&'static str, Value),
}

fn operations() -> [Operation; 3] {
    [
        Operation {
            name: "log-in",
            document: "mutation($i: LogInInput!) { logIn(input: $i) { problem { code } } }",
            input: |email| json!({ "email": email, "password": WRONG }),
            answer: ("/data/logIn/problem/code", json!("WRONG_CREDENTIALS")),
        },
        Operation {
            name: "sign-up",
            document: "mutation($i: SignUpInput!) { signUp(input: $i) { ok } }",
            input: |email| json!({ "email": email, "password": WRONG, "name": "Ada" }),
            answer: ("/data/signUp/ok", json!(true)),
        },
        Operation {
            name: "reset",
            document: "mutation($i: String!) { requestPasswordReset(email: $i) { ok } }",
            input: |email| json!(email),
            answer: ("/data/requestPasswordReset/ok", json!(true)),
        },
    ]
}

fn main() -> Result<ExitCode> {
    // One thread: the processors are for what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(bench(Options::parse())) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            println!("\n✗ {error:#}");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn bench(options: Options) -> Result<()> {
    let arguments = ["--trusted-proxies", "127.0.0.1/32"].map(str::to_owned).to_vec();
    let launch = Launch { arguments, ..Launch::default() };
    let mut product = tokio::task::spawn_blocking(|| Product::start(launch)).await??;
    let operator = product.operator().await?;
    // Their password is hashed as everybody's is; the others' rows are copies.
    Person::join(&operator, "Ada").await?;
    seed(&product, WARM_UP + options.tries).await?;

    println!(
        "{:<10} {:>7} {:>16} {:>16} {:>12}",
        "operation", "tries", "known, median", "unknown, median", "difference"
    );
    let mut client = Client::new(&product.addresses().api)?;
    let mut missed = Vec::new();
    for operation in operations() {
        let (known, unknown) = measure(&mut client, &operation, options.tries).await?;
        let difference = known.abs_diff(unknown);
        println!(
            "{:<10} {:>7} {:>13.3} ms {:>13.3} ms {:>9.3} ms",
            operation.name,
            options.tries,
            millis(known),
            millis(unknown),
            millis(difference)
        );
        if difference >= GOAL {
            missed.push(format!("{}: {:.3} ms", operation.name, millis(difference)));
        }
    }
    tokio::task::spawn_blocking(move || product.stop()).await??;
    if options.no_goals {
        return Ok(());
    }
    ensure!(missed.is_empty(), "the medians differ by a millisecond or more: {}", missed.join(", "));
    println!("✓ No operation's medians differ by a millisecond.");
    Ok(())
}

/// The medians of tries with and without an account. Which comes first changes with each pair.
async fn measure(client: &mut Client, operation: &Operation, tries: u32) -> Result<(Duration, Duration)> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..WARM_UP + tries {
        let (mut there, mut absent) = (Duration::ZERO, Duration::ZERO);
        for exists in [n % 2 == 0, n % 2 != 0] {
            let email = email(operation, (n, exists));
            let took = client.ask(operation, &email).await?;
            *(if exists { &mut there } else { &mut absent }) = took;
        }
        if n >= WARM_UP {
            known.push(there);
            unknown.push(absent);
        }
    }
    Ok((median(known)?, median(unknown)?))
}

/// Addresses are equally long. What one operation has signed up is not absent for the next.
fn email(operation: &Operation, (n, exists): (u32, bool)) -> String {
    match exists {
        true => format!("known-account-{n:05}@example.com"),
        false => format!("absent-{:-<7}{n:05}@example.com", operation.name),
    }
}

fn median(mut samples: Vec<Duration>) -> Result<Duration> {
    samples.sort_unstable();
    samples.get(samples.len() / 2).copied().context("nothing was measured")
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Accounts whose address is proven, with the hash of the one that is there.
async fn seed(product: &Product, count: u32) -> Result<()> {
    let (socket, password) = product.superuser()?;
    let options = PgConnectOptions::new().socket(&socket).username("postgres").password(&password);
    let mut database = PgConnection::connect_with(&options.database("tenantry")).await?;
    let made = sqlx::query(
        "INSERT INTO identity.users (id, email, name, password_hash, email_verified_at, created_at)
         SELECT gen_random_uuid(), format('known-account-%s@example.com', lpad(n::text, 5, '0')), 'Known', u.password_hash, now(),
                now()
         FROM generate_series(0, $1) AS n,
              (SELECT password_hash FROM identity.users WHERE password_hash IS NOT NULL LIMIT 1) AS u",
    )
    .bind(i32::try_from(count)?)
    .execute(&mut database)
    .await?;
    ensure!(made.rows_affected() > u64::from(count), "there is a password to copy");
    Ok(database.close().await?)
}

struct Client {
    http: reqwest::Client,
    url: String,
    asked: u32,
}

impl Client {
    fn new(base: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(1)
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { http, url: format!("{base}/graphql"), asked: 0 })
    }

    /// How long the answer took, from an address that nobody has asked from.
    async fn ask(&mut self, operation: &Operation, email: &str) -> Result<Duration> {
        self.asked += 1;
        let [_, b, c, d] = self.asked.to_be_bytes();
        let body = json!({ "query": operation.document, "variables": { "i": (operation.input)(email) } });
        let request =
            self.http.post(&self.url).header("x-forwarded-for", format!("10.{b}.{c}.{d}")).json(&body);
        let begun = Instant::now();
        let text = request.send().await?.text().await?;
        let took = begun.elapsed();
        let answer: Value = serde_json::from_str(&text)?;
        let (at, wanted) = &operation.answer;
        ensure!(answer.pointer(at) == Some(wanted), "{} of {email}: {text}", operation.name);
        Ok(took)
    }
}
