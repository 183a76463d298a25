use std::fs;
use std::os::unix::fs::PermissionsExt;

use tenantry_postgres::Error;

use crate::world::World;

#[tokio::test]
async fn refuses_a_data_directory_of_another_version() {
    let world = World::new();
    world.start().await.stop().await.unwrap();
    fs::write(world.path("data/PG_VERSION"), "13\n").unwrap();
    let error = tenantry_postgres::start(world.options()).await.unwrap_err();
    assert!(matches!(&error, Error::OtherVersion { data, .. } if data == "13"), "{error}");
    let message = error.to_string();
    assert!(message.contains("PostgreSQL 13") && message.contains("pg_upgrade"), "{message}");
}

#[tokio::test]
async fn refuses_a_socket_path_that_is_too_long_before_making_anything() {
    let world = World::new();
    let mut options = world.options();
    options.socket_dir = world.path(&"s".repeat(100));
    let error = tenantry_postgres::start(options).await.unwrap_err();
    assert!(matches!(error, Error::SocketPathTooLong { .. }), "{error}");
    assert!(!world.path("data").exists());
}

#[tokio::test]
async fn refuses_missing_programs() {
    let world = World::new();
    let mut options = world.options();
    options.bin_dir = world.path("nothing");
    let error = tenantry_postgres::start(options).await.unwrap_err();
    assert!(matches!(error, Error::MissingProgram { program: "postgres", .. }), "{error}");
}

#[tokio::test]
async fn refuses_a_directory_with_other_files() {
    let world = World::new();
    fs::create_dir(world.path("data")).unwrap();
    fs::write(world.path("data/thesis.txt"), "precious").unwrap();
    let error = tenantry_postgres::start(world.options()).await.unwrap_err();
    assert!(matches!(error, Error::NotACluster(_)), "{error}");
}

#[tokio::test]
async fn refuses_a_cluster_whose_password_is_gone() {
    let world = World::new();
    world.start().await.stop().await.unwrap();
    fs::remove_file(world.path("data.password")).unwrap();
    let error = tenantry_postgres::start(world.options()).await.unwrap_err();
    assert!(matches!(error, Error::PasswordLost { .. }), "{error}");
}

#[tokio::test]
async fn as_root_refuses_a_place_the_servers_user_cannot_reach() {
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let world = World::new();
    fs::create_dir(world.path("closed")).unwrap();
    fs::set_permissions(world.path("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    let mut options = world.options();
    options.data_dir = world.path("closed/data");
    assert!(matches!(tenantry_postgres::reachable(&options.data_dir), Err(Error::NotTraversable { .. })));
    let error = tenantry_postgres::start(options).await.unwrap_err();
    assert!(matches!(&error, Error::NotTraversable { dir, .. } if *dir == world.path("closed")), "{error}");
}
