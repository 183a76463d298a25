use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::Value;

use crate::test_world::TestApp;

/// Every path that the router answers, taken from the router itself: what it prints for debugging names them.
fn routes(test: &TestApp) -> BTreeSet<String> {
    let printed = format!("{:?}", test.router());
    // What comes after is the fallback: the portal's pages.
    let printed = printed.split("fallback_router").next().unwrap_or_default();
    let quoted = printed.split("Node { paths: {").skip(1).flat_map(quoted);
    quoted.filter(|path| path.starts_with('/') && !path.contains("{*__private")).map(str::to_owned).collect()
}

/// What is quoted before the first brace that is not: paths have braces of their own.
fn quoted(mut rest: &str) -> Vec<&str> {
    let mut all = Vec::new();
    while let Some(at) = rest.find(['"', '}'])
        && let Some(inside) = rest[at..].strip_prefix('"')
        && let Some((text, after)) = inside.split_once('"')
    {
        all.push(text);
        rest = after;
    }
    all
}

fn document() -> Value {
    serde_json::from_str(&super::document().unwrap()).unwrap()
}

/// The methods that the document gives each path.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let document = document();
    let methods = |item: &Value| item.as_object().unwrap().keys().map(|m| m.to_uppercase()).collect();
    let paths = document["paths"].as_object().unwrap();
    paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

#[tokio::test]
async fn each_route_of_the_router_is_in_the_document_with_its_methods_and_no_other() {
    let test = TestApp::new().await;
    let (routes, documented) = (routes(&test), documented());
    assert!(
        routes.contains("/graphql") && routes.contains("/healthz"),
        "the routes were not read: {routes:?}"
    );
    assert_eq!(routes, documented.keys().cloned().collect(), "routes and document differ");
    for (path, methods) in documented {
        let address = path.replace(['{', '}'], "");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let request = Request::builder()
                .method(method.clone())
                .uri(&address)
                .header("content-type", "application/json")
                .body(Body::from("{}"))
                .unwrap();
            let refused = test.send(request).await.status() == StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(!refused, methods.contains(method.as_str()), "{method} {path}");
        }
    }
}

#[test]
fn each_operation_says_who_may_call_it_and_what_comes_back() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "{name}");
            assert!(operation["security"].as_array().is_some_and(|s| !s.is_empty()), "{name}");
            assert!(operation["responses"].as_object().is_some_and(|r| !r.is_empty()), "{name}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}: twice");
        }
    }
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let named: Vec<_> = schemes.keys().map(String::as_str).collect();
    assert_eq!(named, ["bearer", "client", "clientCredentials", "provisioning", "session"]);
}

#[tokio::test]
async fn the_document_is_served_to_anybody() {
    let test = TestApp::new().await;
    let response = test.send(Request::get("/openapi.json").body(Body::empty()).unwrap()).await;
    assert_eq!(
        (response.status(), &response.headers()["content-type"]),
        (StatusCode::OK, &"application/json".parse().unwrap())
    );
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), document());
}

/// What a problem really is has the members that the document gives it, and no other.
#[tokio::test]
async fn a_problem_is_what_the_document_says() {
    let test = TestApp::new().await;
    let response = test.send(Request::get("/export/usage.csv").body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let problem: Value = serde_json::from_slice(&bytes).unwrap();
    let schema = &document()["components"]["schemas"]["Problem"];
    let known = schema["properties"].as_object().unwrap();
    for member in problem.as_object().unwrap().keys() {
        assert!(known.contains_key(member), "{member}: {problem}");
    }
    for member in schema["required"].as_array().unwrap() {
        assert!(!problem[member.as_str().unwrap()].is_null(), "{member}: {problem}");
    }
    assert_eq!(problem["code"], "UNAUTHENTICATED");
}
