//! GitHub: OAuth 2 and two calls of its API, as it has no OpenID Connect for people
//! (<https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>).

use serde::Deserialize;
use tenantry_kernel::Secret;

use super::Oidc;
use super::fetch::Proving;
use super::refusal::{Refusal, What, shown};
use crate::sso::{Asserted, ConnectionSettings, GitHubSettings};

/// Who it is, and their addresses.
pub(super) const SCOPE: &str = "read:user user:email";

/// Errors come with the status 200.
#[derive(Deserialize)]
struct Tokens {
    access_token: Option<Secret>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct User {
    /// Never changes; the log-in name may, and is given to others then.
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Email {
    email: String,
    primary: bool,
    verified: bool,
}

pub(super) fn authorization(settings: &GitHubSettings) -> String {
    format!("{}/login/oauth/authorize", settings.site.trim_end_matches('/'))
}

impl Oidc {
    pub(super) async fn ask_github(
        &self,
        connection: &ConnectionSettings,
        (settings, secret): (&GitHubSettings, &Secret),
        (code, verifier): (&str, &Secret),
    ) -> Result<Asserted, Refusal> {
        let way = self.way(connection.tenant);
        let redirect_uri = self.redirect_uri(&connection.callback);
        let form = [
            ("client_id", settings.client_id.as_str()),
            ("client_secret", secret.expose()),
            ("code", code),
            ("redirect_uri", redirect_uri.as_str()),
            ("code_verifier", verifier.expose()),
        ];
        let place = format!("{}/login/oauth/access_token", settings.site.trim_end_matches('/'));
        let got = way.post((What::Tokens, &place), &form, Proving::Nothing).await?;
        if !got.status.is_success() {
            return Err(Refusal::Status(What::Tokens, got.status));
        }
        let tokens: Tokens = got.json()?;
        if let Some(error) = tokens.error {
            return Err(Refusal::TokensRefused(shown(&error)));
        }
        let token = tokens
            .access_token
            .ok_or_else(|| Refusal::Unreadable(What::Tokens, "access_token lacks".to_owned()))?;
        let api = settings.api.trim_end_matches('/');
        let (user, emails) = (format!("{api}/user"), format!("{api}/user/emails"));
        let user: User = way.get((What::UserInfo, &user), Proving::Bearer(&token)).await?;
        let emails: Vec<Email> = way.get((What::UserInfo, &emails), Proving::Bearer(&token)).await?;
        let email = emails.into_iter().find(|email| email.primary);
        Ok(Asserted {
            connection: connection.connection,
            tenant: connection.tenant,
            subject: user.id.to_string(),
            email_verified: email.as_ref().is_some_and(|email| email.verified),
            email_denied: false,
            email: email.map(|email| email.email),
            name: user.name.filter(|name| !name.is_empty()).or(Some(user.login)),
            groups: Vec::new(),
            groups_incomplete: false,
            methods: Vec::new(),
            provider_session: None,
            id_token_hint: None,
        })
    }
}
