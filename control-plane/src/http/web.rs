//! The portal's files, as `vite build` makes them.
//!
//! Every page of the portal is the same small document; the code behind it is in files whose names carry a hash of
//! their content, so those are kept for good and the document never is. The document's policy allows nothing that is
//! not the portal's own file or marked with the answer's nonce: an injected script or style does not run.
//! Compressed variants lie beside the files; only the document, which differs each time, is compressed as it goes.
//! It holds nothing of the person who asks. The front page's document has its text in it, made at build time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tenantry_kernel::{Entropy, Secret};
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// Where a build puts the files with a hash in their names.
const HASHED: &str = "/assets";
/// What stands in the built document where the answer's nonce belongs.
const PLACE_OF_NONCE: &str = "__CSP_NONCE__";
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

#[derive(Clone)]
struct Document {
    dir: Option<Arc<Path>>,
    entropy: Arc<dyn Entropy>,
}

/// Routes for everything that no API has: the portal's files, and its document for any page.
pub(super) fn routes(dir: Option<PathBuf>, entropy: Arc<dyn Entropy>) -> Router {
    let document = Document { dir: dir.clone().map(Arc::from), entropy };
    let Some(dir) = dir else {
        return Router::new().fallback(page).with_state(document);
    };
    let files = |dir: PathBuf| ServeDir::new(dir).precompressed_br().precompressed_gzip();
    let assets = ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, kept_when_found as fn(&_) -> _))
        .service(files(dir.join("assets")));
    let mut router = Router::new().nest_service(HASHED, assets);
    for name in ["favicon.svg", "robots.txt"] {
        let file = ServiceBuilder::new()
            .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, AN_HOUR))
            .service(tower_http::services::ServeFile::new(dir.join(name)));
        router = router.route_service(&format!("/{name}"), file);
    }
    router.fallback_service(Router::new().fallback(page).with_state(document).layer(CompressionLayer::new()))
}

/// A file that is missing now may be there after the next update.
fn kept_when_found<B>(response: &axum::http::Response<B>) -> Option<HeaderValue> {
    let found = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    Some(if found { FOR_GOOD } else { HeaderValue::from_static("no-store") })
}

/// The document, for whatever a browser asks as a page; a program that asks for something else is told that there is
/// nothing.
async fn page(State(document): State<Document>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if !(method == Method::GET || method == Method::HEAD) || !wants_page {
        return nothing("Nothing is here. The API is at /graphql.\n");
    }
    let Some(dir) = &document.dir else {
        return nothing(
            "The portal is not built on this machine: `cargo xtask up` builds it. The API is at /graphql.\n",
        );
    };
    let file = if uri.path() == "/" { "landing.html" } else { "index.html" };
    let text = match tokio::fs::read_to_string(dir.join(file)).await {
        Ok(text) => text,
        Err(_) => match tokio::fs::read_to_string(dir.join("index.html")).await {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(error = %error, "the portal's document cannot be read");
                return nothing("The portal's files are gone. Build them again: `cargo xtask up`.\n");
            }
        },
    };
    let nonce = Secret::random(&*document.entropy, 16);
    let mut response = axum::response::Html(text.replace(PLACE_OF_NONCE, nonce.expose())).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy(nonce.expose())) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Content Security Policy Level 3. `'self'` covers the WebSocket of the same origin too. GraphiQL brings its fonts as
/// `data:`, which can hold nothing that runs.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

fn nothing(text: &'static str) -> Response {
    (StatusCode::NOT_FOUND, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use tenantry_kernel::OsEntropy;
    use tower::ServiceExt;

    fn built() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("assets")).unwrap();
        std::fs::write(dir.path().join("index.html"), "<script nonce=\"__CSP_NONCE__\"></script>").unwrap();
        std::fs::write(dir.path().join("favicon.svg"), "<svg/>").unwrap();
        std::fs::write(dir.path().join("assets/a-1.js"), "plain").unwrap();
        std::fs::write(dir.path().join("assets/a-1.js.br"), "small").unwrap();
        std::fs::write(dir.path().join("secret"), "outside the list").unwrap();
        dir
    }

    async fn ask(router: &Router, path: &str, accept: &str) -> (StatusCode, HeaderMap, String) {
        let request = Request::get(path)
            .header("accept", accept)
            .header("accept-encoding", if path.starts_with(HASHED) { "br" } else { "identity" })
            .body(Body::empty())
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn hashed_files_are_kept_for_good_and_the_document_has_a_fresh_nonce() {
        let dir = built();
        let router = routes(Some(dir.path().to_owned()), Arc::new(OsEntropy));
        let (status, headers, body) = ask(&router, "/assets/a-1.js", "*/*").await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "small"), "the compressed variant");
        assert_eq!(headers[header::CACHE_CONTROL], FOR_GOOD);
        let (status, headers, _) = ask(&router, "/assets/gone.js", "*/*").await;
        assert_eq!(
            (status, &headers[header::CACHE_CONTROL]),
            (StatusCode::NOT_FOUND, &HeaderValue::from_static("no-store"))
        );

        let mut nonces = std::collections::HashSet::new();
        for path in ["/", "/t/acme/usage", "/secret"] {
            let (status, headers, body) = ask(&router, path, "text/html,*/*").await;
            assert_eq!(status, StatusCode::OK);
            let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(!policy.contains("unsafe"), "{policy}");
            let nonce = body.split('"').nth(1).unwrap().to_owned();
            assert!(policy.contains(&format!("'nonce-{nonce}'")) && nonce.len() >= 20, "{policy}");
            assert!(nonces.insert(nonce));
        }
        assert_eq!(ask(&router, "/t/acme", "application/json").await.0, StatusCode::NOT_FOUND);
        assert_eq!(ask(&router, "/assets/../secret", "*/*").await.0, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn without_a_build_a_browser_is_told_what_to_do() {
        let router = routes(None, Arc::new(OsEntropy));
        let (status, _, body) = ask(&router, "/", "text/html").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body.contains("cargo xtask up"), "{body}");
    }
}
