use std::time::{Duration, Instant};

use tenantry_outbound::{Config, OutboundError, Refusal};

use crate::receiver::{Names, Receiver, outbound, post, with};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn a_name_that_points_inside_is_refused_before_any_byte_is_sent() {
    for inside in [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "100.100.100.200",
        "::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "0.0.0.0",
        "::",
    ] {
        let names = Names::that_say(&[&[inside]]);
        let out = outbound(false, &names);
        for refused in [
            out.check("https://hooks.example.com/").await.map(|_| ()),
            out.send(post("https://hooks.example.com/", 10)).await.map(|_| ()),
            out.connect("hooks.example.com", 6514).await.map(|_| ()),
            out.connect_tls("hooks.example.com", 6514).await.map(|_| ()),
            out.check_host("hooks.example.com", 6514).await,
        ] {
            let error = refused.expect_err(inside);
            assert!(matches!(error, OutboundError::Refused(Refusal::Address(_))), "{inside}: {error:?}");
            assert!(!error.to_string().contains(inside), "the address is not told: {error}");
        }
        let refused = out.send(post(&format!("https://{}/", literal(inside)), 10)).await.unwrap_err();
        assert!(matches!(refused, OutboundError::Refused(Refusal::Address(_))), "{inside}: {refused:?}");
    }
}

fn literal(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

#[tokio::test]
async fn one_address_inside_among_public_ones_spoils_the_answer() {
    let names = Names::that_say(&[&["93.184.215.14", "2606:4700::1111", "127.0.0.1"]]);
    let refused = outbound(false, &names).send(post("https://hooks.example.com/", 10)).await.unwrap_err();
    assert_eq!(refused, OutboundError::Refused(Refusal::Address("loopback")));
}

/// Public when it is checked, inside when it is used: the use is judged too.
#[tokio::test]
async fn a_name_that_changes_after_the_check_is_refused_at_the_use() {
    let names = Names::that_say(&[&["93.184.215.14"], &["127.0.0.1"]]);
    let out = outbound(false, &names);
    out.check("https://hooks.example.com/").await.unwrap();
    let refused = out.send(post("https://hooks.example.com/", 10)).await.unwrap_err();
    assert_eq!(refused, OutboundError::Refused(Refusal::Address("loopback")));
}

/// One look-up for one exchange: the connection goes to the address that was judged. Were the name asked again, the
/// second receiver would be reached.
#[tokio::test]
async fn a_connection_goes_to_the_judged_address() {
    let first = Receiver::answering(OK).await;
    let port = first.address.port();
    let second = Receiver::at(&format!("127.0.0.2:{port}"), |stream| async { stream }).await;
    let names = Names::that_say(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let out = outbound(true, &names);
    let answer = out.send(post(&format!("http://hooks.localhost:{port}/"), 10)).await.unwrap();
    assert_eq!((answer.status.as_u16(), names.asked()), (200, 1));
    assert_eq!((first.heads().len(), second.heads().len()), (1, 0));
    assert!(first.heads()[0].contains(&format!("host: hooks.localhost:{port}\r\n")), "{:?}", first.heads());
}

#[tokio::test]
async fn allowing_loopback_opens_loopback_alone() {
    let out = outbound(true, &Names::that_say(&[&["10.0.0.1"]]));
    let refused = out.send(post("http://a.localhost/", 10)).await.unwrap_err();
    assert_eq!(refused, OutboundError::Refused(Refusal::Address("private use")));
    let refused = out.send(post("https://169.254.169.254/latest/meta-data/", 10)).await.unwrap_err();
    assert_eq!(refused, OutboundError::Refused(Refusal::Address("link-local")));
    let out = outbound(false, &Names::default().into());
    let receiver = Receiver::answering(OK).await;
    let refused = out.send(post(&receiver.url("/"), 10)).await.unwrap_err();
    assert_eq!(refused, OutboundError::Refused(Refusal::Scheme));
    assert!(receiver.heads().is_empty());
}

#[tokio::test]
async fn the_operators_own_networks_can_be_closed() {
    let names = Names::that_say(&[&["93.184.215.14"]]);
    let denied = vec!["93.184.215.0/24".parse().unwrap()];
    let out = with(Config { denied, resolver: names, ..Config::public().unwrap() });
    let closed = OutboundError::Refused(Refusal::Address("closed by the operator"));
    assert_eq!(out.check("https://hooks.example.com/").await.unwrap_err(), closed);
    assert_eq!(out.check("https://[::ffff:93.184.215.14]/").await.unwrap_err(), closed);
    assert_eq!(out.check("https://[64:ff9b::5db8:d70e]/").await.unwrap_err(), closed);
    assert!(out.check("https://93.184.216.1/").await.is_ok());
}

#[tokio::test]
async fn names_without_an_address_and_ports_of_mail_servers() {
    let out = outbound(false, &Names::that_say(&[&[]]));
    assert_eq!(out.check("https://hooks.example.com/").await.unwrap_err(), OutboundError::NoAddress);
    let out = outbound(false, &Names::default().into());
    assert_eq!(out.check("https://hooks.example.com/").await.unwrap_err(), OutboundError::NoAddress);
    for port in [0, 22, 25, 80, 465, 587, 993] {
        let refused = out.connect("hooks.example.com", port).await.unwrap_err();
        assert_eq!(refused, OutboundError::Refused(Refusal::Port(port)));
    }
    for host in
        ["", "localhost", "intranet", "a b.example.com", "user@hooks.example.com", "hooks.example.com/x"]
    {
        let refused = out.connect(host, 6514).await.unwrap_err();
        assert_eq!(refused, OutboundError::Refused(Refusal::Host), "{host:?}");
    }
}

#[tokio::test]
async fn the_machines_resolver_is_judged_as_any_other() {
    let out = with(Config::public().unwrap());
    let refused = out.connect("127.0.0.1", 6514).await.unwrap_err();
    assert_eq!(refused, OutboundError::Refused(Refusal::Address("loopback")));
    let out = with(Config { allow_loopback: true, ..Config::public().unwrap() });
    let receiver = Receiver::answering(OK).await;
    let url = format!("http://localhost:{}/", receiver.address.port());
    let answer = out.send(post(&url, 10)).await.unwrap();
    assert_eq!(answer.status.as_u16(), 200, "localhost is resolved and its IPv4 address tried");
}

/// A first address that does not answer leaves time for the next.
#[tokio::test]
async fn a_dead_first_address_does_not_cost_the_delivery() {
    let receiver = Receiver::answering(OK).await;
    let port = receiver.address.port();
    // Nobody listens there.
    let names = Names::that_say(&[&["127.0.0.3", "127.0.0.1"]]);
    let started = Instant::now();
    let answer = outbound(true, &names).send(post(&format!("http://a.localhost:{port}/"), 10)).await.unwrap();
    assert_eq!(answer.status.as_u16(), 200);
    assert!(started.elapsed() < Duration::from_secs(4));
}
