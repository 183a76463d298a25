//! Access tokens: got with a credential, good for a quarter of an hour (RFC 6749, sections 4.4 and 5; RFC 7009).

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use tenantry_authz::{Actor, Ctx, Right};
use tenantry_kernel::{Result, Secret};
use tenantry_store::{SystemRole, SystemTx};

use super::client::{Client, ClientProof, TokenRefusal};
use super::repo;
use crate::programs::Program;
use crate::recognisable::Form;
use crate::{Identity, roles};

/// How long a token is good.
const LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// What a client asks for.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    pub client: ClientProof,
    /// Rights with spaces between them; without any the token may do what the account may.
    pub scope: Option<String>,
}

/// A token, which nobody can be shown again.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    pub token: Secret,
    pub lifetime: TimeDelta,
    /// What it may be used for now.
    pub scopes: Vec<String>,
}

impl Identity {
    /// Gives a service account a token.
    ///
    /// # Errors
    /// `RateLimited` for too many tries of one client or address; `Unavailable` when the database does not answer.
    pub async fn issue_token(
        &self,
        ctx: &Ctx,
        request: TokenRequest,
    ) -> Result<std::result::Result<IssuedToken, TokenRefusal>> {
        self.throttle_client(ctx, &request.client)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let client = match self.client((&tx, ctx), &request.client).await? {
            Ok(client) => client,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let issued = self.issue((&tx, ctx), &client, request.scope.as_deref()).await?;
        // Also for a scope that is refused: the assertion was used.
        tx.commit().await?;
        if issued.is_ok() {
            tracing::info!(
                service_account.id = %client.account, credential.id = %client.credential,
                tenant.id = %client.tenant, request.id = %ctx.request(), "a token was issued"
            );
        }
        Ok(issued)
    }

    async fn issue(
        &self,
        (tx, ctx): (&SystemTx, &Ctx),
        client: &Client,
        scope: Option<&str>,
    ) -> Result<std::result::Result<IssuedToken, TokenRefusal>> {
        let held = repo::held(tx, client.account).await?.unwrap_or_else(|| serde_json::json!([]));
        let grants = roles::held::grants(tx, &self.runtime().gate, held).await?;
        let actor = Actor::ServiceAccount { id: client.account, tenant: client.tenant, scopes: None };
        let held =
            Ctx::new(self.runtime().clone(), actor, grants, ctx.origin().clone()).rights_in(client.tenant);
        let scopes = match scope.map(|text| narrowed(text, &held)).transpose() {
            Ok(scopes) => scopes,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let token = Form::AccessToken.generate(ctx.entropy());
        let new = repo::NewToken {
            token: &token,
            tenant: client.tenant,
            account: client.account,
            credential: client.credential,
            scopes: scopes.as_deref(),
            at: ctx.now(),
            expires_at: ctx.now() + LIFETIME,
        };
        repo::insert_token(tx, new).await?;
        let scopes = scopes.map_or(held, |scopes| scopes.iter().map(Right::to_string).collect());
        Ok(Ok(IssuedToken { token, lifetime: LIFETIME, scopes }))
    }

    /// Ends a token of the asking client. A token that is none, or somebody else's, is no error (RFC 7009, section
    /// 2.2): there is nothing to end.
    ///
    /// # Errors
    /// As [`Self::issue_token`].
    pub async fn revoke_token(
        &self,
        ctx: &Ctx,
        (proof, token): (ClientProof, Secret),
    ) -> Result<std::result::Result<(), TokenRefusal>> {
        self.throttle_client(ctx, &proof)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let client = match self.client((&tx, ctx), &proof).await? {
            Ok(client) => client,
            Err(refusal) => return Ok(Err(refusal)),
        };
        repo::delete_token(&tx, (client.account, &token)).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    fn throttle_client(&self, ctx: &Ctx, proof: &ClientProof) -> Result<()> {
        self.throttle().address(ctx.origin().address)?;
        let id = match proof {
            ClientProof::Secret { client_id, .. } => Some(client_id.as_str()),
            // Whose it is, is known once it is read; and whoever signs wrongly guesses nothing.
            ClientProof::Assertion { client_id, .. } => client_id.as_deref(),
        };
        // Of one address: client ids are no secret, and whoever knows one must not keep its owner out.
        let from = ctx.origin().address.map(|address| address.to_string()).unwrap_or_default();
        id.map_or(Ok(()), |id| self.throttle().client(&format!("{id} {from}")))
    }
}

/// The rights of a scope parameter, each once, all of them held.
fn narrowed(scope: &str, held: &[String]) -> std::result::Result<Vec<Right>, TokenRefusal> {
    let words: BTreeSet<&str> = scope.split(' ').filter(|word| !word.is_empty()).collect();
    let rights = words.iter().map(|word| match word.parse::<Right>() {
        Ok(right) if held.contains(&right.to_string()) => Ok(right),
        _ => {
            let shown: String =
                word.chars().filter(|c| matches!(c, 'a'..='z' | '-' | ':')).take(60).collect();
            Err(TokenRefusal::Scope(format!("the account does not have the right {shown}")))
        }
    });
    let rights: Vec<Right> = rights.collect::<std::result::Result<_, _>>()?;
    if rights.is_empty() {
        return Err(TokenRefusal::Scope(
            "the scope is empty: leave it out for all of the account's rights".into(),
        ));
    }
    Ok(rights)
}

/// The program that holds a token. `None` for one that is unknown, has expired or was taken away.
pub(crate) async fn authenticate(
    identity: &Identity,
    (tx, token, now): (&SystemTx, &Secret, DateTime<Utc>),
) -> Result<Option<Program>> {
    let Some(found) = repo::by_token(tx, (token, now)).await? else { return Ok(None) };
    let grants = roles::held::grants(tx, &identity.runtime().gate, found.grants).await?;
    let actor = Actor::ServiceAccount {
        id: found.account,
        tenant: found.tenant,
        scopes: found.scopes.map(Into::into),
    };
    Ok(Some(Program { actor, grants }))
}
