//! Single sign-on, as the API and the portal see it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tenantry_authz::Role;
use tenantry_kernel::TenantId;
use tenantry_store::{SystemRole, SystemTx};
use tenantry_testkit::saml::{Places, Signer, metadata};

use crate::test_world::{Person, TestApp};

struct Acme {
    test: TestApp,
    tenant: TenantId,
    ada: Person,
}

impl Acme {
    async fn new() -> Self {
        let test = TestApp::new().await;
        let tenant = test.tenant("acme", "enterprise").await;
        let tx = SystemTx::begin(&test.app.db, SystemRole::Onboarding).await.unwrap();
        test.app.keys.create(&tx, tenant, test.now()).await.unwrap();
        tx.commit().await.unwrap();
        let ada = test.member("ada", tenant, Role::Owner).await;
        Self { test, tenant, ada }
    }

    async fn ask(&self, who: &Person, query: &str) -> Value {
        self.test.ask(who, &query.replace("$t", &format!("\"{}\"", self.tenant))).await
    }

    async fn connection(&self) -> String {
        let made = self
            .ask(
                &self.ada,
                r#"mutation { createSsoConnection(input: { tenantId: $t, name: "Acme", issuer: "https://login.acme.example",
                     clientId: "tenantry", clientSecret: "sealed-and-never-shown" }) {
                     connection { id state settings { issuer hasSecret redirectUri backChannelLogoutUri } } problem { code } } }"#,
            )
            .await;
        let connection = &made["data"]["createSsoConnection"]["connection"];
        let id = connection["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        let settings = json!({
            "issuer": "https://login.acme.example", "hasSecret": true,
            "redirectUri": format!("http://localhost:8080/oidc/callback/{id}"),
            "backChannelLogoutUri": format!("http://localhost:8080/oidc/back-channel-logout/{id}"),
        });
        assert_eq!(connection, &json!({ "id": id, "state": "DRAFT", "settings": settings }));
        id
    }

    /// As if a test had passed, a domain were proven, and an owner had enforced it.
    async fn enforced(&self) -> String {
        let id = self.connection().await;
        sqlx::query(
            "UPDATE identity.connections SET tested_at = settings_changed_at, enforced_at = now(), guests_too = true
             WHERE tenant_id = $1",
        )
        .bind(self.tenant.uuid())
        .execute(&mut self.test.world.superuser().await)
        .await
        .unwrap();
        id
    }
}

#[tokio::test]
async fn a_connection_is_made_changed_and_shown_without_its_secret() {
    let acme = Acme::new().await;
    let id = acme.connection().await;
    let changed = acme
        .ask(
            &acme.ada,
            &format!(
                r#"mutation {{
                  updateSsoConnection(input: {{ tenantId: $t, id: "{id}", issuer: "ftp://no" }}) {{ problem {{ code field }} }}
                  setSsoPeople(input: {{ tenantId: $t, id: "{id}", createsMembers: false, defaultRole: DEVELOPER,
                    groupRoles: [{{ group: "ops", role: ADMIN }}] }}) {{ connection {{ createsMembers defaultRole groupRoles {{ group role }} }} }}
                  testSsoConnection(input: {{ tenantId: $t, id: "{id}" }}) {{ startUrl problem {{ code }} }}
                  enforceSsoConnection(input: {{ tenantId: $t, id: "{id}", exemptUserIds: ["{}"] }}) {{ problem {{ code }} }}
                }}"#,
                acme.ada.id
            ),
        )
        .await;
    let data = &changed["data"];
    assert_eq!(
        data["updateSsoConnection"]["problem"],
        json!({ "code": "INVALID", "field": "issuer" }),
        "{changed}"
    );
    let people = json!({
        "createsMembers": false, "defaultRole": "DEVELOPER", "groupRoles": [{ "group": "ops", "role": "ADMIN" }]
    });
    assert_eq!(data["setSsoPeople"]["connection"], people);
    let start = data["testSsoConnection"]["startUrl"].as_str().unwrap();
    assert!(start.starts_with("/sso/start?ticket="), "{start}");
    assert_eq!(data["enforceSsoConnection"]["problem"]["code"], "CONFLICT", "never tested");
    let all = acme
        .ask(
            &acme.ada,
            "{ tenant(id: $t) { ssoConnections { id settings { clientId scopes hasSecret } } ssoDomains { name } } }",
        )
        .await;
    assert!(!all.to_string().contains("sealed-and-never-shown"), "{all}");
    assert_eq!(
        all["data"]["tenant"]["ssoConnections"][0]["settings"]["scopes"],
        json!(["openid", "email", "profile"])
    );
}

#[tokio::test]
async fn a_connection_by_saml_is_made_and_its_certificates_are_rotated() {
    let acme = Acme::new().await;
    let signer = Signer::rsa(2048, acme.test.now() + TimeDelta::days(100));
    let places =
        Places { entity_id: "https://idp.example", post: None, redirect: Some("https://idp.example/sso") };
    let document = json!(metadata(&places, &[&signer])).to_string();
    let shown = "{ id state protocol settings { issuer } saml {
        entityId metadataUrl metadataFetchedAt metadataProblem ssoUrl certificates { fingerprint endsAt }
        emailAttribute nameAttribute groupsAttribute allowsIdpInitiated ownEntityId ownAcsUrl ownMetadataUrl
        ownCertificates { fingerprint state pem startsAt endsAt } } }";
    let made = acme
        .ask(
            &acme.ada,
            &format!(
                "mutation {{ createSsoConnection(input: {{ tenantId: $t, name: \"By SAML\", protocol: SAML,
                   saml: {{ metadata: {document}, emailAttribute: \"upn\" }} }}) {{ connection {shown} problem {{ code field }} }} }}"
            ),
        )
        .await;
    let connection = &made["data"]["createSsoConnection"]["connection"];
    let id = connection["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    assert_eq!((&connection["protocol"], &connection["settings"]), (&json!("SAML"), &Value::Null));
    let saml = &connection["saml"];
    assert_eq!(
        (&saml["entityId"], &saml["ssoUrl"]),
        (&json!("https://idp.example"), &json!("https://idp.example/sso"))
    );
    assert_eq!((&saml["emailAttribute"], &saml["groupsAttribute"]), (&json!("upn"), &Value::Null));
    assert_eq!(saml["ownAcsUrl"], format!("http://localhost:8080/saml/{id}/acs"));
    assert_eq!(saml["ownMetadataUrl"], format!("http://localhost:8080/saml/{id}/metadata"));
    assert_eq!(saml["ownCertificates"][0]["state"], "CURRENT");
    assert!(saml["ownCertificates"][0]["pem"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(saml["certificates"].as_array().unwrap().len(), 1);

    let mutate = async |name: &str| {
        let query = format!(
            "mutation {{ {name}(input: {{ tenantId: $t, id: \"{id}\" }}) {{
               connection {{ state saml {{ ownCertificates {{ state }} }} }} problem {{ code }} }} }}"
        );
        acme.ask(&acme.ada, &query).await["data"][name].clone()
    };
    for (name, states) in [
        ("addSsoCertificate", json!([{ "state": "CURRENT" }, { "state": "NEXT" }])),
        ("useSsoCertificate", json!([{ "state": "PREVIOUS" }, { "state": "CURRENT" }])),
        ("removeSsoCertificate", json!([{ "state": "CURRENT" }])),
    ] {
        let done = mutate(name).await;
        assert_eq!(done["connection"]["saml"]["ownCertificates"], states, "{name}: {done}");
    }
    assert_eq!(mutate("removeSsoCertificate").await["problem"]["code"], "CONFLICT");
    assert_eq!(mutate("refreshSsoMetadata").await["problem"]["code"], "CONFLICT", "there is no address");

    // One protocol, and a field for what is wrong.
    let update = async |input: &str| {
        let query = format!(
            "mutation {{ updateSsoConnection(input: {{ tenantId: $t, id: \"{id}\", {input} }}) {{
               connection {{ id }} problem {{ code field }} }} }}"
        );
        acme.ask(&acme.ada, &query).await["data"]["updateSsoConnection"]["problem"].clone()
    };
    let invalid = |field: &str| json!({ "code": "INVALID", "field": field });
    assert_eq!(update("clientId: \"x\"").await, invalid("issuer"));
    assert_eq!(update("clientId: \"x\", saml: { metadata: \"x\" }").await, invalid("saml"));
    assert_eq!(update("saml: { metadata: \"<a/>\" }").await, invalid("metadata"));
    assert_eq!(update("saml: { metadataUrl: \"https://10.0.0.1/\" }").await, invalid("metadataUrl"));
    assert_eq!(update("saml: { groupsAttribute: \"\" }").await, Value::Null);
    let wrong = acme
        .ask(
            &acme.ada,
            "mutation { createSsoConnection(input: { tenantId: $t, name: \"x\", saml: {} }) { problem { code field } } }",
        )
        .await;
    assert_eq!(wrong["data"]["createSsoConnection"]["problem"], invalid("saml"));
}

#[tokio::test]
async fn where_a_session_does_not_do_the_answer_names_the_way_in() {
    let acme = Acme::new().await;
    let bob = acme.test.member("bob", acme.tenant, Role::Admin).await;
    let id = acme.enforced().await;
    let seen = acme
        .ask(
            &bob,
            "{ viewer { memberships { role } unreachable { slug name startUrl } } tenant(id: $t) { name } }",
        )
        .await;
    let error = &seen["errors"][0]["extensions"];
    assert_eq!(error["code"], "SSO_REQUIRED", "{seen}");
    assert!(error["remedy"].as_str().unwrap().contains(&format!("/sso/start?connection={id}")));
    let viewer = acme.ask(&bob, "{ viewer { memberships { role } unreachable { slug startUrl } } }").await;
    let unreachable = json!([{ "slug": "acme", "startUrl": format!("/sso/start?connection={id}") }]);
    assert_eq!(viewer["data"]["viewer"], json!({ "memberships": [], "unreachable": unreachable }));
    // Somebody who is in no tenant of that name learns nothing of it.
    let eve = acme.test.person("eve").await;
    let nothing = acme.ask(&eve, "{ tenant(id: $t) { name } }").await;
    assert_eq!(nothing["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn ways_in_are_told_by_the_domain_and_tell_nothing_about_accounts() {
    let acme = Acme::new().await;
    let id = acme.enforced().await;
    sqlx::query(
        "INSERT INTO identity.domains (tenant_id, name, record, created_at, verified_at)
         VALUES ($1, 'example.com', 'r', now(), now())",
    )
    .bind(acme.tenant.uuid())
    .execute(&mut acme.test.world.superuser().await)
    .await
    .unwrap();
    let ask = async |email: &str| {
        let query = format!("{{ waysIn(email: \"{email}\") {{ name code enforced startUrl }} }}");
        acme.ask(&acme.ada, &query).await["data"]["waysIn"].clone()
    };
    let way = json!([{
        "name": "Acme", "code": null, "enforced": true, "startUrl": format!("/sso/start?connection={id}")
    }]);
    assert_eq!(ask("ada@example.com").await, way);
    assert_eq!(ask("nobody@example.com").await, way);
    for none in ["ada@elsewhere.example", "example.com", "", "ada@sub.example.com"] {
        assert_eq!(ask(none).await, json!([]), "{none}");
    }
}
