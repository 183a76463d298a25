//! A log-in belongs to the browser that began it, once, for ten minutes; and what is wrong with it is told to nobody else.

use axum::http::{Method, StatusCode, header};
use serde_json::json;
use tenantry_kernel::ConnectionId;
use url::Url;

use super::agent::Agent;
use super::peers::{OidcProvider, client};
use super::{Acme, PORTAL, SECRET, as_somebody};

struct Ready {
    acme: Acme,
    provider: OidcProvider,
    id: ConnectionId,
}

impl Ready {
    async fn new() -> Self {
        let acme = Acme::new().await;
        let provider = OidcProvider::with(vec![client("acme", "ES256", None)]).await;
        let id = acme.connection("acme", SECRET).await;
        acme.points_at(id, &provider.issuer).await;
        acme.tested(id).await;
        Self { acme, provider, id }
    }

    fn start(&self) -> String {
        format!("/sso/start?connection={}", self.id)
    }

    /// Ada's answer from the provider, which her browser has not opened yet.
    async fn answer_of(&self, agent: &mut Agent) -> String {
        let page = agent.open(&self.start()).await;
        let page = agent.submit(&page, &[("login", "ada"), ("password", "x")]).await;
        agent.submit_until(&page, &[], PORTAL).await
    }
}

#[tokio::test]
async fn an_answer_is_of_no_use_in_another_browser_and_works_once_in_its_own() {
    let ready = Ready::new().await;
    let mut ada = ready.acme.agent();
    let answer = ready.answer_of(&mut ada).await;

    // Somebody is sent the answer of a stranger: with no log-in of their own, and with one.
    let mut other = ready.acme.agent();
    let page = other.open(&answer).await;
    assert_eq!((page.url.path(), page.parameter("problem").as_deref()), ("/log-in", Some("SSO_EXPIRED")));
    assert!(page.parameter("request").unwrap().starts_with("req_"));
    other.open(&ready.start()).await;
    let page = other.open(&answer).await;
    assert_eq!(page.parameter("problem").as_deref(), Some("SSO_EXPIRED"));
    assert_eq!(ready.acme.viewer(&mut other).await, None);

    // It is still good where it belongs; and then no more.
    ada.open(&answer).await;
    assert_eq!(ready.acme.viewer(&mut ada).await.as_deref(), Some("ada@acme.example"));
    let page = ada.open(&answer).await;
    assert_eq!(page.parameter("problem").as_deref(), Some("SSO_EXPIRED"));
}

/// The state is of a log-in of one's own, the code is somebody else's: the provider does not give tokens for it with the
/// wrong verifier (PKCE), and another state would not be found.
#[tokio::test]
async fn a_code_of_another_log_in_is_refused() {
    let ready = Ready::new().await;
    let mut ada = ready.acme.agent();
    let stolen = Url::parse(&ready.answer_of(&mut ada).await).unwrap();
    let code = stolen.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
    let mut eve = ready.acme.agent();
    let own = ready.answer_of(&mut eve).await;
    let mut injected = Url::parse(&own).unwrap();
    let kept: Vec<_> = injected.query_pairs().into_owned().filter(|(key, _)| key != "code").collect();
    injected.query_pairs_mut().clear().extend_pairs(kept).append_pair("code", &code);
    let page = eve.open(injected.as_str()).await;
    assert_eq!(page.parameter("problem").as_deref(), Some("SSO_FAILED"));
    assert_eq!(ready.acme.viewer(&mut eve).await, None);
}

#[tokio::test]
async fn an_answer_that_names_another_issuer_or_none_is_refused() {
    let ready = Ready::new().await;
    for replaced in [Some("https://evil.example"), None] {
        let mut agent = ready.acme.agent();
        let mut answer = Url::parse(&ready.answer_of(&mut agent).await).unwrap();
        let kept: Vec<_> = answer.query_pairs().into_owned().filter(|(key, _)| key != "iss").collect();
        answer.query_pairs_mut().clear().extend_pairs(kept);
        if let Some(issuer) = replaced {
            answer.query_pairs_mut().append_pair("iss", issuer);
        }
        let page = agent.open(answer.as_str()).await;
        assert_eq!(page.parameter("problem").as_deref(), Some("SSO_FAILED"));
    }
}

/// A provider that sends browsers on to another provider would have that one's code brought here, and shown to itself.
#[tokio::test]
async fn an_answer_at_the_address_of_another_connection_is_refused() {
    let ready = Ready::new().await;
    let other = ready.acme.connection("other", SECRET).await;
    for address in [other.to_string(), "github".to_owned()] {
        let mut agent = ready.acme.agent();
        let mut answer = Url::parse(&ready.answer_of(&mut agent).await).unwrap();
        assert_eq!(answer.path(), format!("/oidc/callback/{}", ready.id));
        answer.set_path(&format!("/oidc/callback/{address}"));
        let page = agent.open(answer.as_str()).await;
        assert_eq!(page.parameter("problem").as_deref(), Some("SSO_FAILED"), "{address}");
        assert_eq!(ready.acme.viewer(&mut agent).await, None, "{address}");
    }
}

/// The browser learns that it failed; the connection's administrators learn why.
#[tokio::test]
async fn the_reason_stands_with_the_connections_test() {
    let ready = Ready::new().await;
    let id = ready.acme.connection("unknown client", SECRET).await;
    ready.acme.points_at(id, &format!("{}/elsewhere", ready.provider.issuer)).await;
    let mut agent = ready.acme.agent();
    let page = ready.acme.begin_test(&mut agent, id).await;
    assert_eq!((page.url.path(), page.parameter("problem").as_deref()), ("/sso", Some("SSO_FAILED")));
    let seen = ready.acme.last_test(id).await;
    assert!(!seen.passed);
    assert_eq!(
        seen.reason.as_deref(),
        Some("status: the discovery document answers with status 404 Not Found.")
    );

    // Nobody logs in by it, and its ticket does not work twice.
    let page = agent.open(&format!("/sso/start?connection={id}")).await;
    assert_eq!(page.parameter("problem").as_deref(), Some("SSO_NOT_FOUND"));
}

#[tokio::test]
async fn who_says_no_at_the_provider_comes_back_without_a_session() {
    let ready = Ready::new().await;
    let mut agent = ready.acme.agent();
    let page = agent.open(&ready.start()).await;
    let abort = page.url.join(&format!("{}/abort", page.url.path())).unwrap();
    let page = agent.open(abort.as_str()).await;
    assert_eq!((page.url.path(), page.parameter("problem").as_deref()), ("/log-in", Some("SSO_DENIED")));
}

#[tokio::test]
async fn another_site_begins_no_log_in_here() {
    let ready = Ready::new().await;
    let mut agent = ready.acme.agent();
    let url = Url::parse(PORTAL).unwrap().join(&ready.start()).unwrap();
    for site in ["cross-site", "same-site"] {
        let answer = agent.exchange(Method::GET, &url, &[("sec-fetch-site", site)], String::new()).await;
        assert_eq!(answer.headers[header::LOCATION], "/log-in");
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
    }
    for (name, value) in [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "iframe")] {
        let answer = agent.exchange(Method::GET, &url, &[(name, value)], String::new()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    let answer = agent.exchange(Method::GET, &url, &[("sec-fetch-site", "same-origin")], String::new()).await;
    assert!(answer.headers[header::LOCATION].to_str().unwrap().starts_with(&ready.provider.issuer));
}

/// Strangers may post what they like: all of it is answered alike, and nobody is logged out.
#[tokio::test]
async fn a_logout_token_that_is_none_ends_nothing() {
    let ready = Ready::new().await;
    let mut ada = ready.acme.agent();
    let page = ada.open(&ready.start()).await;
    as_somebody(&mut ada, page, "ada").await;
    let mut stranger = ready.acme.agent();
    let made_up = ConnectionId::generate(&tenantry_kernel::SystemClock, &tenantry_kernel::OsEntropy);
    let mut answers = Vec::new();
    for (connection, body) in [
        (ready.id.to_string(), "logout_token=a.b.c"),
        (ready.id.to_string(), "logout_token="),
        (ready.id.to_string(), ""),
        (made_up.to_string(), "logout_token=a.b.c"),
        ("nothing".to_owned(), "logout_token=a.b.c"),
    ] {
        let url =
            Url::parse(PORTAL).unwrap().join(&format!("/oidc/back-channel-logout/{connection}")).unwrap();
        let answer = stranger.exchange(Method::POST, &url, &[], body.to_owned()).await;
        answers.push((answer.status, answer.body));
    }
    let refused =
        json!({ "error": "invalid_request", "error_description": "the logout token is not accepted" });
    assert!(
        answers.iter().all(|(status, body)| {
            *status == StatusCode::BAD_REQUEST
                && serde_json::from_str::<serde_json::Value>(body).unwrap() == refused
        }),
        "{answers:?}"
    );
    assert!(ready.acme.viewer(&mut ada).await.is_some());
}
