//! Each operation of the API, tried by somebody else and by nobody.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tenantry_system_tests::isolation::Check;
use tenantry_system_tests::outsider::{Names, attempts};
use tenantry_system_tests::{Api, Instance, Person, Product, Tenant};

/// Operations that name nothing of a tenant. Whoever adds one here has thought about what it may tell.
const REVIEWED: &[&str] = &[
    // Only the asking person's own.
    "Query.viewer",
    // By ids alone, through the gate of each: null for what is another's (`control-plane/src/graphql/lists_tests.rs`).
    "Query._entities",
    // The schema, as introspection tells it.
    "Query._service",
    // The same for everybody.
    "Query.plans",
    "Query.regions",
    // Without a session, or about the asking person alone; the answers tell nothing about accounts.
    "Mutation.signUp",
    "Mutation.verifyEmail",
    "Mutation.logIn",
    "Mutation.completeLogIn",
    "Mutation.startPasskeyLogIn",
    "Mutation.logInWithPasskey",
    "Mutation.challengePasskey",
    "Mutation.logOut",
    "Mutation.requestPasswordReset",
    "Mutation.resetPassword",
    "Mutation.resendVerification",
    // About the asking person alone.
    "Mutation.updateProfile",
    "Mutation.changePassword",
    "Mutation.prove",
    "Mutation.startTotp",
    "Mutation.confirmTotp",
    "Mutation.removeTotp",
    "Mutation.makeRecoveryCodes",
    "Mutation.startPasskey",
    "Mutation.finishPasskey",
    "Mutation.renamePasskey",
    "Mutation.removePasskey",
    "Mutation.logOutEverywhere",
    "Mutation.revokeSession",
    "Mutation.revokeOtherSessions",
    // For whoever holds an invitation's link; accepting needs the invited address as well.
    "Query.invitation",
    "Mutation.acceptInvitation",
    // Tells of proven domains and tested connections, the same to everybody, and nothing about accounts.
    "Query.waysIn",
    // For whoever holds a set-up link, or has come back from a provider with one.
    "Query.ssoSetup",
    "Mutation.setUpSsoConnection",
    "Mutation.testSsoSetup",
    "Mutation.confirmSsoLink",
    // Makes a tenant of the asking person.
    "Mutation.createTenant",
    // Plain fields of a tenant, read by the attempt on Query.tenant.
    "Tenant.id",
    "Tenant.slug",
    "Tenant.name",
    "Tenant.status",
    "Tenant.createdAt",
];

/// The operators' operations, with arguments that would do something.
const ADMIN: &[(&str, &str)] = &[
    ("tenants", "{ tenants { nodes { id } } }"),
    ("tenant", "{ tenant(id: \"TENANT\") { id } }"),
    ("instances", "{ instances { nodes { id } } }"),
    ("instance", "{ instance(id: \"INSTANCE\") { id } }"),
    ("fleet", "{ fleet { instances } }"),
    ("regions", "{ regions { code } }"),
    ("jobs", "{ jobs { nodes { id } } }"),
    ("platformAudit", "{ platformAudit { nodes { action } } }"),
    ("capturedMail", "{ capturedMail { nodes { body } } }"),
    ("supportAccess", "{ supportAccess { nodes { id } } }"),
    (
        "breakGlass",
        "mutation { breakGlass(input: {tenantId: \"TENANT\", confirmSlug: \"acme\", minutes: 5, reason: \"A reason that is long enough\"}) { access { id } } }",
    ),
    (
        "endBreakGlass",
        "mutation { endBreakGlass(input: {tenantId: \"TENANT\", id: \"sup_01h455vb4pex5vsknk084sn02q\"}) { access { id } } }",
    ),
    (
        "resetFactors",
        "mutation { resetFactors(input: {email: \"nobody@example.com\", reason: \"A reason that is long enough\"}) { ok } }",
    ),
    ("retryInstance", "mutation { retryInstance(id: \"INSTANCE\") { ok } }"),
    ("retryJob", "mutation { retryJob(id: \"1\") { ok } }"),
];
/// `viewer` answers null to anyone else; the set-up needs its link's token.
const ADMIN_REVIEWED: &[&str] = &["viewer", "completeOperatorSetup"];

const FIELDS: &str = "{ __schema { queryType { fields { name } } mutationType { fields { name } }
    subscriptionType { fields { name } } types { name fields { name } } } }";

pub(crate) async fn walls(
    product: &Product,
    (ada, tenant, instance): (&Person, &Tenant, &Instance),
    bob: &Person,
) -> Result<()> {
    let own =
        bob.create_tenant("Bolt", &format!("bolt-{}", tenantry_system_tests::random_tag()), "free").await?;
    let names =
        Names { tenant: &tenant.id, instance: &instance.id, slug: &instance.slug, own_tenant: &own.id };
    let nobody = Api::new(&product.addresses().api)?;
    let table = attempts(&names);
    let mut checks = Vec::new();
    for attempt in &table {
        checks.push(attempt.make(&bob.api, "NOT_FOUND").await?);
        checks.push(attempt.make(&nobody, "UNAUTHENTICATED").await?);
    }
    all_held(&checks)?;
    let tried: BTreeSet<&str> = table.iter().map(|a| a.field).collect();
    every_field_is_covered(&ada.api, &tried).await?;
    own_usage_has_nothing_of_it(bob, &own, instance).await?;
    operators_only(ada, bob, &nobody, (tenant, instance)).await?;
    let still = ada.instance(tenant, &instance.id).await?;
    ensure!(still.phase == "READY", "it was disturbed: {}", still.phase);
    println!("           {} operations were refused", checks.len());
    Ok(())
}

fn all_held(checks: &[Check]) -> Result<()> {
    let broken: Vec<_> = checks.iter().filter(|c| !c.held).collect();
    ensure!(broken.is_empty(), "these answered wrongly: {broken:#?}");
    Ok(())
}

async fn every_field_is_covered(api: &Api, tried: &BTreeSet<&str>) -> Result<()> {
    let schema = api.call(FIELDS, json!({})).await?["__schema"].clone();
    let names = |fields: &Value, of: &str| -> Vec<String> {
        let fields = fields.as_array().cloned().unwrap_or_default();
        fields.iter().filter_map(|f| f["name"].as_str()).map(|n| format!("{of}.{n}")).collect()
    };
    let mut all = names(&schema["queryType"]["fields"], "Query");
    all.extend(names(&schema["mutationType"]["fields"], "Mutation"));
    all.extend(names(&schema["subscriptionType"]["fields"], "Subscription"));
    let types = schema["types"].as_array().context("types")?;
    let tenant = types.iter().find(|t| t["name"] == "Tenant").context("the type Tenant")?;
    all.extend(names(&tenant["fields"], "Tenant"));
    ensure!(all.len() > 20, "the schema was not read: {all:?}");
    let uncovered: Vec<_> =
        all.iter().filter(|f| !tried.contains(f.as_str()) && !REVIEWED.contains(&f.as_str())).collect();
    ensure!(
        uncovered.is_empty(),
        "nobody tried these as an outsider: {uncovered:?}. Add them to the table of attempts, or review them here"
    );
    let stale: Vec<_> = tried.iter().chain(REVIEWED).filter(|f| !all.iter().any(|a| a == *f)).collect();
    ensure!(stale.is_empty(), "these are no fields any more: {stale:?}");
    Ok(())
}

/// Somebody else's instance is no key to its usage: as a filter on one's own it finds nothing.
async fn own_usage_has_nothing_of_it(bob: &Person, own: &Tenant, instance: &Instance) -> Result<()> {
    let (from, to) = tenantry_system_tests::month();
    let answer = bob
        .api
        .ask(
            "/graphql",
            "query($t: ID!, $i: ID!, $f: DateTime!, $u: DateTime!) { tenant(id: $t) { usage(from: $f, to: $u, groupBy: INSTANCE, instanceId: $i) { nodes { billable } } } }",
            json!({ "t": own.id, "i": instance.id, "f": from, "u": to }),
        )
        .await?;
    let nothing = answer.refusal().is_some_and(|r| r.code == "NOT_FOUND")
        || answer.body["data"]["tenant"]["usage"]["nodes"] == json!([]);
    ensure!(nothing, "{}", answer.body);
    Ok(())
}

async fn operators_only(
    ada: &Person,
    bob: &Person,
    nobody: &Api,
    (tenant, instance): (&Tenant, &Instance),
) -> Result<()> {
    for (name, operation) in ADMIN {
        let operation = operation.replace("INSTANCE", &instance.id).replace("TENANT", &tenant.id);
        for (who, api, codes) in [
            ("a customer", &ada.api, ["FORBIDDEN", "NOT_FOUND"]),
            ("another", &bob.api, ["FORBIDDEN", "NOT_FOUND"]),
            ("nobody", nobody, ["UNAUTHENTICATED"; 2]),
        ] {
            let answer = api.ask("/admin/graphql", &operation, json!({})).await?;
            let code = answer.refusal().map(|r| r.code).unwrap_or_default();
            ensure!(codes.contains(&code.as_str()), "{name} by {who}: {}", answer.body);
            // A field that may be null is null; another takes the whole answer with it.
            let data = &answer.body["data"];
            let nothing = data.is_null() || data[name].is_null();
            ensure!(nothing, "{name} by {who}: {}", answer.body);
        }
    }
    let answer = ada.api.ask("/admin/graphql", "{ viewer { email } }", json!({})).await?;
    ensure!(answer.body["data"]["viewer"].is_null(), "{}", answer.body);
    let schema = ada.api.call_admin(FIELDS, json!({})).await?["__schema"].clone();
    let mut fields = schema["queryType"]["fields"].as_array().cloned().unwrap_or_default();
    fields.extend(schema["mutationType"]["fields"].as_array().cloned().unwrap_or_default());
    let uncovered: Vec<_> = fields
        .iter()
        .filter_map(|f| f["name"].as_str())
        .filter(|f| !ADMIN.iter().any(|(name, _)| name == f) && !ADMIN_REVIEWED.contains(f))
        .collect();
    ensure!(!fields.is_empty() && uncovered.is_empty(), "nobody tried these as a customer: {uncovered:?}");
    Ok(())
}
