use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getsid};

use crate::world::{World, sql};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn starts_and_stops_and_keeps_the_data() {
    let world = World::new();
    let postgres = world.start().await;
    sql(&postgres, "create table kept (n int); insert into kept values (42)");
    let pid = postgres.pid().unwrap();
    postgres.stop().await.unwrap();
    assert!(!Path::new(&format!("/proc/{pid}")).exists() || is_zombie(pid));

    let postgres = world.start().await;
    assert_eq!(sql(&postgres, "select n from kept"), "42");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn files_have_the_right_owner_and_mode() {
    let world = World::new();
    let postgres = world.start().await;
    assert_eq!(mode(&world.path("data")), 0o700);
    assert_eq!(mode(&world.path("data.password")), 0o600);
    assert_eq!(mode(&world.path("pg")), 0o755);
    assert_ne!(fs::metadata(world.path("data")).unwrap().uid(), 0, "the server must not run as root");
    assert!(!format!("{postgres:?}").contains(postgres.superuser_password().expose()));
    assert_eq!(sql(&postgres, "show data_checksums"), "on");
    assert_eq!(sql(&postgres, "show listen_addresses"), "");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_dropped_handle_leaves_the_server_to_be_adopted() {
    let world = World::new();
    let first = world.start().await;
    let pid = first.pid().unwrap();
    let url = first.superuser_url("postgres");
    drop(first);
    // Another socket directory is asked for: the running server's own is what counts.
    let mut options = world.options();
    options.socket_dir = world.path("elsewhere");
    let second = tenantry_postgres::start(options).await.unwrap();
    assert_eq!(second.pid(), Some(pid));
    assert_eq!(second.superuser_url("postgres"), url);
    assert_eq!(sql(&second, "select 1"), "1");
    second.stop().await.unwrap();
}

#[tokio::test]
async fn the_server_has_a_session_of_its_own() {
    let world = World::new();
    let postgres = world.start().await;
    let server = getsid(postgres.pid().map(Pid::from_raw)).unwrap();
    assert_ne!(server, getsid(None).unwrap(), "a Ctrl-C in the terminal would stop the database");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn two_starts_at_once_share_one_server() {
    let world = World::new();
    let (one, two) =
        tokio::join!(tenantry_postgres::start(world.options()), tenantry_postgres::start(world.options()));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.pid(), two.pid());
    one.stop().await.unwrap();
    two.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_is_started_again() {
    let world = World::new();
    let mut options = world.options();
    options.durable = true;
    let postgres = tenantry_postgres::start(options).await.unwrap();
    sql(&postgres, "create table kept (n int); insert into kept values (42)");
    let pid = postgres.pid().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    while postgres.pid().is_some() {
        tokio::task::yield_now().await;
    }
    let again = world.start().await;
    assert_ne!(again.pid(), Some(pid));
    assert_eq!(sql(&again, "select n from kept"), "42");
    again.stop().await.unwrap();
}

#[tokio::test]
async fn a_pid_file_naming_a_stranger_does_not_stop_a_start() {
    let world = World::new();
    world.start().await.stop().await.unwrap();
    // The test's own process: alive, of this user, and no PostgreSQL.
    let stale =
        format!("{}\n{}\n1\n5432\n/nowhere\n\n\nready\n", std::process::id(), world.path("data").display());
    fs::write(world.path("data/postmaster.pid"), stale).unwrap();
    let postgres = world.start().await;
    assert_ne!(postgres.pid(), i32::try_from(std::process::id()).ok());
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_killed_during_initdb_leaves_nothing_half_made() {
    let world = World::new();
    // What such a start leaves behind: a password and a partial directory aside.
    fs::create_dir_all(world.path(".data.initdb/data/base")).unwrap();
    fs::write(world.path("data.password"), "0123456789abcdef").unwrap();
    let postgres = world.start().await;
    assert_eq!(postgres.superuser_password().expose(), "0123456789abcdef");
    assert_eq!(sql(&postgres, "select 1"), "1");
    assert!(!world.path(".data.initdb").exists());
    postgres.stop().await.unwrap();
}

/// In a container whose first process never reaps, an ended server stays as a zombie.
fn is_zombie(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default().contains("State:\tZ")
}
