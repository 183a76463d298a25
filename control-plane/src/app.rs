//! The product's services, wired once and shared by every transport.

use std::ops::Deref;
use std::sync::Arc;

use tenantry_authz::{Actor, Ctx, Gate, Origin, Runtime};
use tenantry_billing::Billing;
use tenantry_identity::oidc::Oidc;
use tenantry_identity::{Authenticated, Identity};
use tenantry_kernel::{OsEntropy, RequestId, Result, Secret, Shared, SystemClock};
use tenantry_keys::Keys;
use tenantry_outbound::Outbound;
use tenantry_provisioner::instances::Instances;
use tenantry_provisioner::open::Opening;
use tenantry_store::Db;
use tenantry_store::notify::Signals;

use crate::audit::Audit;
use crate::http::client_address::Proxies;
use crate::http::settings::ApiSettings;
use crate::rates::Rates;
use crate::recent::Recent;
use crate::tenants::Tenants;
use crate::webhooks::Webhooks;

/// Everything a resolver may call. Cheap to clone: each layer around a request does.
#[derive(Clone)]
pub struct App(Shared<Services>);

/// What an [`App`] is made of.
#[derive(Clone)]
pub struct Services {
    pub runtime: Runtime,
    pub db: Db,
    pub keys: Keys,
    pub identity: Identity,
    pub billing: Billing,
    pub instances: Instances,
    pub opening: Opening,
    pub tenants: Tenants,
    pub webhooks: Webhooks,
    /// The only way to an address that a customer has named.
    pub outbound: Outbound,
    pub(crate) oidc: Oidc,
    pub signals: Signals,
    pub(crate) audit: Audit,
    pub(crate) rates: Rates,
    /// Who credentials were of, a moment ago.
    pub(crate) recent: Recent,
    /// Whose word on where a request comes from is believed.
    pub(crate) proxies: Proxies,
    pub public: PublicUrls,
    /// How the APIs behave.
    pub(crate) api: Arc<ApiSettings>,
}

/// What a request shows to say who it is.
#[derive(Debug, Clone)]
pub enum Credential {
    None,
    /// A browser's session, from its cookie.
    Session(Secret),
    /// A program's API key or access token (RFC 6750).
    Bearer(Secret),
}

/// Addresses as people see them.
#[derive(Debug, Clone)]
pub struct PublicUrls {
    /// The portal and API, without a trailing slash.
    pub portal: String,
    /// An instance: `http://{slug}.{region}.localhost:8081`.
    pub instance: String,
}

impl PublicUrls {
    pub fn instance(&self, slug: &str, region: &str) -> String {
        self.instance.replace("{slug}", slug).replace("{region}", region)
    }

    /// Where a browser begins that wants into an instance's editor.
    pub fn open(&self, slug: &str, region: &str) -> String {
        format!("{}/.tenantry/open", self.instance(slug, region))
    }

    /// Identity providers' protocol, for browsers that come back to this portal.
    pub(crate) fn oidc(&self, outbound: Outbound, runtime: &Runtime) -> Oidc {
        let world = (runtime.clock.clone(), runtime.entropy.clone());
        Oidc::new(outbound, world, format!("{}/oidc/callback", self.portal))
    }

    /// Whether cookies may demand TLS: not on plain HTTP, which only loopback has.
    pub fn is_tls(&self) -> bool {
        self.portal.starts_with("https://")
    }
}

/// The injected world: the machine's clock and randomness, and the built-in gate.
pub async fn runtime() -> Result<Runtime> {
    Ok(Runtime {
        gate: Arc::new(Gate::built_in().await?),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        denials: None,
    })
}

impl From<Services> for App {
    fn from(services: Services) -> Self {
        Self(Shared::new(services))
    }
}

impl Deref for App {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}

impl App {
    /// For a test that needs another service than the others have.
    #[cfg(test)]
    pub(crate) fn change(&mut self, how: impl FnOnce(&mut Services)) {
        let mut services = Services::clone(self);
        how(&mut services);
        *self = services.into();
    }

    /// As [`Self::context`]; who it is may be who it was [`KEPT`](crate::recent::KEPT) ago, and then the answer is true.
    /// Whether anybody sits before it is `attended`.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn recent_context(
        &self,
        credential: &Credential,
        (origin, attended): (Origin, bool),
        request: RequestId,
    ) -> Result<(Ctx, bool)> {
        let ask = self.context_of(credential, (origin.clone(), attended), request);
        let (ctx, believed) = self.recent.context((credential, origin.address), ask).await?;
        Ok((ctx.with_request(request).with_origin(origin), believed))
    }

    /// The context of whoever this credential is of now. One that is no longer good is nobody's.
    pub async fn context(&self, credential: &Credential, origin: Origin, request: RequestId) -> Result<Ctx> {
        self.context_of(credential, (origin, true), request).await
    }

    /// As [`Self::context`], for what a browser or a connection asks by itself: a session is not used by it, and ends when
    /// it is idle.
    pub(crate) async fn unattended_context(
        &self,
        credential: &Credential,
        origin: Origin,
        request: RequestId,
    ) -> Result<Ctx> {
        self.context_of(credential, (origin, false), request).await
    }

    async fn context_of(
        &self,
        credential: &Credential,
        (origin, attended): (Origin, bool),
        request: RequestId,
    ) -> Result<Ctx> {
        let known = match credential {
            Credential::None => None,
            Credential::Session(token) => {
                let known = match attended {
                    true => self.identity.authenticate(token).await?,
                    false => self.identity.authenticate_unattended(token).await?,
                };
                return Ok(self.of_session(known, origin).with_request(request));
            }
            Credential::Bearer(token) => {
                let program = self.identity.authenticate_program(token, &origin).await?;
                program.map(|program| (program.actor, program.grants))
            }
        };
        let (actor, grants) = known.unwrap_or((Actor::Anonymous, Vec::new()));
        Ok(Ctx::new(self.runtime.clone(), actor, grants, origin).with_request(request))
    }

    fn of_session(&self, known: Option<Authenticated>, origin: Origin) -> Ctx {
        let Some(known) = known else {
            return Ctx::new(self.runtime.clone(), Actor::Anonymous, Vec::new(), origin);
        };
        let actor = known.actor();
        Ctx::new(self.runtime.clone(), actor, known.grants, origin)
            .with_assurance(known.assurance)
            .with_barred(known.barred)
            .with_reach(known.reach)
    }
}
