//! Log-ins by SAML, at a real provider and at one whose answers are made to order.

mod answers;
mod at_the_provider;
mod journeys;
mod metadata;
mod rotation;
mod said;

use axum::http::header;
use chrono::{DateTime, TimeDelta, Utc};
use tenantry_identity::{ConnectionState, SamlInput};
use tenantry_kernel::{Clock, ConnectionId, OsEntropy, Secret, SystemClock};
use tenantry_testkit::saml::{Asked, Places, Said, Signer, metadata as document, packed};
use url::Url;

use crate::http::sso::agent::{Agent, Page, form};
use crate::http::sso::world::{Acme, PORTAL};

const ENTITY: &str = "https://idp.example/metadata";
const REDIRECT: &str = "https://idp.example/redirect?tenant=a&b=1";

/// A provider whose answers are made here. Its browser-facing pages do not exist: the tests read where it is sent to.
struct Provider {
    signer: Signer,
}

impl Provider {
    fn new() -> Self {
        Self { signer: signer(in_a_year()) }
    }

    fn metadata(&self) -> String {
        metadata_of(&[&self.signer])
    }
}

fn signer(ends: DateTime<Utc>) -> Signer {
    Signer::rsa(2048, ends)
}

fn in_a_year() -> DateTime<Utc> {
    SystemClock.now() + TimeDelta::days(365)
}

fn metadata_of(signers: &[&Signer]) -> String {
    document(&Places { entity_id: ENTITY, post: None, redirect: Some(REDIRECT) }, signers)
}

fn uploaded(metadata: String) -> SamlInput {
    SamlInput { metadata: Some(metadata), ..SamlInput::default() }
}

/// A tenant with a tested connection.
struct Ready {
    acme: Acme,
    provider: Provider,
    id: ConnectionId,
}

impl Ready {
    async fn new() -> Self {
        Self::of(Acme::new().await).await
    }

    async fn of(acme: Acme) -> Self {
        let provider = Provider::new();
        let id = acme.made("saml", uploaded(provider.metadata())).await;
        let ready = Self { acme, provider, id };
        ready.tested(id).await;
        ready
    }

    async fn tested(&self, id: ConnectionId) {
        let mut agent = self.acme.agent();
        let asked = self.set_out_on_test(&mut agent, id).await;
        let page = self.come_back(&mut agent, &self.said(&asked, id, "ada"), &self.provider.signer).await;
        assert_eq!(page.url.path(), "/sso", "{page:?}");
        assert_eq!(page.parameter("problem"), None, "{page:?}");
        let seen = self.acme.last_test(id).await;
        assert!(seen.passed, "{seen:?}");
        assert_eq!(self.acme.seen(id).await.state(), ConnectionState::Tested);
    }

    async fn set_out_on_test(&self, agent: &mut Agent, id: ConnectionId) -> Asked {
        let identity = &self.acme.test.app.identity;
        let whose = (self.acme.tenant, id);
        let ticket = identity.test_connection(&self.acme.ctx().await, whose, Some("/sso")).await.unwrap();
        Asked::of(&agent.open_until(&format!("/sso/start?ticket={}", ticket.expose()), "https://idp").await)
    }

    async fn set_out(&self, agent: &mut Agent) -> Asked {
        self.set_out_by(agent, self.id).await
    }

    async fn set_out_by(&self, agent: &mut Agent, id: ConnectionId) -> Asked {
        let start = format!("/sso/start?connection={id}&return_to=%2Ft%2Facme");
        Asked::of(&agent.open_until(&start, "https://idp.example").await)
    }

    /// What the provider says of somebody, in answer to a request.
    fn said(&self, asked: &Asked, id: ConnectionId, name: &str) -> Whole {
        Whole {
            said: self.unasked(id, name, Some(asked.request.clone())),
            state: Some(asked.relay_state.clone()),
        }
    }

    fn unasked(&self, id: ConnectionId, name: &str, request: Option<String>) -> Said {
        let (audience, acs) = self.acme.test.app.identity.saml_addresses(id);
        Said {
            issuer: ENTITY.to_owned(),
            email: format!("{name}@acme.example"),
            groups: vec!["staff".to_owned()],
            audience,
            acs,
            request,
            now: self.acme.test.now(),
            id: Secret::random(&OsEntropy, 8).expose().to_owned(),
        }
    }

    /// Posts an answer as the provider's page would, and follows where it leads.
    async fn come_back(&self, agent: &mut Agent, whole: &Whole, signer: &Signer) -> Page {
        let to = self.post(agent, whole, &whole.said.signed_by(signer)).await;
        agent.open(&to).await
    }

    /// Posts a response; where the browser is sent.
    async fn post(&self, agent: &mut Agent, whole: &Whole, xml: &str) -> String {
        self.post_to(agent, &whole.said.acs, (xml, whole.state.as_deref())).await
    }

    async fn post_to(&self, agent: &mut Agent, acs: &str, (xml, state): (&str, Option<&str>)) -> String {
        let packed = packed(xml);
        let fields = [Some(("SAMLResponse", packed.as_str())), state.map(|state| ("RelayState", state))];
        let url = Url::parse(acs).unwrap();
        let answer = agent.post_from_elsewhere(&url, form(fields.into_iter().flatten())).await;
        let to = answer.headers.get(header::LOCATION).unwrap_or_else(|| panic!("nowhere: {}", answer.status));
        url.join(to.to_str().unwrap()).unwrap().into()
    }

    /// One whole log-in of somebody.
    async fn log_in(&self, name: &str, signer: &Signer) -> Option<String> {
        let mut agent = self.acme.agent();
        let asked = self.set_out(&mut agent).await;
        self.come_back(&mut agent, &self.said(&asked, self.id, name), signer).await;
        self.acme.viewer(&mut agent).await
    }
}

/// An answer with the state that goes with it.
struct Whole {
    said: Said,
    state: Option<String>,
}

fn problem(address: &str) -> Option<String> {
    let url = Url::parse(PORTAL).unwrap().join(address).unwrap();
    url.query_pairs().find(|(key, _)| key == "problem").map(|(_, value)| value.into_owned())
}
