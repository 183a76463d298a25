//! Nobody owns more tenants than one may, however they ask.

use futures::future::join_all;
use serde_json::json;
use tenantry_kernel::Kind;

use super::service::{CreateTenant, OWNED_BY_ONE};
use crate::test_world::{Person, TestApp};

async fn owned(test: &TestApp, person: &Person) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM identity.memberships WHERE user_id = $1 AND role = 'owner'")
        .bind(person.id.uuid())
        .fetch_one(&mut test.world.superuser().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn many_requests_at_once_make_no_more_than_one_may_own() {
    let test = TestApp::new().await;
    let (ada, bob) = (test.person("ada").await, test.person("bob").await);
    let ctx = ada.session().context(&test.app).await.unwrap();
    let made = join_all((0..30).map(|n| {
        let input = CreateTenant { name: format!("T{n}"), slug: format!("t{n}"), plan: "free".to_owned() };
        test.app.tenants.create(&ctx, input)
    }))
    .await;
    let (done, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (20, 10));
    for error in refused {
        assert_eq!(error.unwrap_err().kind(), Kind::QuotaExceeded);
    }
    assert_eq!(owned(&test, &ada).await, OWNED_BY_ONE);
    // Somebody else's are somebody else's.
    let ctx = bob.session().context(&test.app).await.unwrap();
    let input = CreateTenant { name: "B".to_owned(), slug: "b".to_owned(), plan: "free".to_owned() };
    test.app.tenants.create(&ctx, input).await.unwrap();
}

#[tokio::test]
async fn one_request_with_many_aliases_makes_no_more_either() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    let field = |n: i64| {
        format!(
            "a{n}: createTenant(input: {{ name: \"T\", slug: \"t{n}\", plan: \"free\" }}) {{ tenant {{ id }} problem {{ code }} }}"
        )
    };
    let ask = async |numbers: std::ops::Range<i64>| {
        let query: String = numbers.map(field).collect();
        test.ask(&ada, &format!("mutation {{ {query} }}")).await
    };
    let too_many = ask(0..25).await;
    assert_eq!(too_many["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{too_many}");
    assert_eq!(owned(&test, &ada).await, 0);
    for numbers in [0..10, 10..15, 15..25] {
        let answer = ask(numbers.clone()).await;
        for n in numbers {
            let made = &answer["data"][format!("a{n}")];
            let refused = json!({ "tenant": null, "problem": { "code": "QUOTA_EXCEEDED" } });
            assert_eq!(*made == refused, n >= OWNED_BY_ONE, "{n}: {answer}");
        }
    }
    assert_eq!(owned(&test, &ada).await, OWNED_BY_ONE);
}
