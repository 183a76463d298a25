use axum::http::Method;
use tenantry_identity::SamlInput;
use tenantry_testkit::saml::{Places, metadata};
use url::Url;

use crate::http::sso::peers::NanoIdp;
use crate::http::sso::world::{Acme, PORTAL};

const GRACE: [(&str, &str); 2] = [("username", "grace"), ("password", "a password of grace")];

/// At `nanoidp`, which demands signed requests: tested, then logged in, as a new member of the tenant. By redirect, as its
/// metadata offers it, and by a form.
#[tokio::test]
async fn people_log_in_at_nanoidp_by_both_bindings() {
    let acme = Acme::new().await;
    let id = acme.made("nano", SamlInput::default()).await;
    let pem = acme.seen(id).await.own_certificates.first().unwrap().certificate.pem();
    let provider = NanoIdp::asking("nano", &[pem]).await;
    let document = format!("{}/saml/metadata", provider.issuer);
    let by_redirect = SamlInput { metadata_url: Some(document.clone()), ..SamlInput::default() };
    let changed = acme.changed(id, by_redirect).await.unwrap();
    assert!(changed.metadata_fetched_at.is_some());

    for by_form in [false, true] {
        if by_form {
            let url = Url::parse(&document).unwrap();
            let text = acme.agent().exchange(Method::GET, &url, &[], String::new()).await.body;
            let (before, rest) = text
                .split_once(
                    "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\"",
                )
                .unwrap();
            let (_, after) = rest.split_once("/>").unwrap();
            let post_only = SamlInput {
                metadata: Some(format!("{before}{after}")),
                metadata_url: Some(String::new()),
                ..SamlInput::default()
            };
            acme.changed(id, post_only).await.unwrap();
        }
        let mut agent = acme.agent();
        let mut page = acme.begin_test(&mut agent, id).await;
        if by_form {
            assert!(page.body.contains("name=\"SAMLRequest\""), "{page:?}");
            page = agent.submit(&page, &[]).await;
        }
        let page = agent.submit(&page, &GRACE).await;
        let page = agent.submit(&page, &[]).await;
        assert_eq!(
            (page.url.path(), page.parameter("problem")),
            ("/sso", None),
            "{page:?} {:?}",
            acme.seen(id).await.last_test
        );
        let seen = acme.last_test(id).await;
        assert!(seen.passed, "{seen:?}");
        assert_eq!(seen.email.as_deref(), Some("grace@acme.example"));
        assert_eq!(seen.groups, ["ENGINEERING"]);

        let mut agent = acme.agent();
        let mut page = agent.open(&format!("/sso/start?connection={id}&return_to=%2Ft%2Facme")).await;
        if by_form {
            page = agent.submit(&page, &[]).await;
        }
        let page = agent.submit(&page, &GRACE).await;
        let page = agent.submit(&page, &[]).await;
        assert_eq!(page.url.as_str(), format!("{PORTAL}/t/acme"), "{page:?}");
        assert_eq!(acme.viewer(&mut agent).await.as_deref(), Some("grace@acme.example"));
    }
}

/// A browser that comes from another site begins no log-in, by SAML neither; and a provider that takes forms only gets one.
#[tokio::test]
async fn a_form_goes_to_a_provider_that_takes_forms_only() {
    let ready = super::Ready::new().await;
    let places =
        Places { entity_id: super::ENTITY, post: Some("https://idp.example/post?a=1&b=2"), redirect: None };
    let only_forms = metadata(&places, &[&ready.provider.signer]);
    ready.acme.changed(ready.id, super::uploaded(only_forms)).await.unwrap();
    let mut agent = ready.acme.agent();
    let page = ready.acme.begin_test(&mut agent, ready.id).await;
    assert_eq!(page.url.path(), "/sso/start");
    assert!(page.body.contains("action=\"https://idp.example/post?a=1&amp;b=2\""), "{}", page.body);
    assert!(page.body.contains("name=\"SAMLRequest\"") && page.body.contains("name=\"RelayState\""));
}
