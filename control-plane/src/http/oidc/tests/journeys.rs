use std::time::Duration;

use axum::http::Method;
use url::Url;

use super::peers::{NanoIdp, OidcProvider, client};
use super::{Acme, PLAIN_SECRET, PORTAL, SECRET, as_somebody};

/// With each algorithm that is accepted: tested, then logged in, as a new member of the tenant.
#[tokio::test]
async fn people_log_in_at_oidc_provider_by_each_algorithm() {
    let acme = Acme::new().await;
    let algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
    let provider = OidcProvider::with(algorithms.map(|alg| client(alg, alg, None)).to_vec()).await;
    for algorithm in algorithms {
        let id = acme.connection(algorithm, SECRET).await;
        acme.points_at(id, &provider.issuer).await;
        acme.tested(id).await;
        let seen = acme.last_test(id).await;
        assert_eq!(seen.subject.as_deref(), Some("ada"));
        assert_eq!(seen.email.as_deref(), Some("ada@acme.example"));
        assert!(seen.email_verified);
        // These are in the userinfo alone.
        assert_eq!(seen.name.as_deref(), Some("ada of Acme"));
        assert_eq!(seen.groups, ["engineering"]);

        let mut agent = acme.agent();
        let name = algorithm.to_lowercase();
        let page = agent.open(&format!("/sso/start?connection={id}&return_to=%2Ft%2Facme")).await;
        let page = as_somebody(&mut agent, page, &name).await;
        assert_eq!(page.url.as_str(), format!("{PORTAL}/t/acme"), "{page:?}");
        assert_eq!(acme.viewer(&mut agent).await, Some(format!("{name}@acme.example")));
    }
}

#[tokio::test]
async fn people_log_in_at_nanoidp() {
    let acme = Acme::new().await;
    let provider = NanoIdp::with("nano").await;
    let id = acme.connection("nano", PLAIN_SECRET).await;
    acme.points_at(id, &provider.issuer).await;
    let grace = [("username", "grace"), ("password", "a password of grace")];
    let mut agent = acme.agent();
    let page = acme.begin_test(&mut agent, id).await;
    let page = agent.submit(&page, &grace).await;
    assert_eq!(page.url.path(), "/sso", "{page:?}");
    let seen = acme.last_test(id).await;
    assert!(seen.passed, "{seen:?}");
    assert_eq!(seen.email.as_deref(), Some("grace@acme.example"));
    assert_eq!(seen.groups, ["ENGINEERING"]);

    let mut agent = acme.agent();
    let page = agent.open(&format!("/sso/start?connection={id}")).await;
    agent.submit(&page, &grace).await;
    assert_eq!(acme.viewer(&mut agent).await.as_deref(), Some("grace@acme.example"));
}

/// People come and go while the provider changes its keys; nobody is turned away.
#[tokio::test]
async fn keys_change_while_people_log_in() {
    let acme = Acme::new().await;
    let mut provider = OidcProvider::with(vec![client("acme", "ES256", None)]).await;
    let id = acme.connection("acme", SECRET).await;
    acme.points_at(id, &provider.issuer).await;
    acme.tested(id).await;
    let start = format!("/sso/start?connection={id}");
    // Ben is at the provider's page when the keys change, Cem has a code already.
    let mut ben = acme.agent();
    let of_ben = ben.open(&start).await;
    let mut cem = acme.agent();
    let of_cem = cem.open(&start).await;
    let of_cem = cem.submit(&of_cem, &[("login", "cem"), ("password", "x")]).await;
    let of_cem = cem.submit_until(&of_cem, &[], PORTAL).await;
    provider.order("rotate").await;
    as_somebody(&mut ben, of_ben, "ben").await;
    assert_eq!(acme.viewer(&mut ben).await.as_deref(), Some("ben@acme.example"));
    cem.open(&of_cem).await;
    assert_eq!(acme.viewer(&mut cem).await.as_deref(), Some("cem@acme.example"));
    provider.order("forget").await;
    for name in ["dan", "eve"] {
        let mut agent = acme.agent();
        let page = agent.open(&start).await;
        as_somebody(&mut agent, page, name).await;
        assert_eq!(acme.viewer(&mut agent).await, Some(format!("{name}@acme.example")));
    }
}

/// The provider itself sends the message, over a real connection, when somebody logs out there.
#[tokio::test]
async fn who_logs_out_at_the_provider_is_logged_out_here() {
    let acme = Acme::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap();
    let router = acme.test.router();
    let server = tokio::spawn(async move {
        axum::serve(listener, router).await.unwrap();
    });
    let id = acme.connection("acme", SECRET).await;
    let address = format!("http://{here}/oidc/back-channel-logout/{id}");
    let provider = OidcProvider::with(vec![client("acme", "RS256", Some(address))]).await;
    acme.points_at(id, &provider.issuer).await;
    acme.tested(id).await;

    let start = format!("/sso/start?connection={id}");
    let (mut ada, mut ben) = (acme.agent(), acme.agent());
    for (agent, name) in [(&mut ada, "ada"), (&mut ben, "ben")] {
        let page = agent.open(&start).await;
        as_somebody(agent, page, name).await;
        assert_eq!(acme.viewer(agent).await, Some(format!("{name}@acme.example")));
    }
    // Ada logs out at the provider, of which the portal's browser says nothing.
    let page = ada.open(&format!("{}/session/end", provider.issuer)).await;
    ada.submit(&page, &[("logout", "yes")]).await;
    let mut gone = false;
    for _ in 0..100 {
        gone = acme.viewer(&mut ada).await.is_none();
        if gone {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(gone, "the provider's message ended the session");
    assert_eq!(acme.viewer(&mut ben).await.as_deref(), Some("ben@acme.example"), "and no other one");
    server.abort();
}

/// Who logs out here is sent to log out there, and comes back.
#[tokio::test]
async fn who_logs_out_here_logs_out_at_the_provider_too() {
    let acme = Acme::new().await;
    let provider = OidcProvider::with(vec![client("acme", "RS256", None)]).await;
    let id = acme.connection("acme", SECRET).await;
    acme.points_at(id, &provider.issuer).await;
    acme.tested(id).await;
    let start = format!("/sso/start?connection={id}");
    let mut agent = acme.agent();
    let page = agent.open(&start).await;
    as_somebody(&mut agent, page, "ada").await;
    assert!(acme.viewer(&mut agent).await.is_some());

    let url = Url::parse(PORTAL).unwrap().join("/oidc/log-out").unwrap();
    let json = [("content-type", "application/json")];
    let answer = agent.exchange(Method::POST, &url, &json, "{}".to_owned()).await;
    assert_eq!(agent.cookie("tenantry_session"), None);
    let next: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let next = next["next"].as_str().unwrap();
    assert!(next.starts_with(&provider.issuer) && next.contains("id_token_hint="), "{next}");
    assert_eq!(acme.viewer(&mut agent).await, None);
    let page = agent.open(next).await;
    let back = agent.submit(&page, &[("logout", "yes")]).await;
    assert_eq!(back.url.as_str(), format!("{PORTAL}/log-in"));
    // The provider asks anew who it is.
    let page = agent.open(&start).await;
    assert!(page.body.contains("name=\"login\""), "{page:?}");

    // Without a provider there is nowhere to go.
    let answer = agent.exchange(Method::POST, &url, &json, "{}".to_owned()).await;
    assert_eq!(answer.body, r#"{"next":"/log-in"}"#);
}
