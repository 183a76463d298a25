//! A provider's metadata at an address: what is fetched, when, and what of it is taken.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use chrono::TimeDelta;
use tenantry_identity::{ConnectionState, ProviderSettings, SamlInput};
use tenantry_kernel::{Clock, Kind, ManualClock, SystemClock};
use tenantry_testkit::saml::{Places, metadata};

use super::said::Log;
use super::{ENTITY, REDIRECT, Ready, in_a_year, metadata_of, signer};
use crate::http::sso::world::Acme;
use crate::test_world::TestApp;

/// A site with one document, which counts who comes for it.
pub(super) struct Site {
    pub(super) url: String,
    document: Arc<Mutex<(StatusCode, String)>>,
    asked: Arc<Mutex<u32>>,
}

impl Site {
    pub(super) async fn with(document: String) -> Self {
        let document = Arc::new(Mutex::new((StatusCode::OK, document)));
        let asked = Arc::new(Mutex::new(0));
        let (shown, counted) = (document.clone(), asked.clone());
        let router = Router::new().route(
            "/metadata",
            get(move || {
                *counted.lock().unwrap() += 1;
                let (status, text) = shown.lock().unwrap().clone();
                async move {
                    let elsewhere = [("location", "http://127.0.0.1:1/")];
                    match status.is_redirection() {
                        true => (status, elsewhere, text).into_response(),
                        false => (status, text).into_response(),
                    }
                }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/metadata", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, document, asked }
    }

    pub(super) fn shows(&self, text: String) {
        *self.document.lock().unwrap() = (StatusCode::OK, text);
    }

    fn answers(&self, status: StatusCode) {
        self.document.lock().unwrap().0 = status;
    }

    fn asked(&self) -> u32 {
        *self.asked.lock().unwrap()
    }
}

pub(super) fn at(url: &str) -> SamlInput {
    SamlInput { metadata_url: Some(url.to_owned()), ..SamlInput::default() }
}

/// The clock stands still but for what a test moves.
async fn ready_at(site: &Site) -> (Ready, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let ready = Ready::of(Acme::of(TestApp::at(clock.clone()).await).await).await;
    site.shows(ready.provider.metadata());
    ready.acme.changed(ready.id, at(&site.url)).await.unwrap();
    assert_eq!(
        ready.acme.seen(ready.id).await.state(),
        ConnectionState::Tested,
        "the same provider, from elsewhere"
    );
    (ready, clock)
}

#[tokio::test]
async fn an_address_that_is_not_of_the_internet_is_refused() {
    let acme = Acme::new().await;
    let id = acme.made("saml", SamlInput::default()).await;
    for private in [
        "https://10.0.0.1/metadata",
        "https://192.168.1.1/metadata",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/metadata",
        "http://idp.example/metadata",
        "file:///etc/passwd",
        "metadata",
    ] {
        let error = acme.changed(id, at(private)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.field()),
            (Kind::Invalid, Some("metadataUrl")),
            "{private}: {error:?}"
        );
    }
    // Neither are people sent to one.
    let places = Places { entity_id: ENTITY, post: None, redirect: Some("https://10.0.0.1/sso") };
    let error =
        acme.changed(id, super::uploaded(metadata(&places, &[&signer(in_a_year())]))).await.unwrap_err();
    assert_eq!(error.field(), Some("metadata"), "{error:?}");
    // A redirect is not followed, and what is too large is not read.
    let site = Site::with("x".repeat(1024 * 1024 + 1)).await;
    let error = acme.changed(id, at(&site.url)).await.unwrap_err();
    assert!(error.message().contains("larger than 1 MiB"), "{error:?}");
    site.answers(StatusCode::FOUND);
    let error = acme.changed(id, at(&site.url)).await.unwrap_err();
    assert!(error.message().contains("redirect"), "{error:?}");
    site.answers(StatusCode::INTERNAL_SERVER_ERROR);
    let error = acme.changed(id, at(&site.url)).await.unwrap_err();
    assert!(error.message().contains("500"), "{error:?}");
    assert_eq!(acme.seen(id).await.metadata_fetched_at, None);
}

#[tokio::test]
async fn an_unknown_key_makes_us_look_once_a_minute() {
    let site = Site::with(String::new()).await;
    let (ready, clock) = ready_at(&site).await;
    let asked = site.asked();
    // Giving the address was a look.
    clock.advance(TimeDelta::seconds(61));
    // Somebody sends nonsense: it is looked for its key, once.
    let stranger = signer(in_a_year());
    for _ in 0..3 {
        assert_eq!(ready.log_in("eve", &stranger).await, None);
    }
    assert_eq!(site.asked(), asked + 1);
    // The provider signs by a new key, without having said so before.
    let renewed = signer(in_a_year());
    site.shows(metadata_of(&[&ready.provider.signer, &renewed]));
    assert_eq!(ready.log_in("ada", &renewed).await, None, "within the minute");
    clock.advance(TimeDelta::seconds(61));
    assert_eq!(ready.log_in("ada", &renewed).await.as_deref(), Some("ada@acme.example"));
    assert_eq!(ready.log_in("ben", &ready.provider.signer).await.as_deref(), Some("ben@acme.example"));
    assert_eq!(site.asked(), asked + 2);
    assert_eq!(ready.acme.seen(ready.id).await.state(), ConnectionState::Tested);
}

#[tokio::test]
async fn another_entity_at_the_address_is_refused_and_shown() {
    let site = Site::with(String::new()).await;
    let (ready, clock) = ready_at(&site).await;
    assert_eq!(ready.log_in("ada", &ready.provider.signer).await.as_deref(), Some("ada@acme.example"));
    let evil = signer(in_a_year());
    let places = Places { entity_id: "https://evil.example", post: None, redirect: Some(REDIRECT) };
    site.shows(metadata(&places, &[&evil]));
    let identity = &ready.acme.test.app.identity;
    let whose = (ready.acme.tenant, ready.id);
    let before = ready.acme.seen(ready.id).await;
    let after = identity.refresh_connection_metadata(&ready.acme.ctx().await, whose).await.unwrap();
    assert!(after.metadata_problem.as_ref().unwrap().contains("https://evil.example"), "{after:?}");
    assert_eq!((&after.settings, after.metadata_fetched_at), (&before.settings, before.metadata_fetched_at));
    // What was known stays: people log in by it, and nobody else does.
    assert_eq!(ready.log_in("ada", &ready.provider.signer).await.as_deref(), Some("ada@acme.example"));
    clock.advance(TimeDelta::seconds(61));
    assert_eq!(ready.log_in("eve", &evil).await, None);
    site.answers(StatusCode::NOT_FOUND);
    let after = identity.refresh_connection_metadata(&ready.acme.ctx().await, whose).await.unwrap();
    assert_eq!(after.metadata_problem.as_deref(), Some("The address answers with status 404 Not Found."));
    site.shows(ready.provider.metadata());
    let after = identity.refresh_connection_metadata(&ready.acme.ctx().await, whose).await.unwrap();
    assert_eq!(after.metadata_problem, None);
}

#[tokio::test]
async fn each_day_the_metadata_is_looked_at_once() {
    let site = Site::with(String::new()).await;
    let (ready, clock) = ready_at(&site).await;
    let identity = ready.acme.test.app.identity.clone();
    let log = Log::heard();
    clock.advance(TimeDelta::hours(23));
    // Adding the address has looked already.
    assert_eq!(identity.refresh_due_metadata().await.unwrap(), 0);
    clock.advance(TimeDelta::hours(2));
    let (renewed, moved) = (signer(in_a_year()), "https://idp.example/moved");
    let places = Places { entity_id: ENTITY, post: None, redirect: Some(moved) };
    site.shows(metadata(&places, &[&renewed]));
    let asked = site.asked();
    let both = tokio::join!(identity.refresh_due_metadata(), identity.refresh_due_metadata());
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 1, "of two nodes at once, one looks");
    assert_eq!(site.asked(), asked + 1);
    let seen = ready.acme.seen(ready.id).await;
    assert_eq!(
        seen.state(),
        ConnectionState::Tested,
        "certificates and addresses of the same entity are no other settings"
    );
    let ProviderSettings::Saml(saml) = &seen.settings else { panic!("{seen:?}") };
    assert_eq!((saml.sign_on[0].location.as_str(), saml.certificates.len()), (moved, 1));
    assert_eq!(ready.log_in("ada", &renewed).await.as_deref(), Some("ada@acme.example"));
    assert_eq!(log.refusals(), []);
}
