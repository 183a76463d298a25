use tenantry_authz::Ctx;
use tenantry_kernel::{ConnectionId, Error, Result, Secret, random_token};
use tenantry_store::{SystemRole, SystemTx};

use super::super::{FlowSecrets, Protocol, ProviderSettings, Start, system_repo};
use super::own_keys::{KeyState, in_state};
use crate::Identity;
use crate::saml::{AuthnRequest, Binding, PostForm, RelayState, published_metadata};

/// How a browser sets out.
#[derive(Debug, Clone)]
pub enum SetOut {
    Redirect(String),
    Form(PostForm),
}

impl Identity {
    /// Sets a browser out with a signed request, and remembers it: by redirect where the provider takes that, or by a form.
    ///
    /// # Errors
    /// `Internal` when the request cannot be signed, `Unavailable` when the database does not answer.
    pub async fn set_out_by_saml(&self, ctx: &Ctx, start: &Start, browser: Secret) -> Result<SetOut> {
        let Protocol::Saml(parties) = &start.settings.protocol else {
            return Err(Error::internal("the connection speaks another protocol than SAML"));
        };
        let request = AuthnRequest::new(ctx.entropy(), ctx.now());
        let state = random_token(ctx.entropy());
        let secrets = FlowSecrets {
            browser,
            state: state.clone(),
            // What the answer must answer.
            nonce: Secret::new(&request.id),
            // There is no code to bind.
            verifier: Secret::new(""),
        };
        let relay = RelayState::new(state.expose()).ok_or_else(|| Error::internal("no RelayState"))?;
        let parties = parties.clone();
        let signed = tokio::task::spawn_blocking(move || {
            let (sp, idp) = (&parties.sp, &parties.idp);
            match idp.endpoint(Binding::Redirect) {
                Some(_) => request.redirect(sp, idp, &relay).map(SetOut::Redirect),
                None => request.post(sp, idp, relay).map(SetOut::Form),
            }
        });
        let out = signed.await.map_err(Error::internal)??;
        self.begin_flow(ctx, start, &secrets).await?;
        Ok(out)
    }

    /// Our metadata for a connection's provider: current and next certificate. It is for everybody.
    ///
    /// # Errors
    /// `NotFound` for no connection, or one of another protocol.
    pub async fn saml_metadata(&self, id: ConnectionId) -> Result<String> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let found = system_repo::connection(&tx, id).await?;
        tx.commit().await?;
        let is_saml = |settings: &ProviderSettings| matches!(settings, ProviderSettings::Saml(_));
        let (connection, _) = found
            .filter(|(connection, _)| is_saml(&connection.settings))
            .ok_or_else(|| Error::not_found("connection"))?;
        let published: Vec<_> = [KeyState::Current, KeyState::Next]
            .into_iter()
            .filter_map(|state| in_state(&connection.own_certificates, state))
            .collect();
        let (entity_id, acs_url) = self.saml_addresses(id);
        Ok(published_metadata((&entity_id, &acs_url), &published))
    }

    /// Our entity id for a connection, which is where our metadata is, and where answers go.
    pub fn saml_addresses(&self, id: ConnectionId) -> (String, String) {
        let portal = self.config().public_url.trim_end_matches('/');
        (format!("{portal}/saml/{id}/metadata"), format!("{portal}/saml/{id}/acs"))
    }
}
