use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn a_user_is_made_read_changed_and_deleted() {
    let directory = Directory::new().await;
    let body = json!({
        "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "userName": "ada", "externalId": "a-1", "name": { "givenName": "Ada", "familyName": "Byron" },
        "emails": [{ "value": "Ada@Example.com", "type": "work", "primary": true }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Engines" },
    });
    let made = directory.post("/Users", &body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let at = format!("http://localhost:8080/scim/v2/Users/{}", made.id());
    assert_eq!(
        (&made.headers["etag"], &made.headers["location"]),
        (&"W/\"1\"".parse().unwrap(), &at.parse().unwrap())
    );
    assert_eq!(made.headers["content-type"], "application/scim+json");
    assert!(made.headers.contains_key("x-request-id") && made.headers.contains_key("ratelimit-remaining"));
    assert_eq!(
        (&made.body["meta"]["location"], &made.body["meta"]["version"]),
        (&json!(at), &json!("W/\"1\""))
    );
    assert_eq!((&made.body["active"], &made.body["externalId"]), (&json!(true), &json!("a-1")));
    assert_eq!(made.body["emails"], body["emails"], "as it was sent");
    assert_eq!(made.body["schemas"], body["schemas"]);

    let path = format!("/Users/{}", made.id());
    assert_eq!(directory.get(&path).await.body, made.body);
    let some = directory.get(&format!("{path}?attributes=userName,name.givenName")).await;
    assert_eq!(
        some.body,
        json!({ "schemas": body["schemas"], "id": made.id(), "userName": "ada", "name": { "givenName": "Ada" } })
    );
    let less = directory.get(&format!("{path}?excludedAttributes=emails,meta")).await.body;
    assert!(less.get("emails").is_none() && less.get("meta").is_none() && less["userName"] == "ada");
    let known = directory.send_with(Method::GET, &path, (None, &[("if-none-match", "W/\"1\"")])).await;
    assert_eq!((known.status, known.body), (StatusCode::NOT_MODIFIED, Value::Null));

    let changed =
        directory.patch(&path, json!([{ "op": "replace", "path": "title", "value": "Countess" }])).await;
    assert_eq!((changed.status, &changed.headers["etag"]), (StatusCode::OK, &"W/\"2\"".parse().unwrap()));
    assert_eq!(changed.body["title"], "Countess");
    let same =
        directory.patch(&path, json!([{ "op": "replace", "path": "title", "value": "Countess" }])).await;
    assert_eq!(same.headers["etag"], "W/\"2\"", "what changes nothing makes no version");
    let late = [("if-match", "W/\"1\"")];
    directory.send_with(Method::PUT, &path, (Some(&body), &late)).await.is_error(412, None);
    directory.send_with(Method::DELETE, &path, (None, &late)).await.is_error(412, None);
    let now = [("if-match", "W/\"2\"")];
    let put = directory.send_with(Method::PUT, &path, (Some(&body), &now)).await;
    assert_eq!(put.status, StatusCode::OK);
    assert!(put.body.get("title").is_none(), "what PUT does not give has no value");

    let group =
        json!({ "schemas": [GROUP], "displayName": "Engineers", "members": [{ "value": made.id() }] });
    let group = directory.post("/Groups", &group).await;
    assert_eq!(group.body["members"], json!([{ "value": made.id(), "$ref": at, "type": "User" }]));
    let within = directory.get(&path).await.body["groups"].clone();
    assert_eq!((&within[0]["value"], &within[0]["display"]), (&json!(group.id()), &json!("Engineers")));
    assert_eq!(directory.send(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    directory.get(&path).await.is_error(404, None);
    let left = directory.get(&format!("/Groups/{}", group.id())).await;
    assert!(left.body.get("members").is_none());
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let directory = Directory::new().await;
    for name in ["ada", "bob", "carl", "dora"] {
        directory.user(name).await;
    }
    let group = json!({ "schemas": [GROUP], "displayName": "Engineers" });
    directory.post("/Groups", &group).await;
    let names = |answer: &Answer| -> Vec<String> {
        let all = answer.body["Resources"].as_array().unwrap_or_else(|| panic!("{}", answer.body));
        all.iter()
            .map(|it| it["userName"].as_str().or(it["displayName"].as_str()).unwrap().to_owned())
            .collect()
    };
    let all = directory.get("/Users").await;
    assert_eq!(names(&all), ["ada", "bob", "carl", "dora"]);
    assert_eq!(
        (&all.body["totalResults"], &all.body["startIndex"], &all.body["itemsPerPage"]),
        (&json!(4), &json!(1), &json!(4))
    );
    let page = directory.get("/Users?startIndex=2&count=2").await;
    assert_eq!(
        (names(&page), &page.body["totalResults"]),
        (vec!["bob".to_owned(), "carl".to_owned()], &json!(4))
    );
    let none = directory.get("/Users?count=0&startIndex=-5").await;
    assert_eq!(
        (names(&none).len(), &none.body["totalResults"], &none.body["startIndex"]),
        (0, &json!(4), &json!(1))
    );
    for (filter, wanted) in [
        ("userName%20eq%20%22BOB%22", vec!["bob"]),
        ("emails.value%20sw%20%22d%22%20or%20userName%20co%20%22ar%22", vec!["carl", "dora"]),
        ("userName%20eq%20%22bob%22%20and%20active%20eq%20false", vec![]),
        ("externalId%20eq%20%22x%22", vec![]),
        ("id%20eq%20%22x%22", vec![]),
    ] {
        let found = directory.get(&format!("/Users?filter={filter}")).await;
        assert_eq!(names(&found), wanted, "{filter}");
        assert_eq!(found.body["totalResults"], wanted.len());
    }
    let search = |more: Value| {
        let mut body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let everything = directory.post("/.search", &search(json!({ "startIndex": 4, "count": 5 }))).await;
    assert_eq!(
        (names(&everything), &everything.body["totalResults"]),
        (vec!["dora".to_owned(), "Engineers".to_owned()], &json!(5))
    );
    let found =
        directory.post("/.search", &search(json!({ "filter": "displayName eq \"engineers\"" }))).await;
    assert_eq!(names(&found), ["Engineers"], "what a type does not have has no value there");
    let found = directory
        .post("/Users/.search", &search(json!({ "filter": "userName eq \"ada\"", "attributes": ["active"] })))
        .await;
    assert_eq!(found.body["Resources"][0]["active"], true);
    assert!(found.body["Resources"][0].get("userName").is_none());
    directory.post("/Users/.search", &json!({})).await.is_error(400, Some("invalidSyntax"));
    directory.get("/Users?filter=userName%20is%20x").await.is_error(400, Some("invalidFilter"));
    directory.get("/Users?filter=colour%20pr").await.is_error(400, Some("invalidFilter"));
    directory.get("/Users?count=many").await.is_error(400, Some("invalidValue"));
    directory.get("/Users?attributes=a&excludedAttributes=b").await.is_error(400, Some("invalidValue"));
}

#[tokio::test]
async fn what_goes_wrong_is_said_in_scims_own_form() {
    let directory = Directory::new().await;
    let ada = directory.user("ada").await;
    let path = format!("/Users/{}", ada.id());
    let body = json!({ "schemas": [USER], "userName": "ADA", "emails": [{ "value": "other@example.com" }] });
    directory.post("/Users", &body).await.is_error(409, Some("uniqueness"));
    directory.post("/Users", &json!([])).await.is_error(400, Some("invalidSyntax"));
    directory
        .post("/Users", &json!({ "userName": "x@example.com" }))
        .await
        .is_error(400, Some("invalidSyntax"));
    directory.post("/Users", &json!({ "schemas": [USER] })).await.is_error(400, Some("invalidValue"));
    directory
        .patch(&path, json!([{ "op": "replace", "path": "id", "value": "x" }]))
        .await
        .is_error(400, Some("mutability"));
    directory
        .patch(&path, json!([{ "op": "add", "path": "colour", "value": "x" }]))
        .await
        .is_error(400, Some("invalidPath"));
    let two =
        json!([{ "op": "replace", "path": "title", "value": "T" }, { "op": "remove", "path": "userName" }]);
    directory.patch(&path, two).await.is_error(400, Some("mutability"));
    assert!(directory.get(&path).await.body.get("title").is_none(), "all of the operations, or none");
    let group = json!({ "schemas": [GROUP], "displayName": "G", "members": [{ "value": "scu_01h455vb4pex5vsknk084sn02q" }] });
    directory.post("/Groups", &group).await.is_error(400, Some("invalidValue"));
    directory.get("/Nothing").await.is_error(404, None);
    directory.get("/Users/nobody").await.is_error(404, None);
    directory.get("/Schemas/nothing").await.is_error(404, None);
    directory.send(Method::PUT, "/Users", Some(&body)).await.is_error(405, None);
    directory.send(Method::POST, "/Schemas", Some(&body)).await.is_error(405, None);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    directory.send_with(Method::POST, "/Users", (Some(&body), &form)).await.is_error(415, None);
    let large = json!({ "schemas": [USER], "userName": "x".repeat(1_100_000) });
    directory.post("/Users", &large).await.is_error(413, None);
    let json = [("content-type", "application/json; charset=utf-8")];
    let body = json!({ "schemas": [USER], "userName": "eve@example.com" });
    let made = directory.send_with(Method::POST, "/Users", (Some(&body), &json)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
}

#[tokio::test]
async fn a_directory_finds_out_what_there_is() {
    let directory = Directory::new().await;
    let config = directory.get("/ServiceProviderConfig").await;
    assert_eq!((config.status, &config.body["patch"]["supported"]), (StatusCode::OK, &json!(true)));
    assert_eq!(
        (&config.body["etag"]["supported"], &config.body["bulk"]["supported"]),
        (&json!(true), &json!(false))
    );
    let types = directory.get("/ResourceTypes").await;
    assert_eq!(types.body["Resources"].as_array().unwrap().len(), 2);
    for (name, schema) in [("User", USER), ("Group", GROUP)] {
        let one = directory.get(&format!("/ResourceTypes/{name}")).await;
        assert_eq!((&one.body["schema"], &one.body["name"]), (&json!(schema), &json!(name)));
        let schema = directory.get(&format!("/Schemas/{schema}")).await;
        assert_eq!(schema.body["name"], name);
        assert!(schema.body["attributes"].as_array().unwrap().iter().all(|it| it["mutability"].is_string()));
    }
    assert_eq!(directory.get("/Schemas").await.body["totalResults"], 3);
}
