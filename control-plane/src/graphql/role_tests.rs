//! Roles of a tenant's own, and explanations, as the API says them.

use std::sync::atomic::Ordering;

use async_graphql::Request;
use serde_json::{Value, json};
use tenantry_authz::Role;
use tenantry_kernel::TenantId;

use super::customer_schema;
use crate::test_world::{Person, TestApp};

struct Acme {
    test: TestApp,
    tenant: TenantId,
    ada: Person,
}

async fn acme() -> Acme {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "enterprise").await;
    let ada = test.member("ada", tenant, Role::Owner).await;
    Acme { test, tenant, ada }
}

impl Acme {
    async fn ask(&self, person: &Person, query: &str) -> Value {
        self.test.ask(person, &query.replace("$t", &format!("\"{}\"", self.tenant))).await
    }

    async fn create(&self, name: &str, rights: &[&str]) -> String {
        let rights = json!(rights);
        let answer = self
            .ask(&self.ada, &format!(
                "mutation {{ createRole(input: {{tenantId: $t, name: \"{name}\", rights: {rights}}}) {{ role {{ id rights }} problem {{ message }} }} }}"
            ))
            .await;
        answer["data"]["createRole"]["role"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    async fn give(&self, person: &Person, role: &str) -> Value {
        self.ask(&self.ada, &format!(
            "mutation {{ changeMemberRole(input: {{tenantId: $t, userId: \"{}\", role: CUSTOM, customRoleId: \"{role}\"}})
               {{ member {{ role customRole {{ id name memberCount }} }} problem {{ code field }} }} }}",
            person.id
        ))
        .await
    }
}

#[tokio::test]
async fn a_role_is_made_given_shown_changed_and_deleted() {
    let acme = acme().await;
    let bob = acme.test.member("bob", acme.tenant, Role::Viewer).await;
    let role = acme.create("Deployers", &["instance:view", "instance:operate"]).await;
    let given = acme.give(&bob, &role).await;
    let member = &given["data"]["changeMemberRole"]["member"];
    assert_eq!(member["role"], "CUSTOM", "{given}");
    assert_eq!(member["customRole"], json!({ "id": role, "name": "Deployers", "memberCount": 1 }));
    let seen = acme.ask(&bob, "{ viewer { memberships { role tenant { viewerRole viewerRights } } } }").await;
    assert_eq!(
        seen["data"]["viewer"]["memberships"],
        json!([{ "role": "CUSTOM", "tenant": {
            "viewerRole": "CUSTOM", "viewerRights": ["tenant:view", "instance:view", "instance:operate"] } }]),
        "{seen}"
    );
    let update = format!(
        "mutation {{ updateRole(input: {{tenantId: $t, id: \"{role}\", name: \"Lookers\", rights: [\"usage:view\"]}})
           {{ role {{ name rights memberCount }} problem {{ message }} }} }}"
    );
    let updated = acme.ask(&acme.ada, &update).await;
    assert_eq!(
        updated["data"]["updateRole"]["role"],
        json!({ "name": "Lookers", "rights": ["tenant:view", "usage:view"], "memberCount": 1 })
    );
    let seen = acme.ask(&bob, "{ tenant(id: $t) { viewerRights instances { nodes { id } } } }").await;
    assert_eq!(seen["errors"][0]["extensions"]["code"], "NOT_FOUND", "{seen}");
    let listed = acme.ask(&acme.ada, "{ tenant(id: $t) { roles { nodes { id name } } } }").await;
    assert_eq!(listed["data"]["tenant"]["roles"]["nodes"], json!([{ "id": role, "name": "Lookers" }]));
    let delete = format!(
        "mutation {{ deleteRole(input: {{tenantId: $t, id: \"{role}\"}}) {{ ok problem {{ code message }} }} }}"
    );
    let refused = acme.ask(&acme.ada, &delete).await;
    assert_eq!(refused["data"]["deleteRole"]["problem"]["code"], "CONFLICT", "{refused}");
    assert!(refused["data"]["deleteRole"]["problem"]["message"].as_str().unwrap().contains("bob"));
    let back = format!(
        "mutation {{ changeMemberRole(input: {{tenantId: $t, userId: \"{}\", role: VIEWER}}) {{ member {{ role customRole {{ id }} }} }} }}",
        bob.id
    );
    let back = acme.ask(&acme.ada, &back).await;
    assert_eq!(back["data"]["changeMemberRole"]["member"], json!({ "role": "VIEWER", "customRole": null }));
    assert_eq!(acme.ask(&acme.ada, &delete).await["data"]["deleteRole"]["ok"], true);
}

#[tokio::test]
async fn the_role_custom_goes_with_an_id_and_no_other_does() {
    let acme = acme().await;
    let bob = acme.test.member("bob", acme.tenant, Role::Viewer).await;
    let role = acme.create("Deployers", &["instance:view"]).await;
    for (role, custom) in [("CUSTOM", "null".to_owned()), ("ADMIN", format!("\"{role}\""))] {
        let changed = acme
            .ask(&acme.ada, &format!(
                "mutation {{ changeMemberRole(input: {{tenantId: $t, userId: \"{}\", role: {role}, customRoleId: {custom}}}) {{ problem {{ code field }} }}
                   inviteMember(input: {{tenantId: $t, email: \"x@example.com\", role: {role}, customRoleId: {custom}}}) {{ problem {{ code field }} }} }}",
                bob.id
            ))
            .await;
        let problem = json!({ "problem": { "code": "INVALID", "field": "customRoleId" } });
        assert_eq!(
            changed["data"],
            json!({ "changeMemberRole": problem, "inviteMember": problem }),
            "{changed}"
        );
    }
    let unknown = acme.give(&bob, "rol_01h455vb4pex5vsknk084sn02q").await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "NOT_FOUND", "{unknown}");
}

#[tokio::test]
async fn a_denial_says_what_lacks_and_an_explanation_by_which_rule() {
    let acme = acme().await;
    let vera = acme.test.member("vera", acme.tenant, Role::Viewer).await;
    acme.create("Makers", &["role:view", "role:manage"]).await;
    let create = "mutation { createRole(input: {tenantId: $t, name: \"Mine\", rights: []}) { role { id } } }";
    let denied = acme.ask(&vera, create).await;
    let extensions = &denied["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "FORBIDDEN", "{denied}");
    assert_eq!(extensions["access"], json!({ "missing": "role:manage", "grantedBy": ["owner", "admin"] }));
    let explain = "{ explainAccess(tenantId: $t, right: \"role:manage\")
        { allowed right rule roles missing grantedBy whoCanGrant reason } }";
    let explained = acme.ask(&vera, explain).await;
    assert_eq!(
        explained["data"]["explainAccess"],
        json!({
            "allowed": false, "right": "role:manage", "rule": null, "roles": ["viewer"], "missing": "role:manage",
            "grantedBy": ["owner", "admin", "Makers"], "whoCanGrant": ["ada"],
            "reason": "Denied: the role viewer does not include role:manage. These do: owner, admin, Makers."
        }),
        "{explained}"
    );
    let about = format!(
        "{{ explainAccess(tenantId: $t, actor: \"{}\", right: \"usage:view\") {{ allowed rule }} }}",
        vera.id
    );
    let explained = acme.ask(&acme.ada, &about).await;
    assert_eq!(
        explained["data"]["explainAccess"],
        json!({ "allowed": true, "rule": "p, viewer, usage, view" })
    );
    let unknown = acme.ask(&vera, "{ explainAccess(tenantId: $t, right: \"moon:fly\") { allowed } }").await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "INVALID");
    // What is not visible is explained to nobody.
    let hidden = acme.ask(&vera, "{ tenant(id: $t) { invoicePreview { totalMinor } } }").await;
    assert_eq!(hidden["errors"][0]["extensions"]["code"], "NOT_FOUND");
    assert!(hidden["errors"][0]["extensions"].get("access").is_none());
}

#[tokio::test]
async fn every_right_has_a_line_and_the_built_in_roles_that_include_it() {
    let acme = acme().await;
    let answer = acme.ask(&acme.ada, "{ tenant(id: $t) { rights { right description roles } } }").await;
    let rights = answer["data"]["tenant"]["rights"].as_array().unwrap();
    let of = |right: &str| rights.iter().find(|r| r["right"] == right).unwrap_or_else(|| panic!("{right}"));
    assert_eq!(of("instance:operate")["roles"], json!(["owner", "admin", "developer"]));
    assert_eq!(of("tenant:view")["roles"].as_array().unwrap().len(), Role::ALL.len());
    assert!(rights.iter().all(|r| !r["description"].as_str().unwrap().is_empty()));
}

#[tokio::test]
async fn the_roles_of_a_page_of_members_are_one_query() {
    let acme = acme().await;
    for n in 0..20 {
        let role = acme.create(&format!("Role {n}"), &["instance:view"]).await;
        let person = acme.test.member(&format!("p{n}"), acme.tenant, Role::Viewer).await;
        acme.give(&person, &role).await;
    }
    let ctx = acme.ada.session().context(&acme.test.app).await.unwrap();
    let loader = crate::graphql::condition_loader(&acme.test.app, &ctx);
    let query = format!(
        "{{ tenant(id: \"{}\") {{ members(first: 30) {{ nodes {{ role customRole {{ name }} }} }} }} }}",
        acme.tenant
    );
    let count = loader.loader().loads.clone();
    let response =
        customer_schema(acme.test.app.clone()).execute(Request::new(query).data(ctx).data(loader)).await;
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    let members = response.data.into_json().unwrap()["tenant"]["members"]["nodes"].clone();
    let named = members.as_array().unwrap().iter().filter(|m| !m["customRole"]["name"].is_null()).count();
    assert_eq!(named, 20);
    // A busy machine may not gather all of them at once.
    let loads = count.load(Ordering::SeqCst);
    assert!((1..=3).contains(&loads), "{loads}");
}
