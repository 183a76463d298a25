//! Who comes from the provider's own page, without having set out.

use tenantry_identity::SamlInput;

use super::said::Log;
use super::{Ready, Whole, problem};
use crate::http::sso::agent::Agent;

#[tokio::test]
async fn who_comes_unasked_is_let_in_where_the_connection_allows_it() {
    let ready = Ready::new().await;
    let log = Log::heard();
    let mut eve = ready.acme.agent();
    let unasked = |state: Option<&str>| Whole {
        said: ready.unasked(ready.id, "grace", None),
        state: state.map(str::to_owned),
    };
    let come = async |agent: &mut Agent, whole: &Whole| {
        ready.post(agent, whole, &whole.said.signed_by(&ready.provider.signer)).await
    };
    let to = come(&mut eve, &unasked(None)).await;
    assert_eq!((problem(&to).as_deref(), log.refusal().as_str()), (Some("SSO_FAILED"), "unsolicited"));
    // A state that nobody has given out looks like a log-in that took too long.
    let to = come(&mut eve, &unasked(Some("made-up"))).await;
    assert_eq!((problem(&to).as_deref(), log.refusal().as_str()), (Some("SSO_EXPIRED"), "unknown_flow"));
    assert_eq!(ready.acme.viewer(&mut eve).await, None);

    let allow = SamlInput { allows_idp_initiated: Some(true), ..SamlInput::default() };
    ready.acme.changed(ready.id, allow).await.unwrap();
    ready.tested(ready.id).await;
    log.refusals();
    let mut grace = ready.acme.agent();
    // Where it says to go counts for nothing: it stands in no proof.
    let whole = unasked(Some("https://evil.example/"));
    let to = come(&mut grace, &whole).await;
    assert_eq!(to, "http://localhost:8080/home");
    assert_eq!(ready.acme.viewer(&mut grace).await.as_deref(), Some("grace@acme.example"));
    // It works once, here as well.
    let mut again = ready.acme.agent();
    let to = come(&mut again, &whole).await;
    assert_eq!((problem(&to).as_deref(), log.refusal().as_str()), (Some("SSO_FAILED"), "replayed"));
    assert_eq!(ready.acme.viewer(&mut again).await, None);
    // What answers somebody's request is no log-in of another's, although this one needs none.
    let mut stolen = unasked(None);
    stolen.said.request = Some("_somebody".to_owned());
    let to = come(&mut again, &stolen).await;
    assert_eq!((problem(&to).as_deref(), log.refusal().as_str()), (Some("SSO_FAILED"), "in_response_to"));
}
