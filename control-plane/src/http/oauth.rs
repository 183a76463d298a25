//! OAuth 2 for service accounts: the token endpoint (RFC 6749, section 4.4), the revocation endpoint (RFC 7009) and
//! what a client finds them by (RFC 8414).
//!
//! Requests are forms and errors are as RFC 6749, section 5.2, has them, because clients are libraries that know
//! nothing else. Cookies and bearer tokens count for nothing here.

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, RequestExt};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tenantry_authz::{Actor, Ctx, Origin, Right};
use tenantry_identity::{ClientProof, TokenRefusal, TokenRequest};
use tenantry_kernel::{Error, Kind, Secret};
use url::form_urlencoded;

use super::context::{REQUEST_ID, text};
use super::rates::ClientAddress;
use crate::app::App;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
const ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "RS256"];

/// Gives an access token.
pub(super) async fn token(State(app): State<App>, request: Request) -> Response {
    let ctx = context(&app, &request);
    let answer = match asked(request).await {
        Ok(asked) => issue(&app, &ctx, asked).await,
        Err(refused) => refused,
    };
    finished(answer, &ctx)
}

/// Ends an access token.
pub(super) async fn revoke(State(app): State<App>, request: Request) -> Response {
    let ctx = context(&app, &request);
    let answer = match asked(request).await {
        Ok(asked) => end(&app, &ctx, asked).await,
        Err(refused) => refused,
    };
    finished(answer, &ctx)
}

/// What there is, for clients that look it up.
pub(super) async fn metadata(State(app): State<App>) -> Json<Value> {
    let issuer = &app.public.portal;
    let scopes: Vec<String> = Right::all().map(|right| right.to_string()).collect();
    Json(json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/oauth/token"),
        "revocation_endpoint": format!("{issuer}/oauth/revoke"),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": scopes,
        "token_endpoint_auth_methods_supported": METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
    }))
}

async fn issue(app: &App, ctx: &Ctx, asked: Asked) -> Response {
    match asked.form.get("grant_type") {
        Some("client_credentials") => {}
        Some(_) => return refusal("unsupported_grant_type", "the grant type is client_credentials"),
        None => return refusal("invalid_request", "grant_type is missing"),
    }
    let request = TokenRequest { client: asked.client, scope: asked.form.get("scope").map(str::to_owned) };
    match app.identity.issue_token(ctx, request).await {
        Ok(Ok(issued)) => Json(json!({
            "access_token": issued.token.expose(),
            "token_type": "Bearer",
            "expires_in": issued.lifetime.num_seconds(),
            "scope": issued.scopes.join(" "),
        }))
        .into_response(),
        Ok(Err(refused)) => refused_client(&refused),
        Err(error) => fault(&error, ctx),
    }
}

async fn end(app: &App, ctx: &Ctx, asked: Asked) -> Response {
    let Some(token) = asked.form.get("token") else {
        return refusal("invalid_request", "token is missing");
    };
    let revoked = app.identity.revoke_token(ctx, (asked.client, Secret::new(token))).await;
    app.recent.forget();
    match revoked {
        Ok(Ok(())) => StatusCode::OK.into_response(),
        Ok(Err(refused)) => refused_client(&refused),
        Err(error) => fault(&error, ctx),
    }
}

/// A request that has the right form, and says who its client is.
struct Asked {
    form: Form,
    client: ClientProof,
}

async fn asked(request: Request) -> Result<Asked, Response> {
    let headers = request.headers().clone();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(refusal("invalid_request", "the body is a form: application/x-www-form-urlencoded"));
    }
    let body: Bytes = request
        .extract()
        .await
        .map_err(|_| refusal("invalid_request", "the body is too large, or broke off"))?;
    let form = Form::read(&body).map_err(|why| refusal("invalid_request", &why))?;
    let client = client(&headers, &form).map_err(|refused| *refused)?;
    Ok(Asked { form, client })
}

/// A form in which each parameter stands once, and those without a value not at all (RFC 6749, section 3.2).
#[derive(Debug)]
struct Form(Vec<(String, String)>);

impl Form {
    fn read(body: &[u8]) -> Result<Self, String> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            if fields.iter().any(|(known, _)| *known == name) {
                let shown: String = name.chars().filter(|c| matches!(c, 'a'..='z' | '_')).take(40).collect();
                return Err(format!("the parameter {shown} is given twice"));
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        fields.retain(|(_, value)| !value.is_empty());
        Ok(Self(fields))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// How the client authenticates: by exactly one of the ways (RFC 6749, section 2.3).
fn client(headers: &HeaderMap, form: &Form) -> Result<ClientProof, Box<Response>> {
    let id = form.get("client_id").map(str::to_owned);
    let basic = basic(headers)?;
    let assertion = form.get("client_assertion");
    let secret = form.get("client_secret");
    let ways = [basic.is_some(), assertion.is_some(), secret.is_some()];
    if ways.into_iter().filter(|used| *used).count() > 1 {
        return Err(Box::new(refusal("invalid_request", "the client authenticates in more than one way")));
    }
    if let Some((client_id, secret)) = basic {
        if id.is_some_and(|id| id != client_id) {
            return Err(Box::new(refusal(
                "invalid_request",
                "client_id is not that of the header Authorization",
            )));
        }
        return Ok(ClientProof::Secret { client_id, secret });
    }
    if let Some(assertion) = assertion {
        if form.get("client_assertion_type") != Some(JWT_BEARER) {
            return Err(Box::new(refusal(
                "invalid_request",
                &format!("client_assertion_type is {JWT_BEARER}"),
            )));
        }
        return Ok(ClientProof::Assertion { client_id: id, assertion: Secret::new(assertion) });
    }
    match (id, secret) {
        (Some(client_id), Some(secret)) => Ok(ClientProof::Secret { client_id, secret: Secret::new(secret) }),
        _ => Err(Box::new(invalid_client("the client does not authenticate"))),
    }
}

/// `Authorization: Basic`, with both halves form-encoded beneath the Base64 (RFC 6749, section 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, Secret)>, Box<Response>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let wrong = || Box::new(invalid_client("the header Authorization is not one client's Basic credentials"));
    if values.next().is_some() {
        return Err(wrong());
    }
    let pair = || {
        let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
        let decoded = STANDARD.decode(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        Some((unescaped(id), Secret::new(unescaped(secret))))
    };
    pair().map(Some).ok_or_else(wrong)
}

fn unescaped(text: &str) -> String {
    // As the value of a form's only parameter; a bare ampersand cannot be in one.
    let mut parsed = form_urlencoded::parse(text.as_bytes());
    parsed.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

fn refused_client(refused: &TokenRefusal) -> Response {
    match refused {
        TokenRefusal::Client(why) => invalid_client(why),
        TokenRefusal::Scope(why) => refusal("invalid_scope", why),
    }
}

fn invalid_client(why: &str) -> Response {
    let mut response = error(StatusCode::UNAUTHORIZED, "invalid_client", why);
    // A 401 names a way in (RFC 9110, section 11.6.1), also to who tried another.
    let ways = HeaderValue::from_static(r#"Basic realm="Tenantry", charset="UTF-8""#);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, ways);
    response
}

fn refusal(code: &str, why: &str) -> Response {
    error(StatusCode::BAD_REQUEST, code, why)
}

fn error(status: StatusCode, code: &str, why: &str) -> Response {
    (status, Json(json!({ "error": code, "error_description": why }))).into_response()
}

fn fault(fault: &Error, ctx: &Ctx) -> Response {
    let wait = |status, seconds| {
        let mut response = error(status, "temporarily_unavailable", fault.message());
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        response
    };
    match fault.kind() {
        Kind::RateLimited => wait(StatusCode::TOO_MANY_REQUESTS, "5"),
        Kind::Unavailable => wait(StatusCode::SERVICE_UNAVAILABLE, "2"),
        _ => {
            tracing::error!(request.id = %ctx.request(), error = ?fault, "request failed");
            error(StatusCode::INTERNAL_SERVER_ERROR, "server_error", fault.message())
        }
    }
}

fn context(app: &App, request: &Request) -> Ctx {
    let origin = Origin {
        address: request.extensions().get::<ClientAddress>().map(|client| client.0),
        user_agent: text(request, &header::USER_AGENT),
    };
    Ctx::new(app.runtime.clone(), Actor::Anonymous, Vec::new(), origin)
}

/// Nothing here may be kept by anybody on the way (RFC 6749, section 5.1).
fn finished(mut response: Response, ctx: &Ctx) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    if let Ok(id) = HeaderValue::from_str(&ctx.request().to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        headers
    }

    #[test]
    fn basic_credentials_are_form_encoded_beneath_the_base64() {
        let encoded = STANDARD.encode("sva%5F1:a%2Bb+c%3A%25");
        let (id, secret) = basic(&headers(&format!("Basic {encoded}"))).unwrap().unwrap();
        assert_eq!((id.as_str(), secret.expose()), ("sva_1", "a+b c:%"));
        for wrong in ["Basic", "Basic !", "Bearer abc", &format!("Basic {}", STANDARD.encode("nocolon"))] {
            assert_eq!(basic(&headers(wrong)).unwrap_err().status(), StatusCode::UNAUTHORIZED, "{wrong}");
        }
        assert!(basic(&HeaderMap::new()).unwrap().is_none());
    }

    #[test]
    fn a_client_authenticates_in_exactly_one_way() {
        let basic = headers(&format!("Basic {}", STANDARD.encode("sva_1:s")));
        let none = HeaderMap::new();
        let status =
            |headers: &HeaderMap, body: &str| match client(headers, &Form::read(body.as_bytes()).unwrap()) {
                Ok(_) => 200,
                Err(response) => response.status().as_u16(),
            };
        assert_eq!(status(&basic, ""), 200);
        assert_eq!(status(&basic, "client_id=sva_1"), 200);
        assert_eq!(status(&none, "client_id=sva_1&client_secret=s"), 200);
        let assertion = format!("client_assertion=x&client_assertion_type={JWT_BEARER}");
        assert_eq!(status(&none, &assertion), 200);
        assert_eq!(status(&basic, "client_id=sva_2"), 400);
        assert_eq!(status(&basic, "client_secret=s"), 400);
        assert_eq!(status(&basic, &assertion), 400);
        assert_eq!(status(&none, &format!("{assertion}&client_id=a&client_secret=s")), 400);
        assert_eq!(status(&none, "client_assertion=x"), 400);
        assert_eq!(status(&none, ""), 401);
        assert_eq!(status(&none, "client_id=sva_1"), 401);
        assert_eq!(status(&none, "client_secret=s"), 401);
        assert!(Form::read(b"scope=a&scope=a").is_err());
        assert_eq!(Form::read(b"scope=").unwrap().get("scope"), None);
    }
}
