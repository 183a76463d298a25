//! Bad input and a machine that is in the way: each has its own message.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use procfs::process::{FDTarget, Process};
use tenantry_provisioner::driver::{Driver, DriverError, InstanceSpec, Observed};

use crate::life::mains;
use crate::world::World;

#[tokio::test]
async fn each_fault_says_its_cause() {
    let world = World::new(1);
    let spec = world.spec("faults");

    let blocker = TcpListener::bind(("127.0.0.1", spec.broker_port)).unwrap();
    let error = world.driver.start(&spec).await.unwrap_err();
    assert!(matches!(error, DriverError::PortTaken(port) if port == spec.broker_port), "{error}");
    drop(blocker);

    let missing = InstanceSpec { n8n_version: "1.2.3".to_owned(), ..spec.clone() };
    let error = world.driver.start(&missing).await.unwrap_err();
    assert_eq!(error.code(), "runtime_missing", "{error}");

    let mut nowhere = spec.clone();
    nowhere.database.host = "/nowhere".to_owned();
    let error = world.driver.start(&nowhere).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere"), "{error}");
    world.driver.destroy(&spec.reference()).await.unwrap();

    for id in ["", "../up", "a/b", ".."] {
        let error =
            world.driver.start(&InstanceSpec { id: id.to_owned(), ..spec.clone() }).await.unwrap_err();
        assert_eq!(error.code(), "invalid_spec", "{id}: {error}");
    }

    // What never was can be stopped and destroyed.
    world.driver.stop(&spec.reference(), Duration::from_secs(1)).await.unwrap();
    world.driver.destroy(&spec.reference()).await.unwrap();
    assert_eq!(world.driver.observe(&spec.reference()).await, Observed::Absent);
}

/// However many workers try at once, whatever each of them saw before: one instance.
#[tokio::test(flavor = "multi_thread")]
async fn many_starts_at_once_give_one_process() {
    let world = World::new(4);
    let spec = world.spec("crowd");
    let instance = spec.reference();
    for round in 0..4 {
        let drivers: Vec<_> = (0..5).map(|_| world.another_driver()).collect();
        let results = futures::future::join_all(drivers.iter().map(|driver| driver.start(&spec))).await;
        assert!(results.iter().all(Result::is_ok), "round {round}: {results:?}");
        let mut pids = Vec::new();
        for driver in &drivers {
            match driver.observe(&instance).await {
                Observed::Starting { pid, .. } | Observed::Running { pid, .. } => pids.push(pid),
                other => panic!("round {round}: {other:?}"),
            }
        }
        pids.dedup();
        assert_eq!(pids.len(), 1, "round {round}: {pids:?}");
        let count = mains(&spec);
        assert!(count <= 1, "round {round}: {count} processes");
        world.driver.stop(&instance, Duration::ZERO).await.unwrap();
        assert_eq!(mains(&spec), 0, "round {round}");
    }
}

/// Whatever of a start is killed, and whenever: the next start ends with one instance.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_killed_at_any_moment_is_repeated_without_harm() {
    let world = World::new(5);
    let spec = world.spec("killed");
    let directory = world.config.state_dir.join("instances").join(&spec.id);
    let mut killed = 0;
    // The last ones are late enough on a busy machine too.
    for delay_ms in [0, 1, 2, 4, 7, 11, 16, 22, 30, 45, 70, 120, 300, 700] {
        let start = tokio::spawn({
            let (driver, spec) = (world.driver.clone(), spec.clone());
            async move { driver.start(&spec).await }
        });
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        killed += kill_all_of(&directory);
        // Told as a failure, or not noticed by anybody: both are allowed.
        let _ = start.await.unwrap();
        // The killed one's files and lock are gone as soon as the kernel has cleared up.
        let mut again = world.driver.start(&spec).await;
        for _ in 0..20 {
            if again.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            again = world.driver.start(&spec).await;
        }
        again.unwrap_or_else(|error| panic!("after {delay_ms} ms: {error}"));
        assert!(mains(&spec) <= 1, "after {delay_ms} ms");
        world.driver.stop(&spec.reference(), Duration::ZERO).await.unwrap();
        assert_eq!(mains(&spec), 0, "after {delay_ms} ms");
    }
    assert!(killed > 1, "the probe itself works: {killed} killed");
}

/// Kills launchers, holders and sandboxes of an instance, known by what they hold open. Returns how many.
fn kill_all_of(directory: &Path) -> usize {
    let name = directory.to_string_lossy().into_owned();
    let own = i32::try_from(std::process::id()).unwrap();
    let holds = |process: &Process| {
        let open = process.fd().is_ok_and(|mut fds| {
            fds.any(|fd| {
                fd.is_ok_and(|fd| matches!(fd.target, FDTarget::Path(path) if path.starts_with(directory)))
            })
        });
        open || process
            .cmdline()
            .is_ok_and(|arguments| arguments.iter().any(|argument| argument.contains(&name)))
    };
    procfs::process::all_processes()
        .unwrap()
        .filter_map(Result::ok)
        .filter(|process| process.pid() != own && holds(process))
        .filter(|process| kill(Pid::from_raw(process.pid()), Signal::SIGKILL).is_ok())
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_runs_out_of_memory_says_so() {
    let world = World::new(6);
    if !world.driver.report().strict {
        println!("an ordinary user cannot limit memory");
        return;
    }
    let mut spec = world.spec("hungry");
    spec.limits.memory_bytes = 120 << 20;
    world.driver.start(&spec).await.unwrap();
    let mut observed = world.driver.observe(&spec.reference()).await;
    for _ in 0..200 {
        if matches!(observed, Observed::Exited { .. }) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        observed = world.driver.observe(&spec.reference()).await;
    }
    let Observed::Exited { detail } = observed else { panic!("{observed:?}") };
    assert!(detail.starts_with("the memory limit was reached"), "{detail}");
}

/// n8n without its database: the process ends, and the reason can be read from the observation.
#[tokio::test]
async fn an_instance_that_cannot_boot_can_still_be_stopped_and_deleted() {
    let world = World::new(2);
    let spec = world.spec("noboot");
    world.driver.start(&spec).await.unwrap();
    let observed = world.driver.observe(&spec.reference()).await;
    assert!(matches!(observed, Observed::Starting { .. }), "{observed:?}");
    world.driver.stop(&spec.reference(), Duration::from_secs(10)).await.unwrap();
    world.driver.destroy(&spec.reference()).await.unwrap();
    assert_eq!(world.driver.observe(&spec.reference()).await, Observed::Absent);
}
