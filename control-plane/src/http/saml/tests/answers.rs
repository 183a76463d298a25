//! An answer is for one log-in, of one browser, by one connection, once; and people are told nothing of why not.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use tenantry_kernel::{Clock, ManualClock, SystemClock};
use url::Url;

use super::said::Log;
use super::{Ready, Whole, problem, uploaded};
use crate::http::sso::agent::form;
use crate::http::sso::world::{Acme, PORTAL};
use crate::test_world::TestApp;

#[tokio::test]
async fn an_untouched_answer_logs_in_once() {
    let ready = Ready::new().await;
    let log = Log::heard();
    let mut ada = ready.acme.agent();
    let asked = ready.set_out(&mut ada).await;
    let whole = ready.said(&asked, ready.id, "ada");
    let xml = whole.said.signed_by(&ready.provider.signer);
    let to = ready.post(&mut ada, &whole, &xml).await;
    assert_eq!(to, format!("{PORTAL}/saml/continue?state={}", asked.relay_state));
    // The post alone, in which the browser's cookie is not, opens nothing.
    assert_eq!(ready.acme.viewer(&mut ada).await, None);
    // The same answer again, before it is used and after.
    let twice = ready.post(&mut ada, &whole, &xml).await;
    assert_eq!((problem(&twice).as_deref(), log.refusal().as_str()), (Some("SSO_FAILED"), "replayed"));
    // Another answer to the same request.
    let other = ready.said(&asked, ready.id, "eve");
    let second = ready.post(&mut ada, &other, &other.said.signed_by(&ready.provider.signer)).await;
    assert_eq!((problem(&second).as_deref(), log.refusal().as_str()), (Some("SSO_FAILED"), "answered"));

    let page = ada.open(&to).await;
    assert_eq!(page.url.as_str(), format!("{PORTAL}/t/acme"), "{page:?}");
    assert_eq!(ready.acme.viewer(&mut ada).await.as_deref(), Some("ada@acme.example"));
    let page = ada.open(&to).await;
    assert_eq!(page.parameter("problem").as_deref(), Some("SSO_EXPIRED"));
    let late = ready.post(&mut ada, &whole, &xml).await;
    assert_eq!((problem(&late).as_deref(), log.refusal().as_str()), (Some("SSO_EXPIRED"), "unknown_flow"));
}

#[tokio::test]
async fn an_answer_is_of_no_use_in_another_browser() {
    let ready = Ready::new().await;
    let mut ada = ready.acme.agent();
    let asked = ready.set_out(&mut ada).await;
    let whole = ready.said(&asked, ready.id, "ada");
    // Somebody makes another's browser post their own answer: with no log-in of that browser's, and with one.
    let mut other = ready.acme.agent();
    let to = ready.post(&mut other, &whole, &whole.said.signed_by(&ready.provider.signer)).await;
    let page = other.open(&to).await;
    assert_eq!((page.url.path(), page.parameter("problem").as_deref()), ("/log-in", Some("SSO_EXPIRED")));
    ready.set_out(&mut other).await;
    let page = other.open(&to).await;
    assert_eq!(page.parameter("problem").as_deref(), Some("SSO_EXPIRED"));
    assert_eq!(ready.acme.viewer(&mut other).await, None);
    // It is still good where it belongs.
    ada.open(&to).await;
    assert_eq!(ready.acme.viewer(&mut ada).await.as_deref(), Some("ada@acme.example"));
    // And a flow that nobody has answered leads nowhere.
    let asked = ready.set_out(&mut other).await;
    let page = other.open(&format!("/saml/continue?state={}", asked.relay_state)).await;
    assert_eq!(page.parameter("problem").as_deref(), Some("SSO_EXPIRED"));
    assert_eq!(ready.acme.viewer(&mut other).await, None);
}

#[tokio::test]
async fn a_log_in_takes_ten_minutes_at_most() {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let ready = Ready::of(Acme::of(TestApp::at(clock.clone()).await).await).await;
    let log = Log::heard();
    let mut ada = ready.acme.agent();
    let asked = ready.set_out(&mut ada).await;
    clock.advance(TimeDelta::minutes(11));
    let whole = ready.said(&asked, ready.id, "ada");
    let to = ready.post(&mut ada, &whole, &whole.said.signed_by(&ready.provider.signer)).await;
    assert_eq!((problem(&to).as_deref(), log.refusal().as_str()), (Some("SSO_EXPIRED"), "unknown_flow"));
    // In time, with an assertion that is not.
    let asked = ready.set_out(&mut ada).await;
    let whole = ready.said(&asked, ready.id, "ada");
    clock.advance(TimeDelta::minutes(7));
    let to = ready.post(&mut ada, &whole, &whole.said.signed_by(&ready.provider.signer)).await;
    assert_eq!((problem(&to).as_deref(), log.refusal().as_str()), (Some("SSO_FAILED"), "expired"));
}

#[tokio::test]
async fn an_answer_is_for_one_connection() {
    let ready = Ready::new().await;
    let log = Log::heard();
    let other = ready.acme.made("other", uploaded(ready.provider.metadata())).await;
    ready.tested(other).await;
    log.refusals();
    let signer = &ready.provider.signer;
    let (_, acs) = ready.acme.test.app.identity.saml_addresses(other);
    let mut ada = ready.acme.agent();
    let here = ready.set_out(&mut ada).await;
    let there = ready.set_out_by(&mut ada, other).await;
    // The answer to a request of the one, posted to the other: with its own state, and with one of the other's.
    let xml = ready.said(&here, ready.id, "ada").said.signed_by(signer);
    let to = ready.post_to(&mut ada, &acs, (&xml, Some(&here.relay_state))).await;
    assert_eq!((problem(&to).as_deref(), log.refusal().as_str()), (Some("SSO_EXPIRED"), "unknown_flow"));
    let to = ready.post_to(&mut ada, &acs, (&xml, Some(&there.relay_state))).await;
    assert_eq!((problem(&to).as_deref(), log.refusal().as_str()), (Some("SSO_FAILED"), "destination"));
    // As if it were for the other, but to the request of the one.
    let mut forged = ready.said(&there, other, "ada");
    forged.said.request = Some(here.request.clone());
    let to = ready.post(&mut ada, &forged, &forged.said.signed_by(signer)).await;
    assert_eq!((problem(&to).as_deref(), log.refusal().as_str()), (Some("SSO_FAILED"), "in_response_to"));
    // Meant for another service altogether.
    let mut elsewhere = ready.said(&here, ready.id, "ada");
    elsewhere.said.audience = "https://other.example".to_owned();
    let to = ready.post(&mut ada, &elsewhere, &elsewhere.said.signed_by(signer)).await;
    assert_eq!((problem(&to).as_deref(), log.refusal().as_str()), (Some("SSO_FAILED"), "audience"));
    assert_eq!(ready.acme.viewer(&mut ada).await, None);
}

/// Signature wrapping, of the third kind: the forged assertion before the signed one. All eight kinds are in identity's
/// tests; here it comes the whole way.
#[tokio::test]
async fn a_wrapped_signature_is_refused_and_people_are_told_nothing() {
    let ready = Ready::new().await;
    let log = Log::heard();
    let mut mallory = ready.acme.agent();
    let asked = ready.set_out(&mut mallory).await;
    let whole = ready.said(&asked, ready.id, "mallory");
    let signed = ready.provider.signer.sign(&whole.said.assertion());
    let evil = Whole {
        said: tenantry_testkit::saml::Said { id: "evil".to_owned(), ..whole.said.clone() },
        state: None,
    };
    let evil = evil.said.assertion().replace("mallory@", "ada@");
    let to = ready.post(&mut mallory, &whole, &whole.said.response(&format!("{evil}{signed}"))).await;
    assert_eq!(log.refusal(), "more_than_one_assertion");
    let wrapped = to;
    // What is not signed, signed by somebody else, or no XML at all, looks the same from outside.
    let stranger = super::signer(super::in_a_year());
    for (xml, code) in [
        (whole.said.response(&whole.said.assertion()), "unsigned"),
        (whole.said.signed_by(&stranger), "signature_invalid"),
        ("no XML".to_owned(), "malformed"),
    ] {
        let to = ready.post(&mut mallory, &whole, &xml).await;
        assert_eq!(log.refusal(), code);
        let without_request = |to: &str| to.split("request=").next().unwrap().to_owned();
        assert_eq!(without_request(&to), without_request(&wrapped), "{code}");
        assert_eq!(problem(&to).as_deref(), Some("SSO_FAILED"));
    }
    // The flow is not used up by it.
    ready.come_back(&mut mallory, &whole, &ready.provider.signer).await;
    assert_eq!(ready.acme.viewer(&mut mallory).await.as_deref(), Some("mallory@acme.example"));
}

/// The browser learns that it failed; the connection's administrators learn why.
#[tokio::test]
async fn the_reason_stands_with_the_connections_test() {
    let ready = Ready::new().await;
    let mut agent = ready.acme.agent();
    let asked = ready.set_out_on_test(&mut agent, ready.id).await;
    let mut whole = ready.said(&asked, ready.id, "ada");
    whole.said.audience = "https://other.example".to_owned();
    let to = ready.post(&mut agent, &whole, &whole.said.signed_by(&ready.provider.signer)).await;
    assert!(to.starts_with(&format!("{PORTAL}/sso?problem=SSO_FAILED&request=req_")), "{to}");
    let seen = ready.acme.last_test(ready.id).await;
    assert_eq!(
        (seen.passed, seen.reason.as_deref()),
        (false, Some("audience: The assertion is meant for another service."))
    );
    // People whom the provider calls by another name each time could not be known again.
    let asked = ready.set_out_on_test(&mut agent, ready.id).await;
    let whole = ready.said(&asked, ready.id, "ada");
    let transient = whole.said.assertion().replace("nameid-format:persistent", "nameid-format:transient");
    let xml = whole.said.response(&ready.provider.signer.sign(&transient));
    ready.post(&mut agent, &whole, &xml).await;
    let reason = ready.acme.last_test(ready.id).await.reason.unwrap();
    assert!(reason.starts_with("transient_name_id: "), "{reason}");
}

#[tokio::test]
async fn a_form_has_bounds_and_nothing_is_told_of_connections() {
    let ready = Ready::new().await;
    let mut agent = ready.acme.agent();
    let (_, acs) = ready.acme.test.app.identity.saml_addresses(ready.id);
    let url = Url::parse(&acs).unwrap();
    let large = form([("SAMLResponse", "A".repeat(600 * 1024).as_str())].into_iter());
    assert_eq!(agent.post_from_elsewhere(&url, large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let oidc = ready.acme.connection("oidc", "a secret").await;
    let made_up = ready.id.to_string().replace(|c: char| c.is_ascii_digit(), "7");
    for id in [oidc.to_string(), made_up, "nothing".to_owned()] {
        let url = Url::parse(PORTAL).unwrap().join(&format!("/saml/{id}/acs")).unwrap();
        let answer = agent.post_from_elsewhere(&url, "SAMLResponse=AAAA".to_owned()).await;
        let to = answer.headers["location"].to_str().unwrap();
        assert_eq!(problem(to).as_deref(), Some("SSO_NOT_FOUND"), "{id}");
        let url = Url::parse(PORTAL).unwrap().join(&format!("/saml/{id}/metadata")).unwrap();
        let answer = agent.exchange(Method::GET, &url, &[], String::new()).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
    }
    // A draft answers nobody's log-in, and its metadata is there: the provider needs it to be set up.
    let draft = ready.acme.made("draft", uploaded(ready.provider.metadata())).await;
    let (own, acs) = ready.acme.test.app.identity.saml_addresses(draft);
    let answer = agent.post_from_elsewhere(&Url::parse(&acs).unwrap(), "SAMLResponse=AAAA".to_owned()).await;
    assert_eq!(problem(answer.headers["location"].to_str().unwrap()).as_deref(), Some("SSO_NOT_FOUND"));
    let answer = agent.exchange(Method::GET, &Url::parse(&own).unwrap(), &[], String::new()).await;
    assert_eq!(answer.headers["content-type"], "application/samlmetadata+xml");
    assert!(
        answer.body.contains(&format!("entityID=\"{own}\"")) && answer.body.contains(&acs),
        "{}",
        answer.body
    );
}
