//! The address at the provider where a log-in begins, and where a session ends.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tenantry_kernel::{Secret, random_token};
use url::Url;

use super::provider::{self, Speaks};
use super::refusal::Refusal;
use super::{Oidc, github};
use crate::sso::{ConnectionSettings, FlowSecrets, OidcSettings};

/// A log-in that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub address: String,
    /// Kept until the browser comes back, and used once.
    pub secrets: FlowSecrets,
}

impl Oidc {
    /// Begins a log-in of the browser that has the secret `browser` in a cookie. `hint` is the e-mail address that
    /// somebody has typed, if any.
    ///
    /// # Errors
    /// When the provider cannot be reached or its metadata are wrong.
    pub async fn begin(
        &self,
        connection: &ConnectionSettings,
        browser: Secret,
        hint: Option<&str>,
    ) -> Result<Begun, Refusal> {
        let [state, nonce, verifier] = [(); 3].map(|()| random_token(&*self.0.entropy));
        let secrets = FlowSecrets { browser, state, nonce, verifier };
        let mut url = match provider::of(connection)? {
            Speaks::OpenIdConnect(provider) => {
                let known = self.known(provider, &self.way(provider.owner)).await?;
                let mut url = parsed(&known.metadata.authorization)?;
                let settings = provider.settings;
                self.ask(&mut url, (connection, &secrets), (&settings.client_id, &scope(settings)));
                let mut query = url.query_pairs_mut();
                query.append_pair("nonce", secrets.nonce.expose());
                if let Some(hint) = hint {
                    query.append_pair("login_hint", hint);
                }
                drop(query);
                url
            }
            Speaks::GitHub(settings, _) => {
                let mut url = parsed(&github::authorization(settings))?;
                self.ask(&mut url, (connection, &secrets), (&settings.client_id, github::SCOPE));
                url
            }
        };
        url.set_fragment(None);
        Ok(Begun { address: url.into(), secrets })
    }

    /// What OAuth 2 has in common (RFC 6749, section 4.1.1; RFC 7636, section 4.3).
    fn ask(
        &self,
        url: &mut Url,
        (connection, secrets): (&ConnectionSettings, &FlowSecrets),
        (client_id, scope): (&str, &str),
    ) {
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", &self.redirect_uri(&connection.callback))
            .append_pair("scope", scope)
            .append_pair("state", secrets.state.expose())
            .append_pair("code_challenge", &challenge(&secrets.verifier))
            .append_pair("code_challenge_method", "S256");
    }

    /// Where a browser ends its session at the provider, coming back to `back` (RP-Initiated Logout 1.0). `None` where the
    /// provider has no such place.
    ///
    /// # Errors
    /// When the provider cannot be reached or its metadata are wrong.
    pub async fn log_out_address(
        &self,
        connection: &ConnectionSettings,
        id_token: Option<&Secret>,
        back: &str,
    ) -> Result<Option<String>, Refusal> {
        let Ok(Speaks::OpenIdConnect(provider)) = provider::of(connection) else { return Ok(None) };
        let known = self.known(provider, &self.way(provider.owner)).await?;
        let Some(place) = &known.metadata.end_session else { return Ok(None) };
        let mut url = parsed(place)?;
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("client_id", &provider.settings.client_id)
                .append_pair("post_logout_redirect_uri", back);
            if let Some(id_token) = id_token {
                query.append_pair("id_token_hint", id_token.expose());
            }
        }
        Ok(Some(url.into()))
    }
}

fn parsed(place: &str) -> Result<Url, Refusal> {
    Url::parse(place).map_err(|_| Refusal::Endpoint("it is no URL".to_owned()))
}

/// `openid` is what makes it OpenID Connect: it is there whatever the connection says.
fn scope(settings: &OidcSettings) -> String {
    let others = settings.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid");
    std::iter::once("openid").chain(others).collect::<Vec<_>>().join(" ")
}

/// `S256` of RFC 7636, section 4.2.
pub(super) fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_the_one_of_the_standard() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
