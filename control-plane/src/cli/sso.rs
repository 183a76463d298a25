//! Settings of single sign-on.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;
use tenantry_identity::{
    ClaimNames, DnsTxt, GitHubSettings, IdentityConfig, OidcSettings, Protocol, SocialProvider,
};
use tenantry_kernel::Secret;

#[derive(Args, Clone)]
pub(super) struct SsoArgs {
    /// A file that names the identity providers that everybody may log in by (Google, Microsoft, GitHub, any issuer), as
    /// JSON. Without it people log in with passwords, and by the connections of their organisations.
    #[arg(long, env = "TENANTRY_SOCIAL_PROVIDERS")]
    social_providers: Option<PathBuf>,
    /// Name servers to ask for the records by which organisations prove domains: 192.0.2.53:53. Without them, this machine's.
    #[arg(long, env = "TENANTRY_DNS_SERVERS", value_delimiter = ',')]
    dns_servers: Vec<SocketAddr>,
}

impl SsoArgs {
    /// Adds what they say to identity's settings.
    ///
    /// # Errors
    /// When the file cannot be read or says something wrong, or this machine names no name server.
    pub(super) fn wire(&self, identity: &mut IdentityConfig) -> Result<()> {
        identity.txt = Arc::new(match self.dns_servers.as_slice() {
            [] => DnsTxt::system().context("this machine's name servers: name some with --dns-servers")?,
            servers => DnsTxt::of(servers)?,
        });
        if let Some(file) = &self.social_providers {
            identity.social =
                providers(file).with_context(|| format!("--social-providers {}", file.display()))?;
        }
        Ok(())
    }
}

/// One entry of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    name: Option<String>,
    /// Not for `github`.
    issuer: Option<String>,
    client_id: String,
    client_secret: Secret,
    /// Of a GitHub Enterprise Server: https://github.example.com
    site: Option<String>,
}

fn providers(file: &Path) -> Result<Vec<SocialProvider>> {
    let text = std::fs::read_to_string(file).context("cannot be read")?;
    let entries: Vec<Entry> = serde_json::from_str(&text).context("is no list of providers")?;
    let providers: Vec<SocialProvider> = entries.into_iter().map(provider).collect::<Result<_>>()?;
    let mut codes: Vec<&str> = providers.iter().map(|provider| provider.code.as_str()).collect();
    codes.sort_unstable();
    ensure!(codes.windows(2).all(|two| two.first() != two.last()), "a code is there twice");
    Ok(providers)
}

fn provider(entry: Entry) -> Result<SocialProvider> {
    let code = entry.code;
    ensure!(
        (1..=40).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
        "{code:?} is no code: lower-case letters, digits and hyphens"
    );
    let name = entry.name.unwrap_or_else(|| match code.as_str() {
        "google" => "Google".to_owned(),
        "microsoft" => "Microsoft".to_owned(),
        "github" => "GitHub".to_owned(),
        other => other.to_owned(),
    });
    if code == "github" {
        let site = entry.site.as_deref().unwrap_or("https://github.com").trim_end_matches('/').to_owned();
        let api = match site.as_str() {
            "https://github.com" => "https://api.github.com".to_owned(),
            site => format!("{site}/api/v3"),
        };
        let settings = GitHubSettings { client_id: entry.client_id, site, api };
        return Ok(SocialProvider {
            code,
            name,
            protocol: Protocol::GitHub { settings, secret: entry.client_secret },
        });
    }
    let issuer = match (entry.issuer, code.as_str()) {
        (Some(issuer), _) => issuer,
        (None, "google") => "https://accounts.google.com".to_owned(),
        // Microsoft's common address names no issuer, and so cannot be checked: a tenant of theirs has to be named.
        (None, _) => anyhow::bail!("{code}: the issuer is missing"),
    };
    let settings = OidcSettings {
        issuer,
        client_id: entry.client_id,
        scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
        claims: ClaimNames::default(),
    };
    Ok(SocialProvider {
        code,
        name,
        protocol: Protocol::Oidc { settings, secret: Some(entry.client_secret) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<SocialProvider>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        providers(file.path())
    }

    #[test]
    fn providers_are_named_by_a_file() {
        let found = of(r#"[
            { "code": "google", "client_id": "a", "client_secret": "s" },
            { "code": "github", "client_id": "b", "client_secret": "s", "site": "https://git.example.com/" },
            { "code": "acme", "name": "Acme", "issuer": "https://id.example.com", "client_id": "c", "client_secret": "s" }
        ]"#)
        .unwrap();
        let [google, github, acme] = found.as_slice() else { panic!("{found:?}") };
        assert!(matches!(&google.protocol, Protocol::Oidc { settings, secret: Some(_) }
            if settings.issuer == "https://accounts.google.com"));
        assert!(matches!(&github.protocol, Protocol::GitHub { settings, .. }
            if settings.api == "https://git.example.com/api/v3"));
        assert_eq!(acme.name, "Acme");
        assert!(!format!("{found:?}").contains("\"s\""), "secrets are not shown");
        assert_ne!(google.connection(), acme.connection());
    }

    #[test]
    fn what_is_wrong_in_the_file_is_said() {
        for (text, why) in [
            ("{}", "no list"),
            (r#"[{ "code": "microsoft", "client_id": "a", "client_secret": "s" }]"#, "issuer is missing"),
            (r#"[{ "code": "A b", "client_id": "a", "client_secret": "s" }]"#, "no code"),
            (r#"[{ "code": "google", "client_id": "a" }]"#, "no list"),
            (
                r#"[{ "code": "google", "client_id": "a", "client_secret": "s" },
                    { "code": "google", "client_id": "b", "client_secret": "s" }]"#,
                "twice",
            ),
        ] {
            let error = of(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
