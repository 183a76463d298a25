//! A body that is not one operation is refused before anything runs.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt;

use super::support::Platform;

#[tokio::test]
async fn a_body_that_is_not_one_request_is_a_bad_request() {
    let platform = Platform::new().await;
    let router = crate::http::router(platform.app.clone(), None);
    for path in ["/graphql", "/admin/graphql"] {
        for (body, status) in [
            (r#"{"query": "{ __typename }"}"#, StatusCode::OK),
            (" \n{\"query\": \"{ __typename }\"}", StatusCode::OK),
            ("[]", StatusCode::BAD_REQUEST),
            (" [ ] ", StatusCode::BAD_REQUEST),
            (r#"["{ __typename }"]"#, StatusCode::BAD_REQUEST),
            (r#"[{"query": "{ __typename }"}]"#, StatusCode::OK),
            ("", StatusCode::BAD_REQUEST),
            ("null", StatusCode::BAD_REQUEST),
        ] {
            let request = Request::post(path)
                .header("content-type", "application/json")
                .extension(axum::extract::ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 1))))
                .body(Body::from(body))
                .unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), status, "{path} {body}");
        }
    }
}
