//! The code for tokens (RFC 6749, section 4.1.3; OpenID Connect Core 1.0, section 3.1.3).

use serde::Deserialize;
use tenantry_kernel::Secret;

use super::Oidc;
use super::fetch::{Proving, Way};
use super::metadata::Metadata;
use super::provider::Provider;
use super::refusal::{Refusal, What, shown};

/// What the token endpoint gives.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: Secret,
    pub(super) token_type: String,
    pub(super) id_token: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TokenError {
    pub(super) error: String,
}

impl Oidc {
    /// Shows the code, the verifier and ourselves. The code is good for one such call, whoever makes it.
    pub(super) async fn exchange(
        &self,
        (provider, metadata): (Provider<'_>, &Metadata),
        way: &Way,
        (code, verifier): (&str, &Secret),
    ) -> Result<Tokens, Refusal> {
        let client_id = provider.settings.client_id.as_str();
        let redirect_uri = self.redirect_uri(provider.callback);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri.as_str()),
            ("code_verifier", verifier.expose()),
        ];
        let proving = match provider.secret {
            None => {
                form.push(("client_id", client_id));
                Proving::Nothing
            }
            Some(secret) if metadata.secret_in_form => {
                form.extend([("client_id", client_id), ("client_secret", secret.expose())]);
                Proving::Nothing
            }
            Some(secret) => Proving::Basic(client_id, secret),
        };
        let got = way.post((What::Tokens, &metadata.token), &form, proving).await?;
        if got.status.is_client_error() {
            let said: TokenError = got.json()?;
            return Err(Refusal::TokensRefused(shown(&said.error)));
        }
        if !got.status.is_success() {
            return Err(Refusal::Status(What::Tokens, got.status));
        }
        let tokens: Tokens = got.json()?;
        if !tokens.token_type.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::TokenType(shown(&tokens.token_type)));
        }
        Ok(tokens)
    }
}
