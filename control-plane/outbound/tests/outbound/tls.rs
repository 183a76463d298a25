use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use tenantry_outbound::{CertificateDer, Config, OutboundError, OutboundOf, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::receiver::{Names, Receiver, post, with};

/// An HTTPS server with a certificate for `name` that it has signed itself; its port and certificate.
async fn server(name: &str) -> (u16, CertificateDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    let certificate = certificate.der().clone();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecure").await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (port, certificate)
}

fn outbound(trusted: Vec<CertificateDer<'static>>) -> OutboundOf {
    with(Config {
        allow_loopback: true,
        resolver: Names::that_say(&[&["127.0.0.1"]]),
        tls: Tls::new(trusted).unwrap(),
        ..Config::public().unwrap()
    })
}

#[tokio::test]
async fn a_certificate_that_is_trusted_and_good_for_the_host() {
    let (port, certificate) = server("hooks.example.com").await;
    let out = outbound(vec![certificate]);
    let answer = out.send(post(&format!("https://hooks.example.com:{port}/"), 100)).await.unwrap();
    assert_eq!(&answer.body[..], b"secure");
    assert!(out.connect_tls("hooks.example.com", port).await.is_ok());
}

#[tokio::test]
async fn a_certificate_of_nobody_or_for_another_host_is_refused() {
    let (port, certificate) = server("hooks.example.com").await;
    for (out, host) in [
        (outbound(vec![]), "hooks.example.com"),
        (outbound(vec![certificate.clone()]), "other.example.com"),
        (outbound(vec![certificate]), "127.0.0.1"),
    ] {
        let refused = out.send(post(&format!("https://{host}:{port}/"), 100)).await.unwrap_err();
        assert!(matches!(&refused, OutboundError::Tls(why) if why.contains("certificate")), "{refused:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let receiver = Receiver::answering("HTTP/1.1 200 OK\r\n\r\n").await;
    let url = format!("https://hooks.example.com:{}/", receiver.address.port());
    // It reads for a request's end that never comes, so it says nothing; closing our side is the end of it.
    let error = outbound(vec![]).send(post(&url, 100)).await.unwrap_err();
    assert!(matches!(error, OutboundError::Tls(_) | OutboundError::TimedOut(5)), "{error:?}");
}
