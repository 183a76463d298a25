//! Connections by SAML: what is kept of them, who may change what of it, and whom the ends of certificates are told.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Connection as _;
use tenantry_authz::{Ctx, Grant, Role};
use tenantry_identity::*;
use tenantry_kernel::*;
use tenantry_testkit::saml::{Places, Signer, metadata};

use crate::sso_world::{Sso, tenant};
use crate::world::*;

const ENTITY: &str = "https://idp.acme.example";
const PLACE: &str = "https://idp.acme.example/sso";

fn signer(ends: DateTime<Utc>) -> Signer {
    Signer::rsa(2048, ends)
}

fn document((entity_id, place): (&str, &str), signers: &[&Signer]) -> SamlInput {
    let places = Places { entity_id, post: None, redirect: Some(place) };
    SamlInput { metadata: Some(metadata(&places, signers)), ..SamlInput::default() }
}

/// A tenant with a connection by SAML that was never tested, beside the one by OpenID Connect.
struct Saml {
    sso: Sso,
    id: ConnectionId,
}

impl Saml {
    async fn with(provider: SamlInput) -> Self {
        let sso = Sso::new().await;
        let create =
            CreateConnection { tenant: sso.tenant, name: "By SAML".into(), provider: provider.into() };
        let id = sso.world.identity.create_connection(&sso.owner, create).await.unwrap().id;
        Self { sso, id }
    }

    fn whose(&self) -> (TenantId, ConnectionId) {
        (self.sso.tenant, self.id)
    }

    async fn seen(&self) -> Connection {
        let all = self.sso.world.identity.connections(&self.sso.owner, self.sso.tenant).await.unwrap();
        all.into_iter().find(|one| one.id == self.id).unwrap()
    }

    async fn change(&self, provider: impl Into<ProviderInput>) -> Result<Connection> {
        self.sso.world.clock.advance(TimeDelta::seconds(1));
        let (tenant, id) = self.whose();
        let update = UpdateConnection { tenant, id, name: None, provider: provider.into() };
        self.sso.world.identity.update_connection(&self.sso.world.proven(&self.sso.owner), update).await
    }

    /// As if a test had passed.
    async fn tested(&self) {
        sqlx::query("UPDATE identity.connections SET tested_at = $2 WHERE id = $1")
            .bind(self.id.uuid())
            .bind(self.sso.world.clock.now())
            .execute(&mut self.sso.world.superuser().await)
            .await
            .unwrap();
    }
}

fn states(connection: &Connection) -> Vec<KeyState> {
    connection.own_certificates.iter().map(|one| one.state).collect()
}

#[tokio::test]
async fn our_private_key_is_sealed_and_nobody_reads_it() {
    let end = DateTime::UNIX_EPOCH + TimeDelta::days(21_000);
    let saml = Saml::with(document((ENTITY, PLACE), &[&signer(end)])).await;
    let connection = saml.seen().await;
    assert_eq!(states(&connection), [KeyState::Current]);
    let own = connection.own_certificates.first().unwrap().certificate.clone();
    assert!(own.ends() - saml.sso.world.clock.now() > TimeDelta::days(1000));
    assert_eq!(tenantry_identity::saml::Certificate::from_pem(&own.pem()).unwrap(), own);
    let mut superuser = saml.sso.world.superuser().await;
    let kept: String =
        sqlx::query_scalar("SELECT private_key FROM identity.saml_keys WHERE connection_id = $1")
            .bind(saml.id.uuid())
            .fetch_one(&mut superuser)
            .await
            .unwrap();
    assert!(kept.starts_with("1:") && !kept.contains("PRIVATE"), "{kept}");
    let trail: String =
        sqlx::query_scalar("SELECT string_agg(coalesce(after::text, ''), ' ') FROM platform.audit")
            .fetch_one(&mut superuser)
            .await
            .unwrap();
    assert!(trail.contains(ENTITY) && !trail.contains(&kept) && !trail.contains("PRIVATE"), "{trail}");
    // The application's role reads everything of its tenant's keys but the key, wherever it is asked from.
    let mut app = sqlx::PgConnection::connect_with(&saml.sso.world.test_db.cluster.app).await.unwrap();
    let denied =
        sqlx::query("SELECT private_key FROM identity.saml_keys").execute(&mut app).await.unwrap_err();
    assert!(denied.to_string().contains("permission denied"), "{denied}");
    let mut seen = async |tenant: TenantId| {
        sqlx::query("SELECT set_config('app.tenant_id', $1, false)")
            .bind(tenant.uuid().to_string())
            .execute(&mut app)
            .await
            .unwrap();
        sqlx::query_scalar::<_, i64>("SELECT count(fingerprint) FROM identity.saml_keys")
            .fetch_one(&mut app)
            .await
            .unwrap()
    };
    let (_, other) = tenant(&saml.sso.world, "b@b.example").await;
    assert_eq!((seen(saml.sso.tenant).await, seen(other).await), (1, 0));
}

#[tokio::test]
async fn our_keys_go_from_next_to_current_to_previous() {
    let end = DateTime::UNIX_EPOCH + TimeDelta::days(21_000);
    let saml = Saml::with(document((ENTITY, PLACE), &[&signer(end)])).await;
    saml.tested().await;
    let (identity, owner, whose) = (&saml.sso.world.identity, &saml.sso.owner, saml.whose());
    let first = saml.seen().await.own_certificates;
    for refused in [
        identity.use_connection_certificate(owner, whose).await,
        identity.remove_connection_certificate(owner, whose).await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), Kind::Conflict);
    }
    saml.sso.world.clock.advance(TimeDelta::seconds(1));
    let added = identity.add_connection_certificate(owner, whose).await.unwrap();
    assert_eq!(states(&added), [KeyState::Current, KeyState::Next]);
    let again = identity.add_connection_certificate(owner, whose).await;
    assert_eq!(again.unwrap_err().kind(), Kind::Conflict);
    let metadata = identity.saml_metadata(saml.id).await.unwrap();
    for own in &added.own_certificates {
        assert_eq!(metadata.matches(&own.certificate.base64()).count(), 2, "for signing and for encryption");
    }
    let used = identity.use_connection_certificate(owner, whose).await.unwrap();
    assert_eq!(states(&used), [KeyState::Previous, KeyState::Current]);
    let metadata = identity.saml_metadata(saml.id).await.unwrap();
    assert!(!metadata.contains(&first[0].certificate.base64()), "published no more");
    saml.sso.world.clock.advance(TimeDelta::seconds(1));
    identity.add_connection_certificate(owner, whose).await.unwrap();
    let full = identity.use_connection_certificate(owner, whose).await;
    assert_eq!(full.unwrap_err().kind(), Kind::Conflict, "the previous one may still be encrypted for");
    let removed = identity.remove_connection_certificate(owner, whose).await.unwrap();
    assert_eq!(states(&removed), [KeyState::Current, KeyState::Next]);
    assert_eq!(removed.state(), ConnectionState::Tested, "none of it is another setting");
    let audited = async |action| saml.sso.audited(action).await;
    assert_eq!(
        (
            audited("connection.certificate_added").await,
            audited("connection.certificate_used").await,
            audited("connection.certificate_removed").await
        ),
        (2, 1, 1)
    );
    // By OpenID Connect there are none.
    let none = identity.add_connection_certificate(owner, saml.sso.who()).await;
    assert_eq!(none.unwrap_err().kind(), Kind::Conflict);
}

#[tokio::test]
async fn only_the_tenants_owners_touch_its_certificates() {
    let end = DateTime::UNIX_EPOCH + TimeDelta::days(21_000);
    let saml = Saml::with(document((ENTITY, PLACE), &[&signer(end)])).await;
    let identity = &saml.sso.world.identity;
    let (eve, _) = tenant(&saml.sso.world, "eve@b.example").await;
    let admin = saml.sso.world.as_member(vec![Grant::new(saml.sso.tenant, Role::Admin)]);
    let each = async |ctx: &Ctx| {
        let whose = saml.whose();
        [
            identity.add_connection_certificate(ctx, whose).await,
            identity.use_connection_certificate(ctx, whose).await,
            identity.remove_connection_certificate(ctx, whose).await,
            identity.refresh_connection_metadata(ctx, whose).await,
        ]
        .map(|outcome| outcome.unwrap_err().kind())
    };
    assert_eq!(each(&eve).await, [Kind::NotFound; 4]);
    assert_eq!(each(&admin).await, [Kind::Forbidden; 4]);
    // Nor by another tenant's name for it.
    let (owner_of_b, b) = tenant(&saml.sso.world, "owner@b.example").await;
    let elsewhere = identity.add_connection_certificate(&owner_of_b, (b, saml.id)).await;
    assert_eq!(elsewhere.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(states(&saml.seen().await), [KeyState::Current]);
}

#[tokio::test]
async fn certificates_of_the_provider_change_without_a_test_and_nothing_else_does() {
    let end = DateTime::UNIX_EPOCH + TimeDelta::days(21_000);
    let (one, two) = (signer(end), signer(end));
    let saml = Saml::with(document((ENTITY, PLACE), &[&one])).await;
    saml.tested().await;
    let changed = saml.change(document((ENTITY, PLACE), &[&one, &two])).await.unwrap();
    assert_eq!(changed.state(), ConnectionState::Tested);
    for (what, input) in [
        ("another address", document((ENTITY, "https://idp.acme.example/other"), &[&one])),
        ("another entity", document(("https://idp.other.example", PLACE), &[&one])),
        ("an attribute", SamlInput { email_attribute: Some("upn".into()), ..SamlInput::default() }),
        ("who may begin", SamlInput { allows_idp_initiated: Some(true), ..SamlInput::default() }),
    ] {
        let changed = saml.change(input).await.unwrap();
        assert_eq!(changed.state(), ConnectionState::Draft, "{what}");
        saml.tested().await;
    }
    let ProviderSettings::Saml(settings) = saml.seen().await.settings else { panic!("another protocol") };
    assert_eq!(settings.attributes.email.as_deref(), Some("upn"));
    let usual = saml.change(SamlInput { email_attribute: Some(" ".into()), ..SamlInput::default() }).await;
    let ProviderSettings::Saml(settings) = usual.unwrap().settings else { panic!("another protocol") };
    assert_eq!(settings.attributes.email, None);

    // The words of the other protocol.
    let wrong = saml.change(OidcInput { client_id: Some("x".into()), ..OidcInput::default() }).await;
    assert_eq!(wrong.unwrap_err().kind(), Kind::Invalid);
    let nothing = saml.change(OidcInput::default()).await.unwrap();
    assert!(matches!(nothing.settings, ProviderSettings::Saml(_)));
    for (input, field) in [
        (SamlInput { metadata: Some("<a/>".into()), ..SamlInput::default() }, "metadata"),
        (
            SamlInput {
                metadata_url: Some("https://x.example/m".into()),
                ..document((ENTITY, PLACE), &[&one])
            },
            "metadataUrl",
        ),
        (SamlInput { name_attribute: Some("a\nb".into()), ..SamlInput::default() }, "nameAttribute"),
    ] {
        assert_eq!(saml.change(input).await.unwrap_err().field(), Some(field));
    }
}

/// Whoever sets up by a link could otherwise become, unseen, anybody who is tied to the provider.
#[tokio::test]
async fn whoever_sets_up_by_a_link_has_to_test_other_certificates() {
    let end = DateTime::UNIX_EPOCH + TimeDelta::days(21_000);
    let saml = Saml::with(SamlInput::default()).await;
    let (identity, it) = (&saml.sso.world.identity, saml.sso.world.anonymous());
    let nothing = identity.test_connection(&saml.sso.owner, saml.whose(), None).await;
    assert_eq!(nothing.unwrap_err().kind(), Kind::Conflict, "there is no provider yet");
    let (_, link) = identity.make_setup_link(&saml.sso.owner, saml.whose()).await.unwrap();
    let token = token_in(link.url.expose());
    let set_up = async |input: SamlInput| {
        saml.sso.world.clock.advance(TimeDelta::seconds(1));
        identity.set_up_connection(&it, (&token, input.into())).await
    };
    let one = signer(end);
    set_up(document((ENTITY, PLACE), &[&one])).await.unwrap();
    saml.tested().await;
    let changed = set_up(document((ENTITY, PLACE), &[&one, &signer(end)])).await.unwrap();
    assert_eq!(changed.state(), ConnectionState::Draft);
}

#[tokio::test]
async fn owners_are_told_of_an_end_once_at_each_threshold() {
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let (ending, lasting) = (signer(now + TimeDelta::days(100)), signer(now + TimeDelta::days(3000)));
    let saml = Saml::with(document((ENTITY, PLACE), &[&ending])).await;
    let world = &saml.sso.world;
    let (_, _) = tenant(world, "b@b.example").await;
    world.run_jobs().await;
    let mailed = async || {
        let all = world.mail_to("owner@acme.example").await;
        all.into_iter().filter(|mail| mail.subject.starts_with("Single sign-on")).collect::<Vec<_>>()
    };
    let raise = async || world.identity.raise_certificate_alarms().await.unwrap();
    assert_eq!((raise().await, mailed().await.len()), (0, 0), "a hundred days are long");
    for (days, told) in [(40, 1), (10, 1), (20, 2), (23, 3), (6, 3), (2, 4), (30, 4)] {
        world.clock.advance(TimeDelta::days(days));
        raise().await;
        assert_eq!(raise().await, 0, "once, whoever looks");
        assert_eq!(mailed().await.len(), told, "after {days} days more");
    }
    let mails = mailed().await;
    let first = mails.first().unwrap();
    assert!(first.subject.contains("the identity provider's certificate ends soon"), "{}", first.subject);
    assert!(
        first.body.contains("By SAML") && first.body.contains("upload the provider's metadata again"),
        "{}",
        first.body
    );
    assert!(mails.last().unwrap().subject.contains("has ended"));
    assert!(world.mail_to("b@b.example").await.iter().all(|mail| !mail.subject.contains("certificate")));

    // A new certificate has ends of its own; and ours end too.
    saml.change(document((ENTITY, PLACE), &[&lasting])).await.unwrap();
    world.clock.advance(TimeDelta::days(3 * 365 - 131 - 20));
    assert_eq!(raise().await, 1);
    let ours = mailed().await.pop().unwrap();
    assert!(ours.subject.contains("our certificate"), "{}", ours.subject);
    assert!(ours.body.contains("Add the next certificate"), "{}", ours.body);
    // What is gone by the time the mail is written is told to nobody.
    let count = mailed().await.len();
    world.clock.advance(TimeDelta::days(15));
    assert_eq!(raise().await, 1);
    world.identity.delete_connection(&world.proven(&saml.sso.owner), saml.whose()).await.unwrap();
    assert_eq!(mailed().await.len(), count);
}
