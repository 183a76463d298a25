//! Certificates of either side change while people log in, and while they must: nobody is turned away.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::http::Method;
use tenantry_identity::{ConnectionState, EnforceConnection};
use tenantry_testkit::saml::{Asked, Signer};
use tokio::sync::RwLock;
use url::Url;

use super::metadata::{Site, at};
use super::{Ready, in_a_year, metadata_of, signer, uploaded};

impl Ready {
    async fn enforced(&self) {
        let owner = self.acme.owner.id;
        sqlx::query("UPDATE identity.users SET password_hash = 'x' WHERE id = $1")
            .bind(owner.uuid())
            .execute(&mut self.acme.test.world.superuser().await)
            .await
            .unwrap();
        let enforce = EnforceConnection {
            tenant: self.acme.tenant,
            id: self.id,
            exempt: vec![owner],
            guests_too: false,
        };
        self.acme.test.app.identity.enforce_connection(&self.acme.ctx().await, enforce).await.unwrap();
    }

    /// Our metadata, as a provider reads it.
    async fn ours(&self) -> String {
        let (own, _) = self.acme.test.app.identity.saml_addresses(self.id);
        let mut provider = self.acme.agent();
        provider.exchange(Method::GET, &Url::parse(&own).unwrap(), &[], String::new()).await.body
    }

    async fn is_enforced(&self) {
        assert_eq!(self.acme.seen(self.id).await.state(), ConnectionState::Enforced);
    }
}

/// The provider has read our metadata before it was changed, as providers do: it knows `known` and looks nowhere.
#[tokio::test]
async fn our_certificate_is_rotated_while_people_log_in() {
    let ready = Ready::new().await;
    ready.enforced().await;
    let known = RwLock::new(ready.ours().await);
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let people = async |name: &str| {
        for n in 0.. {
            if stop.load(Ordering::SeqCst) {
                break;
            }
            let mut agent = ready.acme.agent();
            let asked = ready.set_out(&mut agent).await;
            assert!(
                asked.is_signed_by_one_of(&known.read().await),
                "{name}, {n}: the provider refuses the request"
            );
            ready.come_back(&mut agent, &ready.said(&asked, ready.id, name), &ready.provider.signer).await;
            assert_eq!(ready.acme.viewer(&mut agent).await, Some(format!("{name}@acme.example")), "{n}");
            done.fetch_add(1, Ordering::SeqCst);
        }
    };
    let some_more = async || {
        let until = done.load(Ordering::SeqCst) + 6;
        while done.load(Ordering::SeqCst) < until {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let rotate = async {
        let identity = &ready.acme.test.app.identity;
        let whose = (ready.acme.tenant, ready.id);
        let ctx = ready.acme.ctx().await;
        for _ in 0..2 {
            some_more().await;
            identity.add_connection_certificate(&ctx, whose).await.unwrap();
            some_more().await;
            *known.write().await = ready.ours().await;
            let used = identity.use_connection_certificate(&ctx, whose).await.unwrap();
            assert_eq!(used.own_certificates.len(), 2, "the one before stays for reading");
            some_more().await;
            identity.remove_connection_certificate(&ctx, whose).await.unwrap();
            *known.write().await = ready.ours().await;
        }
        some_more().await;
        stop.store(true, Ordering::SeqCst);
    };
    tokio::join!(people("ada"), people("ben"), people("cem"), rotate);
    ready.is_enforced().await;
    assert!(done.load(Ordering::SeqCst) >= 40);
}

/// By its address, and then by hand: first it lists both, then it signs by the new one, then it drops the old one.
#[tokio::test]
async fn the_providers_certificate_is_rotated_while_people_log_in() {
    let ready = Ready::new().await;
    let site = Site::with(ready.provider.metadata()).await;
    ready.acme.changed(ready.id, at(&site.url)).await.unwrap();
    ready.enforced().await;
    let signers: Vec<Signer> = (0..3).map(|_| signer(in_a_year())).collect();
    let all = || std::iter::once(&ready.provider.signer).chain(&signers).collect::<Vec<&Signer>>();
    let (stop, done, now) = (AtomicBool::new(false), AtomicUsize::new(0), RwLock::new(0_usize));
    let people = async |name: &str| {
        while !stop.load(Ordering::SeqCst) {
            let mut agent = ready.acme.agent();
            let asked: Asked = ready.set_out(&mut agent).await;
            // Signed and taken before the next step: a provider's own overlap covers what is under way.
            let signs = now.read().await;
            let by = all()[*signs];
            ready.come_back(&mut agent, &ready.said(&asked, ready.id, name), by).await;
            assert_eq!(ready.acme.viewer(&mut agent).await, Some(format!("{name}@acme.example")));
            drop(signs);
            done.fetch_add(1, Ordering::SeqCst);
        }
    };
    let some_more = async || {
        let until = done.load(Ordering::SeqCst) + 6;
        while done.load(Ordering::SeqCst) < until {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let rotate = async {
        let identity = &ready.acme.test.app.identity;
        let whose = (ready.acme.tenant, ready.id);
        let ctx = ready.acme.ctx().await;
        for n in 0..signers.len() {
            let (old, new) = (all()[n], all()[n + 1]);
            for listed in [vec![old, new], vec![new]] {
                some_more().await;
                if listed.len() == 1 {
                    *now.write().await = n + 1;
                    some_more().await;
                }
                if n == 2 {
                    ready.acme.changed(ready.id, uploaded(metadata_of(&listed))).await.unwrap();
                } else {
                    site.shows(metadata_of(&listed));
                    let seen = identity.refresh_connection_metadata(&ctx, whose).await.unwrap();
                    assert_eq!(seen.metadata_problem, None);
                }
                ready.is_enforced().await;
            }
        }
        some_more().await;
        stop.store(true, Ordering::SeqCst);
    };
    tokio::join!(people("ada"), people("ben"), rotate);
    // The people are still who they were, and the first key is good for nothing.
    assert_eq!(ready.log_in("ada", &ready.provider.signer).await, None);
    let tied: i64 =
        sqlx::query_scalar("SELECT count(*) FROM identity.provider_identities WHERE connection_id = $1")
            .bind(ready.id.uuid())
            .fetch_one(&mut ready.acme.test.world.superuser().await)
            .await
            .unwrap();
    assert_eq!(tied, 2);
}

/// What is more than a certificate waits until the connection is not enforced.
#[tokio::test]
async fn other_settings_do_not_change_under_an_enforced_connection() {
    let ready = Ready::new().await;
    ready.enforced().await;
    let places = |entity_id, redirect| tenantry_testkit::saml::Places {
        entity_id,
        post: None,
        redirect: Some(redirect),
    };
    for places in
        [places(super::ENTITY, "https://idp.example/moved"), places("https://other.example", super::REDIRECT)]
    {
        let text = tenantry_testkit::saml::metadata(&places, &[&ready.provider.signer]);
        let refused = ready.acme.changed(ready.id, uploaded(text)).await.unwrap_err();
        assert_eq!(refused.kind(), tenantry_kernel::Kind::Conflict);
    }
    ready.is_enforced().await;
    assert_eq!(ready.log_in("ada", &ready.provider.signer).await.as_deref(), Some("ada@acme.example"));
}
