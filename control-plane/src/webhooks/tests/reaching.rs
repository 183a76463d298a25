use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use tenantry_kernel::{Kind, TenantId};
use tenantry_outbound::{Config, Outbound, Resolver};

use super::world::{Receiver, Shop};
use crate::webhooks::{DeliveryState, EndpointChange, NewEndpoint};

struct Names(Mutex<VecDeque<IpAddr>>);

#[async_trait::async_trait]
impl Resolver for Names {
    async fn resolve(&self, _: TenantId, _: &str) -> io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().copied() };
        answer.map(|ip| vec![ip]).ok_or_else(|| io::Error::other("no such name"))
    }
}

fn strict(answers: &[&str]) -> Outbound {
    let answers = answers.iter().map(|a| a.parse().unwrap()).collect();
    Outbound::new(Config { resolver: Arc::new(Names(Mutex::new(answers))), ..Config::public().unwrap() })
}

#[tokio::test]
async fn urls_that_lead_inside_are_refused_when_they_are_given() {
    let shop = Shop::new().await;
    for (url, answer) in [
        ("http://hooks.example.com/", "93.184.215.14"),
        ("https://localhost/", "127.0.0.1"),
        ("https://127.0.0.1/", "93.184.215.14"),
        ("https://2130706433/", "93.184.215.14"),
        ("https://[::1]/", "93.184.215.14"),
        ("https://[::ffff:10.0.0.1]/", "93.184.215.14"),
        ("https://169.254.169.254/latest/meta-data/", "93.184.215.14"),
        ("https://user:pass@hooks.example.com/", "93.184.215.14"),
        ("https://hooks.example.com:22/", "93.184.215.14"),
        ("https://hooks.example.com/", "169.254.169.254"),
        ("https://hooks.example.com/", "10.1.2.3"),
        ("https://hooks.example.com/", "fd00::1"),
        ("ftp://hooks.example.com/", "93.184.215.14"),
        ("not a url", "93.184.215.14"),
    ] {
        let hooks = shop.with_outbound(strict(&[answer]));
        let new = NewEndpoint { url: url.to_owned(), description: String::new(), event_types: vec![] };
        let refused = hooks.create(&shop.owner(), shop.tenant, new).await.unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (Kind::Invalid, Some("url")), "{url} at {answer}");
        assert!(!refused.message().contains(answer), "{}", refused.message());
    }
    assert_eq!(shop.count("endpoints").await, 0);
    let receiver = Receiver::start().await;
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    let hooks = shop.with_outbound(strict(&["10.0.0.1"]));
    let change =
        EndpointChange { url: Some("https://hooks.example.com/".to_owned()), ..EndpointChange::default() };
    let refused = hooks.update(&shop.owner(), (shop.tenant, endpoint.id), change).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (Kind::Invalid, Some("url")));
    assert_eq!(shop.look(endpoint.id).await.url, receiver.url);
}

/// Public when it was given; inside when it is used.
#[tokio::test]
async fn a_name_that_moves_inside_later_is_refused_at_each_delivery() {
    let shop = Shop::new().await;
    let hooks = shop.with_outbound(strict(&["93.184.215.14", "127.0.0.1"]));
    let new = NewEndpoint {
        url: "https://hooks.example.com/".to_owned(),
        description: String::new(),
        event_types: vec![],
    };
    let (endpoint, _) = hooks.create(&shop.owner(), shop.tenant, new).await.unwrap();
    shop.happens(&["a"]).await;
    shop.dispatch().await;
    assert_eq!(hooks.send_due().await, 1);
    let delivery = shop.deliveries(endpoint.id).await.remove(0);
    assert_eq!((delivery.state, delivery.last_status), (DeliveryState::Pending, None));
    let error = delivery.last_error.unwrap();
    assert!(error.contains("not on the public Internet") && !error.contains("127"), "{error}");
}

/// A receiver that answers with a redirect to the inside gets a failure, and nobody goes there.
#[tokio::test]
async fn a_redirect_is_a_failure() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    receiver.answers(307);
    shop.happens(&["a"]).await;
    shop.work().await;
    let delivery = shop.deliveries(endpoint.id).await.remove(0);
    assert_eq!((delivery.state, delivery.last_status), (DeliveryState::Pending, Some(307)));
    assert!(delivery.last_error.unwrap().contains("redirects are not followed"));
    assert_eq!(receiver.got().len(), 1);
}
