//! What a decision of the gate costs, beside Casbin with the rules copied for each tenant, in one run.
//!
//! Asked at 1, 1,000 and 100,000 tenants, by an actor who holds a role in each of them; allowed and denied; cold (the
//! engine is asked) and cached; about built-in roles and about roles of the tenants' own. The table says medians and
//! 99th percentiles. It ends with exit 1 when a goal is missed: 25 µs cold and 1 µs cached by the median, no growth
//! with the number of tenants, and bounded memory.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use casbin::{CoreApi, DefaultModel, Enforcer, MgmtApi, RbacApi, StringAdapter};
use tenantry_authz::{
    Action, Actor, Ctx, CustomPolicy, CustomRole, Gate, Grant, HeldRole, Origin, Resource, ResourceKind,
    Right, Role, Runtime,
};
use tenantry_kernel::{OsEntropy, RoleId, SessionId, SystemClock, TenantId, UserId};
use uuid::Uuid;

const SIZES: [u32; 3] = [1, 1_000, 100_000];
/// Copied policies take so long that more cannot be waited for.
const COPIED: [u32; 2] = [1, 1_000];
const COLD: Duration = Duration::from_micros(25);
const CACHED: Duration = Duration::from_micros(1);
/// How much slower the largest size may be than the smallest, beside the noise of a shared machine.
const FLAT: u32 = 2;
const NOISE: Duration = Duration::from_nanos(500);
/// What the gate may keep after it has seen the policies of 100,000 tenants.
const KEPT: u64 = 192 << 20;
/// Decisions a cell of the table.
const ASKED: usize = 4_000;
/// Cached ones are faster than the clock: so many are timed together.
const TOGETHER: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match bench().await {
        Ok(missed) if missed.is_empty() => ExitCode::SUCCESS,
        Ok(missed) => {
            missed.iter().for_each(|goal| println!("✗ {goal}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Times of one cell of the table, for one decision each.
#[derive(Debug, Clone, Copy)]
struct Times {
    median: Duration,
    p99: Duration,
}

impl Times {
    fn of(mut samples: Vec<Duration>) -> Result<Self> {
        samples.sort_unstable();
        let at = |share: usize| samples.get(samples.len().saturating_sub(1) * share / 100).copied();
        Ok(Self {
            median: at(50).context("nothing was measured")?,
            p99: at(99).context("nothing was measured")?,
        })
    }
}

struct Row {
    what: &'static str,
    tenants: u32,
    allow: Times,
    deny: Times,
}

async fn bench() -> Result<Vec<String>> {
    println!(
        "{:<34} {:>8} {:>12} {:>12} {:>12} {:>12}",
        "a decision", "tenants", "allow", "p99", "deny", "p99"
    );
    // First, before anything else has grown the heap.
    let mut missed = memory().await?;
    let mut rows = Vec::new();
    for tenants in SIZES {
        let world = World::new(tenants).await?;
        rows.push(shown(world.cold(tenants)?));
        rows.push(shown(world.cached(tenants)?));
    }
    for tenants in SIZES {
        rows.extend(custom(tenants).await?.into_iter().map(shown));
    }
    for tenants in COPIED {
        rows.push(shown(copied(tenants).await?));
    }
    println!("{:<34} {:>8}   not run: {}", COPIES, "100000", beyond(&rows));
    ratios(&rows);
    missed.extend(goals(&rows));
    Ok(missed)
}

fn shown(row: Row) -> Row {
    println!(
        "{:<34} {:>8} {:>12} {:>12} {:>12} {:>12}",
        row.what,
        row.tenants,
        time(row.allow.median),
        time(row.allow.p99),
        time(row.deny.median),
        time(row.deny.p99)
    );
    row
}

fn time(time: Duration) -> String {
    let nanos = time.as_nanos();
    match nanos {
        0..10_000 => format!("{nanos} ns"),
        10_000..10_000_000 => format!("{}.{} µs", nanos / 1000, nanos % 1000 / 100),
        _ => format!("{} ms", nanos / 1_000_000),
    }
}

const COLD_BUILT_IN: &str = "built-in role, cold";
const CACHED_BUILT_IN: &str = "built-in role, cached";
const COLD_OWN: &str = "tenant's own role, cold";
const CACHED_OWN: &str = "tenant's own role, cached";
const COPIES: &str = "casbin, policies copied per tenant";

fn tenant(n: u32) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(u128::from(n) + 1))
}

async fn runtime() -> Result<Runtime> {
    let gate = Arc::new(Gate::built_in().await?);
    Ok(Runtime { gate, clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy), denials: None })
}

fn actor() -> Actor {
    Actor::User {
        id: UserId::generate(&SystemClock, &OsEntropy),
        session: SessionId::generate(&SystemClock, &OsEntropy),
        platform_role: None,
    }
}

/// One actor with a role in each of the tenants: the most that one request can bring along.
struct World {
    runtime: Runtime,
    ctx: Ctx,
    tenants: u32,
}

/// A tenant that is not the one before, so that nothing is in the processor's cache by chance.
fn spread(n: usize, tenants: u32) -> u32 {
    (n as u32).wrapping_mul(2_654_435_761) % tenants
}

impl World {
    async fn new(tenants: u32) -> Result<Self> {
        let runtime = runtime().await?;
        let grants = (0..tenants).map(|n| Grant::new(tenant(n), Role::Developer)).collect();
        let ctx = Ctx::new(runtime.clone(), actor(), grants, Origin::default());
        Ok(Self { runtime, ctx, tenants })
    }

    fn cold(&self, tenants: u32) -> Result<Row> {
        let (mut allowed, mut denied) = (Vec::new(), Vec::new());
        for n in 0..ASKED {
            self.runtime.gate.forget_decisions();
            for kind in ResourceKind::ALL {
                let action = Action::ALL.get(n % Action::ALL.len()).copied().unwrap_or(Action::View);
                let resource = Resource::new(*kind, tenant(spread(n, self.tenants)));
                let before = Instant::now();
                let may = black_box(self.ctx.may(black_box(action), black_box(&resource)));
                let took = before.elapsed();
                if may { &mut allowed } else { &mut denied }.push(took);
            }
        }
        Ok(Row { what: COLD_BUILT_IN, tenants, allow: Times::of(allowed)?, deny: Times::of(denied)? })
    }

    fn cached(&self, tenants: u32) -> Result<Row> {
        let ask =
            |action, kind| cached((action, kind), ASKED, |n| (&self.ctx, tenant(spread(n, self.tenants))));
        let allow = ask(Action::Operate, ResourceKind::Instance)?;
        let deny = ask(Action::Delete, ResourceKind::Tenant)?;
        Ok(Row { what: CACHED_BUILT_IN, tenants, allow, deny })
    }
}

/// The same question again and again, timed by the hundred.
fn cached<'a>(
    (action, kind): (Action, ResourceKind),
    asked: usize,
    of: impl Fn(usize) -> (&'a Ctx, TenantId),
) -> Result<Times> {
    let mut samples = Vec::with_capacity(asked);
    for n in 0..asked {
        let (ctx, tenant) = of(n);
        let resource = Resource::new(kind, tenant);
        black_box(ctx.may(action, &resource));
        let before = Instant::now();
        for _ in 0..TOGETHER {
            black_box(ctx.may(black_box(action), black_box(&resource)));
        }
        samples.push(before.elapsed() / TOGETHER as u32);
    }
    Times::of(samples)
}

/// Three roles of a tenant's own: one with half of all rights, one with all, one with none.
async fn policy(n: u32) -> Result<CustomPolicy> {
    let every: Vec<Right> = Right::all().collect();
    let half = every.iter().copied().step_by(2).collect();
    let role = |at: u32, rights| CustomRole { id: role_id(n, at), name: format!("Role {at}"), rights };
    let roles = vec![role(0, half), role(1, every), role(2, vec![])];
    Ok(CustomPolicy::new(tenant(n), 1, roles))
}

fn role_id(n: u32, at: u32) -> RoleId {
    RoleId::from_uuid(Uuid::from_u128((u128::from(n) << 8) + u128::from(at)))
}

/// Tenants by their own roles. Of many tenants a sample is asked, spread over all: an actor has a grant in each.
async fn custom(tenants: u32) -> Result<Vec<Row>> {
    const SAMPLE: u32 = 1_000;
    let runtime = runtime().await?;
    let mut grants = Vec::new();
    let mut asked = Vec::new();
    for n in 0..tenants {
        if n % (tenants / SAMPLE).max(1) == 0 {
            let policy = Arc::new(policy(n).await?);
            runtime.gate.install(policy.clone());
            grants
                .push(Grant::new(tenant(n), HeldRole::Custom { id: role_id(n, 0), policy: policy.clone() }));
            asked.push((n, policy));
        } else {
            grants.push(Grant::new(tenant(n), Role::Viewer));
        }
    }
    let ctx = Ctx::new(runtime, actor(), grants, Origin::default());
    let (mut allowed, mut denied) = (Vec::new(), Vec::new());
    for round in 0..(ASKED / asked.len()).max(1) {
        for (n, policy) in &asked {
            policy.forget_decisions();
            for right in Right::all().skip(round % 2).step_by(5) {
                let resource = Resource::new(right.kind, tenant(*n));
                let before = Instant::now();
                let may = black_box(ctx.may(black_box(right.action), black_box(&resource)));
                let took = before.elapsed();
                if may { &mut allowed } else { &mut denied }.push(took);
            }
        }
    }
    let cold = Row { what: COLD_OWN, tenants, allow: Times::of(allowed)?, deny: Times::of(denied)? };
    let at = |n: usize| asked.get(n % asked.len()).map_or(0, |(n, _)| *n);
    let ask = |right: Right| cached((right.action, right.kind), ASKED, |n| (&ctx, tenant(at(n))));
    let (mut yes, mut no) = (None, None);
    for right in Right::all() {
        let may = ctx.may(right.action, &Resource::new(right.kind, tenant(at(0))));
        *(if may { &mut yes } else { &mut no }) = Some(right);
    }
    let allow = ask(yes.context("a right that the role has")?)?;
    let deny = ask(no.context("a right that the role lacks")?)?;
    Ok(vec![cold, Row { what: CACHED_OWN, tenants, allow, deny }])
}

/// Casbin's own layout for roles in domains, with its cheap comparisons first: the rules of each tenant beside those of
/// all others, in one enforcer.
async fn copied(tenants: u32) -> Result<Row> {
    const MODEL: &str = "[request_definition]\nr = sub, dom, obj, act\n[policy_definition]\np = sub, dom, obj, act\n\
        [role_definition]\ng = _, _, _\n[policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\n\
        m = r.act == p.act && r.obj == p.obj && r.dom == p.dom && g(r.sub, p.sub, r.dom)\n";
    let gate = Gate::built_in().await?;
    let mut lines = String::new();
    for n in 0..tenants {
        let domain = tenant(n).to_string();
        for role in Role::ALL {
            for right in gate.rights_of(&HeldRole::Member(*role), tenant(n)) {
                writeln!(lines, "p, {role}, {domain}, {}, {}", right.kind, right.action)?;
            }
        }
        writeln!(lines, "g, ada, developer, {domain}")?;
    }
    let model = DefaultModel::from_str(MODEL).await?;
    let enforcer = Enforcer::new(model, StringAdapter::new(lines)).await?;
    anyhow::ensure!(enforcer.get_policy().len() > 70 * tenants as usize, "the rules were copied");
    anyhow::ensure!(enforcer.get_roles_for_user("ada", Some(&tenant(0).to_string())).len() == 1);
    let asked = (20_000 / tenants as usize).clamp(20, 2_000);
    let ask = |action: Action, kind: ResourceKind, expected: bool| -> Result<Times> {
        let mut samples = Vec::with_capacity(asked);
        for n in 0..asked {
            let domain = tenant(spread(n, tenants)).to_string();
            let before = Instant::now();
            let may = enforcer.enforce(("ada", domain.as_str(), kind.as_str(), action.as_str()))?;
            samples.push(before.elapsed());
            anyhow::ensure!(may == expected, "the copied policy decides otherwise");
        }
        Times::of(samples)
    };
    let allow = ask(Action::Operate, ResourceKind::Instance, true)?;
    let deny = ask(Action::Delete, ResourceKind::Tenant, false)?;
    Ok(Row { what: COPIES, tenants, allow, deny })
}

fn find<'a>(rows: &'a [Row], what: &str, tenants: u32) -> Option<&'a Row> {
    rows.iter().find(|row| row.what == what && row.tenants == tenants)
}

/// Why the copied policies are not asked at the largest size.
fn beyond(rows: &[Row]) -> String {
    let Some(row) = find(rows, COPIES, 1_000) else { return String::new() };
    format!("by the size before, {} a denial and 8 million rules to load", time(row.deny.median * 100))
}

fn ratios(rows: &[Row]) {
    println!();
    for tenants in COPIED {
        let copies = find(rows, COPIES, tenants);
        for what in [COLD_BUILT_IN, CACHED_BUILT_IN] {
            let (Some(copies), Some(gate)) = (copies, find(rows, what, tenants)) else { continue };
            let times = |theirs: Times, ours: Times| {
                theirs.median.as_nanos().checked_div(ours.median.as_nanos().max(1)).unwrap_or_default()
            };
            println!(
                "at {tenants:>5} tenants copied policies take {:>6} times (allow), {:>6} times (deny) a {what}",
                times(copies.allow, gate.allow),
                times(copies.deny, gate.deny)
            );
        }
    }
}

fn goals(rows: &[Row]) -> Vec<String> {
    let mut missed = Vec::new();
    for (what, most) in
        [(COLD_BUILT_IN, COLD), (COLD_OWN, COLD), (CACHED_BUILT_IN, CACHED), (CACHED_OWN, CACHED)]
    {
        let Some(first) = find(rows, what, 1) else { continue };
        for row in rows.iter().filter(|row| row.what == what) {
            for (answer, times, at_one) in [("allow", row.allow, first.allow), ("deny", row.deny, first.deny)]
            {
                let name = format!("{what}, {answer}, {} tenants", row.tenants);
                if times.median > most {
                    missed.push(format!("{name}: {} and at most {}", time(times.median), time(most)));
                }
                if times.median > at_one.median * FLAT + NOISE {
                    missed.push(format!("{name}: {}, not flat", time(times.median)));
                }
            }
        }
    }
    missed
}

/// Shows the gate the own policies of 100,000 tenants, one after the other, and what it keeps of them.
async fn memory() -> Result<Vec<String>> {
    let runtime = runtime().await?;
    let before = resident()?;
    let (mut most, started) = (0, Instant::now());
    for n in 0..100_000 {
        let policy = Arc::new(policy(n).await?);
        runtime.gate.install(policy.clone());
        let grant = Grant::new(tenant(n), HeldRole::Custom { id: role_id(n, 1), policy });
        let ctx = Ctx::new(runtime.clone(), actor(), vec![grant], Origin::default());
        let seen = ctx.may(Action::View, &Resource::new(ResourceKind::Instance, tenant(n)));
        anyhow::ensure!(seen, "a role with every right sees instances");
        if n % 1_000 == 0 {
            most = most.max(resident()?.saturating_sub(before));
        }
    }
    let each = started.elapsed() / 100_000;
    most = most.max(resident()?.saturating_sub(before));
    println!("own policies of 100,000 tenants, 3 roles each: {} to make one, its query apart", time(each));
    println!(
        "resident before {} MiB, at most {} MiB more on the way; {} policies kept\n",
        before >> 20,
        most >> 20,
        runtime.gate.policies()
    );
    anyhow::ensure!(runtime.gate.policies() < 100_000, "the gate keeps every policy");
    let mut missed = Vec::new();
    if most > KEPT {
        missed.push(format!("memory: {} MiB more, and at most {}", most >> 20, KEPT >> 20));
    }
    Ok(missed)
}

/// This process's resident memory, in bytes.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("the kernel's word on this process")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("resident memory")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}
