//! Settings of the APIs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::http::HeaderValue;
use clap::{Args, ValueEnum};
use url::Url;

use super::grace;
use crate::http::graphql::persisted::AllowList;
use crate::http::settings::ApiSettings;

#[derive(Args, Clone)]
pub(super) struct ApiArgs {
    /// Whether the API's schema is shown to whoever is not logged in: auto shows it only where the portal has no TLS,
    /// which is on one's own machine.
    #[arg(long, env = "TENANTRY_ANONYMOUS_INTROSPECTION", default_value = "auto")]
    anonymous_introspection: Switch,
    /// Runs only listed operations in the customers' API: a file, or a directory of *.json, of SHA-256 to document. The
    /// portal's own need not be listed.
    #[arg(long, env = "TENANTRY_OPERATIONS_ALLOW_LIST")]
    operations_allow_list: Option<PathBuf>,
    /// Another site whose pages may call the customers' API with a token, never with a cookie: https://app.example.com;
    /// may be given several times, or with commas.
    #[arg(long = "cors-origin", env = "TENANTRY_CORS_ORIGINS", value_delimiter = ',', value_parser = origin)]
    cors_origins: Vec<HeaderValue>,
    /// How long the process says that it is not ready before it takes no more requests: what your load balancer needs
    /// to see it. 10s, 1m; 0 without one.
    #[arg(long, env = "TENANTRY_DRAIN_LEAD", default_value = "0", value_parser = grace::parse)]
    pub(super) drain_lead: chrono::TimeDelta,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    Auto,
    On,
    Off,
}

impl ApiArgs {
    /// The settings for a portal with or without TLS, whose built files are in `web_dir`.
    ///
    /// # Errors
    /// When the list of operations cannot be read.
    pub(super) fn settings(&self, is_tls: bool, web_dir: Option<&Path>) -> Result<ApiSettings> {
        let allow_list = match &self.operations_allow_list {
            None => None,
            Some(path) => {
                let mut list = AllowList::read(path).context("the list of operations that may run")?;
                let portal = web_dir.map(|dir| dir.join("operations.json")).filter(|file| file.is_file());
                if let Some(portal) = portal {
                    list.add(&portal).context("the portal's own operations")?;
                }
                Some(Arc::new(list))
            }
        };
        Ok(ApiSettings {
            anonymous_introspection: match self.anonymous_introspection {
                Switch::On => true,
                Switch::Off => false,
                Switch::Auto => !is_tls,
            },
            allow_list,
            cors_origins: self.cors_origins.clone(),
            ..ApiSettings::default()
        })
    }
}

/// An origin as browsers write it (RFC 6454, section 6.1): scheme, host, port if not the usual one, and nothing more.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || format!("{text} is not an origin such as https://app.example.com");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_web = matches!(url.scheme(), "http" | "https");
    if !is_web || text.contains('*') || url.origin().ascii_serialization() != text {
        return Err(wrong());
    }
    HeaderValue::from_str(text).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        api: ApiArgs,
    }

    fn args(more: &[&str]) -> Result<ApiArgs, clap::Error> {
        Cli::try_parse_from(["tenantry"].iter().chain(more)).map(|cli| cli.api)
    }

    #[test]
    fn the_schema_is_hidden_from_strangers_in_production_unless_said_otherwise() {
        for (more, tls, shown) in [
            (vec![], false, true),
            (vec![], true, false),
            (vec!["--anonymous-introspection", "on"], true, true),
            (vec!["--anonymous-introspection", "off"], false, false),
        ] {
            let settings = args(&more).unwrap().settings(tls, None).unwrap();
            assert_eq!(settings.anonymous_introspection, shown, "{more:?} {tls}");
        }
    }

    #[test]
    fn an_origin_is_an_origin_and_never_all_of_them() {
        let given =
            args(&["--cors-origin", "https://a.example", "--cors-origin", "http://localhost:3000"]).unwrap();
        assert_eq!(given.cors_origins, ["https://a.example", "http://localhost:3000"]);
        for bad in [
            "*",
            "null",
            "https://a.example/",
            "https://a.example:443",
            "a.example",
            "https://*.example",
            "file:///x",
            "https://A.example",
        ] {
            assert!(args(&["--cors-origin", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_portals_operations_are_always_listed() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("mine.json");
        let hash = |text: &str| {
            use sha2::Digest;
            hex::encode(sha2::Sha256::digest(text.as_bytes()))
        };
        std::fs::write(&list, serde_json::json!({ hash("{ a }"): "{ a }" }).to_string()).unwrap();
        let given = args(&["--operations-allow-list", list.to_str().unwrap()]).unwrap();
        assert!(given.settings(true, Some(dir.path())).is_ok());
        std::fs::write(dir.path().join("operations.json"), "{\"00\": \"{ b }\"}").unwrap();
        assert!(
            given.settings(true, Some(dir.path())).is_err(),
            "a portal whose list is wrong would not work"
        );
        assert!(args(&["--operations-allow-list", "/nowhere"]).unwrap().settings(true, None).is_err());
    }
}
