//! Who a client of the token endpoint is (RFC 6749, section 2.3; RFC 7523, section 2.2).

use tenantry_authz::Ctx;
use tenantry_kernel::{CredentialId, Result, Secret, ServiceAccountId, TenantId};
use tenantry_store::SystemTx;

use super::jws::Jws;
use super::public_key::PublicKey;
use super::repo::{self, Checkable};
use super::{assertion, jws};
use crate::recognisable::Form;
use crate::{Identity, token};

/// What a client shows.
#[derive(Debug, Clone)]
pub enum ClientProof {
    Secret {
        client_id: String,
        secret: Secret,
    },
    /// A JWT that the client has signed. The id beside it is not needed, and must be the same.
    Assertion {
        client_id: Option<String>,
        assertion: Secret,
    },
}

/// Why there is no token. The words are for the client's developer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenRefusal {
    /// Unknown client, wrong secret, wrong assertion: which of these is not told, except for a form that is wrong in
    /// itself.
    Client(&'static str),
    Scope(String),
}

/// A client that has proven itself.
pub(super) struct Client {
    pub(super) account: ServiceAccountId,
    pub(super) tenant: TenantId,
    pub(super) credential: CredentialId,
}

const WRONG: TokenRefusal =
    TokenRefusal::Client("unknown client, or the credential is wrong, has expired or was removed");

impl Identity {
    /// Finds out who a client is, in a transaction that must be committed: an assertion is used up by it.
    pub(super) async fn client(
        &self,
        (tx, ctx): (&SystemTx, &Ctx),
        proof: &ClientProof,
    ) -> Result<std::result::Result<Client, TokenRefusal>> {
        match proof {
            ClientProof::Secret { client_id, secret } => by_secret((tx, ctx), client_id, secret).await,
            ClientProof::Assertion { client_id, assertion } => {
                let Some(jws) = Jws::read(assertion.expose()) else {
                    return Ok(Err(TokenRefusal::Client("the assertion is not a signed JWT")));
                };
                if client_id.as_ref().is_some_and(|id| *id != jws.claims.sub) {
                    return Ok(Err(TokenRefusal::Client("client_id is not the assertion's sub")));
                }
                self.by_assertion((tx, ctx), &jws).await
            }
        }
    }

    async fn by_assertion(
        &self,
        (tx, ctx): (&SystemTx, &Ctx),
        jws: &Jws<'_>,
    ) -> Result<std::result::Result<Client, TokenRefusal>> {
        let Ok(account) = jws.claims.sub.parse::<ServiceAccountId>() else { return Ok(Err(WRONG)) };
        let found = repo::checkable(tx, (account, ctx.now())).await?;
        let wanted = |c: &&Checkable| jws.header.kid.as_ref().is_none_or(|kid| *kid == c.id.to_string());
        let Some(credential) = found.iter().filter(wanted).find(|c| has_signed(c, jws)) else {
            return Ok(Err(WRONG));
        };
        // From here on it is the client's own word: what is wrong with it may be told.
        let judged = match assertion::judge(&jws.claims, &self.audiences(), ctx.now()) {
            Ok(judged) => judged,
            Err(why) => return Ok(Err(TokenRefusal::Client(why))),
        };
        if !repo::use_assertion(tx, account, (judged.jti, judged.until)).await? {
            return Ok(Err(TokenRefusal::Client("this assertion (jti) was used before")));
        }
        Ok(Ok(Client { account, tenant: credential.tenant, credential: credential.id }))
    }

    /// What an assertion may name as its audience: the token endpoint, or the issuer that has no other.
    fn audiences(&self) -> [String; 2] {
        let issuer = self.config().public_url.trim_end_matches('/');
        [format!("{issuer}/oauth/token"), issuer.to_owned()]
    }
}

fn has_signed(credential: &Checkable, jws: &jws::Jws<'_>) -> bool {
    let key = credential.public_key.as_deref().map(PublicKey::from_pem);
    key.and_then(Result::ok).is_some_and(|key| jws.is_signed_by(&key))
}

async fn by_secret(
    (tx, ctx): (&SystemTx, &Ctx),
    client_id: &str,
    secret: &Secret,
) -> Result<std::result::Result<Client, TokenRefusal>> {
    if Form::of(secret) != Some(Form::ClientSecret) {
        return Ok(Err(TokenRefusal::Client(
            "the client secret is not one of ours, or is mistyped: its checksum is wrong",
        )));
    }
    let Ok(account) = client_id.parse::<ServiceAccountId>() else { return Ok(Err(WRONG)) };
    let shown = Secret::new(token::hash(secret));
    let found = repo::checkable(tx, (account, ctx.now())).await?;
    // `Secret` compares in constant time.
    let right = |c: &&Checkable| c.secret_hash.as_ref().is_some_and(|kept| Secret::new(kept) == shown);
    Ok(found
        .iter()
        .find(right)
        .map_or(Err(WRONG), |c| Ok(Client { account, tenant: c.tenant, credential: c.id })))
}
