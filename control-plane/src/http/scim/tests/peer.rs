//! A client of others': `scim2 test` of scim2-cli, which tries every attribute of what `/Schemas` says.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::process::Command;

use super::*;

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test's environment says where the peer is")]
async fn every_check_of_scim2_cli_passes() {
    let peer: PathBuf = std::env::var_os("TENANTRY_SCIM_PEER")
        .expect(
            "TENANTRY_SCIM_PEER is the directory of scim2-cli: `cargo xtask test` installs it and says so",
        )
        .into();
    let directory = Directory::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = directory.test.router().into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    let ran = Command::new(peer.join("bin/scim2"))
        .arg("test")
        .env("PYTHONPATH", &peer)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "127.0.0.1")
        .env("SCIM_CLI_URL", format!("http://{address}/scim/v2"))
        .env("SCIM_CLI_HEADERS", format!("Authorization: Bearer {}", directory.secret))
        .kill_on_drop(true)
        .output()
        .await
        .expect("scim2 runs");
    serving.abort();
    let said = String::from_utf8_lossy(&ran.stdout);
    let checks = |word: &str| said.lines().filter(|line| line.starts_with(word)).count();
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    assert!(checks("SUCCESS") > 60, "the peer ran few checks: {said}");
    for bad in ["ERROR", "CRITICAL", "DEVIATION", "SKIPPED"] {
        assert_eq!(checks(bad), 0, "{said}");
    }
}
