//! The page by which a browser posts a request to a provider that takes no redirects (SAML bindings, section 3.5).

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use tenantry_identity::saml::PostForm;
use tenantry_kernel::{Entropy, Secret};

/// A form that sends itself, and a button where scripts do not run.
///
/// Its policy allows the one script, and says nothing of where forms go: browsers hold a provider's own redirects after the
/// form against that too, and those are not ours to know. There is no other form on the page, and nobody's text.
pub(in crate::http) fn form(form: &PostForm, entropy: &dyn Entropy) -> Response {
    let nonce = Secret::random(entropy, 16);
    let (action, request, state) =
        (escaped(&form.action), escaped(&form.saml_request), escaped(form.relay_state.as_str()));
    let page = PAGE
        .replace("$nonce", nonce.expose())
        .replace("$action", &action)
        .replace("$request", &request)
        .replace("$state", &state);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{}'; base-uri 'none'; frame-ancestors 'none'",
        nonce.expose()
    );
    let mut response = Html(page).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Going to your identity provider</title>
</head>
<body>
<main>
<form method="post" action="$action">
<input type="hidden" name="SAMLRequest" value="$request">
<input type="hidden" name="RelayState" value="$state">
<p>You are on the way to your organisation's identity provider.</p>
<noscript><button type="submit">Go on</button></noscript>
</form>
</main>
<script nonce="$nonce">document.forms[0].submit();</script>
</body>
</html>
"#;

/// Text as it stands in a quoted attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use tenantry_identity::saml::RelayState;
    use tenantry_kernel::OsEntropy;

    use super::*;

    #[tokio::test]
    async fn the_page_holds_what_it_is_given_and_runs_one_script() {
        let given = PostForm {
            action: "https://idp.example/sso?a=1&b=\"><script>alert(1)</script>".to_owned(),
            saml_request: "PGE+".to_owned(),
            relay_state: RelayState::new("abc").unwrap(),
        };
        let response = form(&given, &OsEntropy);
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        let page = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let page = String::from_utf8(page.to_vec()).unwrap();
        assert!(
            page.contains("action=\"https://idp.example/sso?a=1&amp;b=&quot;&gt;&lt;script&gt;"),
            "{page}"
        );
        assert_eq!(page.matches("<script").count(), 1);
        let nonce = page.split_once("nonce=\"").unwrap().1.split_once('"').unwrap().0;
        assert!(
            policy.contains(&format!("script-src 'nonce-{nonce}'")) && !policy.contains("unsafe"),
            "{policy}"
        );
        assert!(page.contains("<noscript><button type=\"submit\">"));
    }
}
