//! Real providers as processes on loopback: `tests/peers` of the repository pins them, `cargo xtask test` installs them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

fn pinned() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers")
}

#[expect(clippy::disallowed_methods, reason = "tests find what was installed for them by their environment")]
fn installed(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: run the tests by `cargo xtask test`"))
        .into()
}

/// npm's `oidc-provider`.
pub(in crate::http) struct OidcProvider {
    pub(in crate::http) issuer: String,
    _child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl OidcProvider {
    pub(in crate::http) async fn with(clients: Vec<Value>) -> Self {
        assert!(
            pinned().join("node_modules").is_dir(),
            "tests/peers has no packages: run `cargo xtask test`"
        );
        let mut child = Command::new(installed("TENANTRY_NODE"))
            .arg("oidc-provider.mjs")
            .arg(json!({ "clients": clients }).to_string())
            .current_dir(pinned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut provider = Self { issuer: String::new(), _child: child, orders, answers };
        provider.issuer = provider.said("listening ").await;
        provider
    }

    /// Gives an order and waits until it is done.
    pub(in crate::http) async fn order(&mut self, order: &str) {
        self.orders.write_all(format!("{order}\n").as_bytes()).await.unwrap();
        self.said(order).await;
    }

    async fn said(&mut self, wanted: &str) -> String {
        let heard = async {
            while let Some(line) = self.answers.next_line().await.unwrap() {
                if let Some(rest) = line.strip_prefix(wanted) {
                    return rest.to_owned();
                }
            }
            panic!("the provider ended without saying {wanted}")
        };
        tokio::time::timeout(Duration::from_secs(60), heard)
            .await
            .expect("the provider says something in time")
    }
}

/// A client of it.
pub(in crate::http) fn client(id: &str, algorithm: &str, back_channel: Option<String>) -> Value {
    let mut client = json!({
        "client_id": id,
        "client_secret": super::world::SECRET,
        "redirect_uris": [format!("{}/oidc/callback", super::world::PORTAL)],
        "post_logout_redirect_uris": [format!("{}/log-in", super::world::PORTAL)],
        "id_token_signed_response_alg": algorithm,
        "backchannel_logout_session_required": true,
    });
    if let Some(address) = back_channel {
        client["backchannel_logout_uri"] = address.into();
    }
    client
}

/// PyPI's `nanoidp`, of another language and another author.
pub(in crate::http) struct NanoIdp {
    pub(in crate::http) issuer: String,
    _child: Child,
    _directory: TempDir,
}

impl NanoIdp {
    pub(in crate::http) async fn with(client: &str) -> Self {
        Self::asking(client, &[]).await
    }

    /// One that takes SAML requests only if they are signed by one of these certificates (PEM); without any, all.
    pub(in crate::http) async fn asking(client: &str, certificates: &[String]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let issuer = format!("http://127.0.0.1:{port}");
        let directory = tempfile::tempdir().unwrap();
        let files: Vec<PathBuf> =
            (0..certificates.len()).map(|n| directory.path().join(format!("sp-{n}.pem"))).collect();
        for (file, pem) in files.iter().zip(certificates) {
            std::fs::write(file, pem).unwrap();
        }
        let settings = json!({
            "config_version": 1,
            "saml": {
                "export_groups": true,
                "want_authn_requests_signed": !certificates.is_empty(),
                "sp_certificates": files,
                "strict_binding": true,
            },
            "server": { "host": "127.0.0.1", "port": port },
            "oauth": {
                "issuer": issuer,
                "clients": [{ "client_id": client, "client_secret": super::world::PLAIN_SECRET, "description": "" }],
            },
        });
        let users = json!({
            "config_version": 1,
            "users": { "grace": {
                "password": "a password of grace", "email": "grace@acme.example", "roles": ["USER"],
                "groups": ["ENGINEERING"], "tenant": "default",
            } },
        });
        // JSON is YAML.
        std::fs::write(directory.path().join("settings.yaml"), settings.to_string()).unwrap();
        std::fs::write(directory.path().join("users.yaml"), users.to_string()).unwrap();
        let child = Command::new("python3")
            .args(["-m", "nanoidp", "--host", "127.0.0.1", "--port", &port.to_string(), "--config"])
            .arg(directory.path())
            .current_dir(directory.path())
            .env("PYTHONPATH", installed("TENANTRY_NANOIDP"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        for _ in 0..300 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Self { issuer, _child: child, _directory: directory };
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("nanoidp did not start within a minute")
    }
}
