use serde_json::{Value, json};
use tenantry_authz::Role;

use super::*;
use crate::test_world::TestApp;

#[test]
fn the_same_again_is_known_by_its_first_place() {
    assert_eq!(repeated(["a", "b", "a", "a", "b"].into_iter()), [None, None, Some(0), Some(0), Some(1)]);
}

#[tokio::test]
async fn each_instance_has_its_own_outcome() {
    let test = TestApp::new().await;
    let (tenant, other) = (test.tenant("acme", "pro").await, test.tenant("rival", "pro").await);
    let ada = test.member("ada", tenant, Role::Owner).await;
    let (one, two) = (test.instance(tenant, "one").await, test.instance(tenant, "two").await);
    let foreign = test.instance(other, "theirs").await;
    let ids = json!([one.to_string(), foreign.to_string(), "nonsense", two.to_string(), one.to_string()]);
    let query = format!(
        "mutation {{ stopInstances(input: {{tenantId: \"{tenant}\", ids: {ids}}}) {{
            outcomes {{ index id instance {{ desired }} problem {{ code }} }} problem {{ code }} }} }}"
    );
    let answer = test.ask(&ada, &query).await;
    let outcomes = answer["data"]["stopInstances"]["outcomes"].as_array().unwrap();
    let said: Vec<_> =
        outcomes.iter().map(|it| (&it["instance"]["desired"], &it["problem"]["code"])).collect();
    let (stopped, none) = (json!("STOPPED"), Value::Null);
    let (missing, invalid) = (json!("NOT_FOUND"), json!("INVALID"));
    assert_eq!(
        said,
        [(&stopped, &none), (&none, &missing), (&none, &missing), (&stopped, &none), (&none, &invalid)]
    );
    assert_eq!(outcomes.iter().map(|it| it["index"].as_i64().unwrap()).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let wanted: Vec<(String, String)> =
        sqlx::query_as("SELECT slug, desired FROM provisioner.instances ORDER BY slug")
            .fetch_all(&mut test.world.superuser().await)
            .await
            .unwrap();
    let wanted: Vec<_> = wanted.iter().map(|(slug, desired)| (slug.as_str(), desired.as_str())).collect();
    assert_eq!(wanted, [("one", "stopped"), ("theirs", "running"), ("two", "stopped")]);
    let started = test.ask(&ada, &query.replace("stopInstances", "startInstances")).await;
    assert_eq!(started["data"]["startInstances"]["outcomes"][0]["instance"]["desired"], "RUNNING");

    let viewer = test.member("vera", tenant, Role::Viewer).await;
    let refused = test.ask(&viewer, &query).await;
    assert_eq!(refused["data"]["stopInstances"]["outcomes"][0]["problem"]["code"], "FORBIDDEN", "{refused}");
    let stranger = test.person("eve").await;
    assert_eq!(test.ask(&stranger, &query).await["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn each_person_is_invited_by_themselves() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let ada = test.member("ada", tenant, Role::Admin).await;
    let people = "[{email: \"a@example.com\", role: VIEWER}, {email: \"no address\", role: VIEWER},
        {email: \" A@Example.com\", role: ADMIN}, {email: \"b@example.com\", role: OWNER},
        {email: \"c@example.com\", role: CUSTOM}, {email: \"d@example.com\", role: BILLING}]";
    let invite = |people: &str| {
        format!(
            "mutation {{ inviteMembers(input: {{tenantId: \"{tenant}\", people: {people}}}) {{
                outcomes {{ email invitation {{ email }} problem {{ code field }} }} problem {{ code field }} }} }}"
        )
    };
    let answer = test.ask(&ada, &invite(people)).await;
    let outcomes = answer["data"]["inviteMembers"]["outcomes"].as_array().unwrap();
    let invited: Vec<bool> = outcomes.iter().map(|it| it["invitation"].is_object()).collect();
    assert_eq!(invited, [true, false, false, false, false, false], "{answer}");
    assert!(outcomes.iter().all(|it| it["invitation"].is_object() != it["problem"].is_object()));
    assert_eq!(outcomes[4]["problem"]["field"], "customRoleId");
    assert_eq!(outcomes[5]["problem"]["code"], "FORBIDDEN", "an administrator does not change the plan");

    for people in
        ["[]".to_owned(), format!("[{}]", vec!["{email: \"x@example.com\", role: VIEWER}"; 51].join(","))]
    {
        let answer = test.ask(&ada, &invite(&people)).await;
        assert_eq!(
            answer["data"]["inviteMembers"]["problem"],
            json!({ "code": "INVALID", "field": "people" })
        );
    }
}
