//! Service accounts: who may make them, how they prove themselves, what their tokens may do and how they end.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use futures::future::join_all;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use tenantry_authz::{Action, Ctx, Resource, ResourceKind, Right, Role};
use tenantry_identity::{
    AddCredential, AddPublicKey, AssignedRole, ChangeMemberRole, ClientProof, CreateRole,
    CreateServiceAccount, CredentialKind, IssuedToken, NewClientSecret, ServiceAccount, TokenRefusal,
    TokenRequest, UpdateRole,
};
use tenantry_kernel::{Clock, CredentialId, Kind, Result, RoleId, Secret, ServiceAccountId};
use tenantry_store::PageRequest;

use crate::api_keys::Scene;

const TOKEN_ENDPOINT: &str = "https://portal.example/oauth/token";

impl Scene {
    async fn account(&self, role: impl Into<AssignedRole>) -> ServiceAccount {
        self.account_by(&self.owner, role).await.unwrap()
    }

    async fn account_by(&self, ctx: &Ctx, role: impl Into<AssignedRole>) -> Result<ServiceAccount> {
        let create = CreateServiceAccount { tenant: self.tenant, name: "Robot".into(), role: role.into() };
        self.world.identity.create_service_account(&self.world.proven(ctx), create).await
    }

    async fn secret_by(&self, ctx: &Ctx, account: ServiceAccountId) -> Result<NewClientSecret> {
        let add = AddCredential { tenant: self.tenant, account, expires_at: None };
        self.world.identity.add_service_account_secret(&self.world.proven(ctx), add).await
    }

    async fn secret(&self, account: &ServiceAccount) -> Secret {
        self.secret_by(&self.owner, account.id).await.unwrap().secret
    }

    async fn ask(
        &self,
        client: ClientProof,
        scope: Option<&str>,
    ) -> std::result::Result<IssuedToken, TokenRefusal> {
        let request = TokenRequest { client, scope: scope.map(str::to_owned) };
        self.world.identity.issue_token(&self.world.anonymous(), request).await.unwrap()
    }

    async fn ask_with(
        &self,
        account: ServiceAccountId,
        secret: &Secret,
    ) -> std::result::Result<IssuedToken, TokenRefusal> {
        self.ask(by_secret(account, secret), None).await
    }

    async fn program(&self, token: &Secret) -> Option<Ctx> {
        self.with_from(token, Some("203.0.113.7")).await
    }

    async fn credentials(&self, account: &ServiceAccount) -> Vec<tenantry_identity::Credential> {
        let identity = &self.world.identity;
        identity.service_account_credentials(&self.owner, self.tenant, &[account.id]).await.unwrap()
    }

    async fn remove(&self, account: &ServiceAccount, id: CredentialId) {
        let identity = &self.world.identity;
        let owner = self.world.proven(&self.owner);
        identity.remove_service_account_credential(&owner, (self.tenant, account.id), id).await.unwrap();
    }

    async fn register(&self, account: &ServiceAccount, key: &Key) -> Result<ServiceAccount> {
        let add = AddPublicKey { tenant: self.tenant, account: account.id, pem: key.pem() };
        self.world.identity.add_service_account_key(&self.world.proven(&self.owner), add).await
    }

    fn claims(&self, account: ServiceAccountId, jti: &str) -> Value {
        let exp = (self.world.clock.now() + TimeDelta::minutes(2)).timestamp();
        let id = account.to_string();
        json!({ "iss": id, "sub": id, "aud": TOKEN_ENDPOINT, "exp": exp, "jti": jti })
    }
}

fn by_secret(account: ServiceAccountId, secret: &Secret) -> ClientProof {
    ClientProof::Secret { client_id: account.to_string(), secret: secret.clone() }
}

fn by_assertion(text: impl Into<String>) -> ClientProof {
    ClientProof::Assertion { client_id: None, assertion: Secret::new(text) }
}

enum Key {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    fn p256() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        Self::P256(pair.unwrap())
    }

    fn ed25519() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    fn bits(&self) -> &[u8] {
        match self {
            Self::P256(pair) => pair.public_key().as_ref(),
            Self::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }

    /// `SubjectPublicKeyInfo` (RFC 5480, RFC 8410), written by hand.
    fn pem(&self) -> String {
        let head = match self {
            Self::P256(_) => "3059301306072a8648ce3d020106082a8648ce3d030107034200",
            Self::Ed25519(_) => "302a300506032b6570032100",
        };
        pem(&[&hex::decode(head).unwrap(), self.bits()].concat())
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = match self {
            Self::P256(pair) => pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn alg(&self) -> Value {
        match self {
            Self::P256(_) => json!({ "alg": "ES256", "typ": "JWT" }),
            Self::Ed25519(_) => json!({ "alg": "EdDSA" }),
        }
    }
}

fn pem(der: &[u8]) -> String {
    let lines: Vec<String> =
        STANDARD.encode(der).as_bytes().chunks(64).map(|l| String::from_utf8_lossy(l).into_owned()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn is_client_error<T>(answer: &std::result::Result<T, TokenRefusal>) -> bool {
    matches!(answer, Err(TokenRefusal::Client(_)))
}

#[tokio::test]
async fn an_account_gets_a_token_for_its_role_and_no_more_than_it_asked_for() {
    let scene = Scene::new().await;
    let account = scene.account(Role::Developer).await;
    let secret = scene.secret(&account).await;
    let issued = scene.ask_with(account.id, &secret).await.unwrap();
    assert_eq!(issued.lifetime, TimeDelta::minutes(15));
    assert!(issued.token.expose().starts_with("tnt_acc_"));
    assert!(issued.scopes.contains(&"instance:create".to_owned()));
    assert!(!issued.scopes.contains(&"instance:delete".to_owned()));
    let instances = Resource::new(ResourceKind::Instance, scene.tenant);
    let program = scene.program(&issued.token).await.unwrap();
    assert!(program.permit(Action::Create, &instances).is_ok());
    assert_eq!(program.permit(Action::Delete, &instances).unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(program.user().unwrap_err().kind(), Kind::Forbidden);

    let narrow = scene.ask(by_secret(account.id, &secret), Some("instance:view tenant:view")).await.unwrap();
    assert_eq!(narrow.scopes, ["instance:view", "tenant:view"]);
    let program = scene.program(&narrow.token).await.unwrap();
    let refused = program.permit(Action::Create, &instances).unwrap_err();
    assert!(refused.kind() == Kind::Forbidden && refused.message().contains("instance:create"), "{refused}");
    for scope in ["instance:delete", "instance:view subscription:manage", "everything", " "] {
        let refused = scene.ask(by_secret(account.id, &secret), Some(scope)).await.unwrap_err();
        assert!(matches!(refused, TokenRefusal::Scope(_)), "{scope}: {refused:?}");
    }
    scene.world.clock.advance(TimeDelta::minutes(15));
    assert!(scene.program(&issued.token).await.is_none(), "a quarter of an hour is over");
    let used = scene
        .world
        .identity
        .service_accounts(&scene.owner, scene.tenant, &PageRequest::new(None, None))
        .await;
    assert!(used.unwrap().rows[0].last_used_at.is_some());
    assert!(scene.credentials(&account).await[0].last_used_at.is_some());
    scene.world.identity.purge_expired().await.unwrap();
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM identity.access_tokens")
        .fetch_one(&mut scene.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn secrets_are_several_at_once_and_each_ends_by_itself() {
    let scene = Scene::new().await;
    let account = scene.account(Role::Viewer).await;
    let first = scene.secret(&account).await;
    scene.world.clock.advance(TimeDelta::days(80));
    let second = scene.secret(&account).await;
    let old = scene.ask_with(account.id, &first).await.unwrap();
    let new = scene.ask_with(account.id, &second).await.unwrap();
    let shown = scene.credentials(&account).await;
    assert_eq!(shown.len(), 2);
    assert!(shown.iter().all(|c| c.kind == CredentialKind::Secret && c.expires_at.is_some()));
    scene.remove(&account, shown[0].id).await;
    assert!(is_client_error(&scene.ask_with(account.id, &first).await));
    assert!(scene.program(&old.token).await.is_none(), "its tokens go with it");
    assert!(scene.program(&new.token).await.is_some());
    scene.world.clock.advance(TimeDelta::days(90));
    assert!(is_client_error(&scene.ask_with(account.id, &second).await), "ninety days are over");
    let identity = &scene.world.identity;
    let owner = scene.world.proven(&scene.owner);
    let twice = identity.remove_service_account_credential(&owner, (scene.tenant, account.id), shown[0].id);
    assert_eq!(twice.await.unwrap_err().kind(), Kind::NotFound);
    for _ in 0..9 {
        scene.secret(&account).await;
    }
    assert_eq!(scene.secret_by(&scene.owner, account.id).await.unwrap_err().kind(), Kind::Conflict);
}

#[tokio::test]
async fn a_token_ends_when_its_secret_does() {
    let scene = Scene::new().await;
    let account = scene.account(Role::Viewer).await;
    let expires_at = Some(scene.world.clock.now() + TimeDelta::minutes(5));
    let add = AddCredential { tenant: scene.tenant, account: account.id, expires_at };
    let secret = scene.world.identity.add_service_account_secret(&scene.owner, add).await.unwrap().secret;
    let issued = scene.ask_with(account.id, &secret).await.unwrap();
    assert!(scene.program(&issued.token).await.is_some());
    scene.world.clock.advance(TimeDelta::minutes(5));
    assert!(scene.program(&issued.token).await.is_none());
}

#[tokio::test]
async fn wrong_clients_are_refused_alike_and_a_typing_error_is_told() {
    let scene = Scene::new().await;
    let account = scene.account(Role::Viewer).await;
    let other = scene.account(Role::Viewer).await;
    let secret = scene.secret(&account).await;
    let nobody: ServiceAccountId = "sva_01h455vb4pex5vsknk084sn02q".parse().unwrap();
    scene.world.clock.advance(TimeDelta::seconds(1));
    let removed = scene.secret(&account).await;
    let id = scene.credentials(&account).await[1].id;
    scene.remove(&account, id).await;
    let answers = [
        scene.ask_with(nobody, &secret).await.unwrap_err(),
        scene.ask_with(other.id, &secret).await.unwrap_err(),
        scene.ask_with(account.id, &removed).await.unwrap_err(),
    ];
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let mistyped = scene.ask_with(account.id, &Secret::new("tnt_sec_0123")).await.unwrap_err();
    assert!(matches!(mistyped, TokenRefusal::Client(why) if why.contains("checksum")));
    // A secret is no bearer token, and a token is no secret.
    let issued = scene.ask_with(account.id, &secret).await.unwrap();
    assert!(scene.program(&secret).await.is_none());
    assert!(is_client_error(&scene.ask_with(account.id, &issued.token).await));
}

#[tokio::test]
async fn a_deleted_account_is_nobodys_at_once() {
    let scene = Scene::new().await;
    let account = scene.account(Role::Viewer).await;
    let secret = scene.secret(&account).await;
    let issued = scene.ask_with(account.id, &secret).await.unwrap();
    scene.world.identity.delete_service_account(&scene.owner, scene.tenant, account.id).await.unwrap();
    assert!(scene.program(&issued.token).await.is_none());
    assert!(is_client_error(&scene.ask_with(account.id, &secret).await));
    assert_eq!(scene.secret_by(&scene.owner, account.id).await.unwrap_err().kind(), Kind::NotFound);
    let again = scene.world.identity.delete_service_account(&scene.owner, scene.tenant, account.id).await;
    assert_eq!(again.unwrap_err().kind(), Kind::NotFound);
    let page = PageRequest::new(None, None);
    let listed = scene.world.identity.service_accounts(&scene.owner, scene.tenant, &page).await.unwrap();
    assert!(listed.rows.is_empty());
}

#[tokio::test]
async fn a_client_ends_its_own_tokens_and_nobody_elses() {
    let scene = Scene::new().await;
    let identity = &scene.world.identity;
    let (one, two) = (scene.account(Role::Viewer).await, scene.account(Role::Viewer).await);
    let (ones, twos) = (scene.secret(&one).await, scene.secret(&two).await);
    let issued = scene.ask_with(one.id, &ones).await.unwrap();
    let end = |proof, token| identity.revoke_token(&scene.owner, (proof, token));
    assert_eq!(end(by_secret(two.id, &twos), issued.token.clone()).await.unwrap(), Ok(()));
    assert!(scene.program(&issued.token).await.is_some(), "it is not theirs");
    assert!(end(by_secret(two.id, &ones), issued.token.clone()).await.unwrap().is_err());
    assert_eq!(end(by_secret(one.id, &ones), issued.token.clone()).await.unwrap(), Ok(()));
    assert!(scene.program(&issued.token).await.is_none());
    assert_eq!(end(by_secret(one.id, &ones), Secret::new("nonsense")).await.unwrap(), Ok(()));
}

#[tokio::test]
async fn nobody_gives_an_account_a_role_above_their_own_nor_takes_one_over() {
    let scene = Scene::new().await;
    let admin = scene.member("admin@example.com", Role::Admin).await;
    let developer = scene.member("dev@example.com", Role::Developer).await;
    let refused = scene.account_by(&admin, Role::Owner).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden);
    assert!(scene.account_by(&admin, Role::Admin).await.is_ok());
    assert_eq!(scene.account_by(&developer, Role::Viewer).await.unwrap_err().kind(), Kind::Forbidden);
    // Who can add a credential can be the account.
    let owner_account = scene.account(Role::Owner).await;
    assert_eq!(scene.secret_by(&admin, owner_account.id).await.unwrap_err().kind(), Kind::Forbidden);
    let deleted = scene.world.identity.delete_service_account(&admin, scene.tenant, owner_account.id).await;
    assert_eq!(deleted.unwrap_err().kind(), Kind::Forbidden);
    // Nor does a program, an owner's even.
    let secret = scene.secret(&owner_account).await;
    let issued = scene.ask_with(owner_account.id, &secret).await.unwrap();
    let program = scene.program(&issued.token).await.unwrap();
    assert_eq!(scene.account_by(&program, Role::Viewer).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(scene.secret_by(&program, owner_account.id).await.unwrap_err().kind(), Kind::Forbidden);

    let stranger = scene.world.logged_in("eve@example.com").await;
    scene.world.tenant_of(stranger.user().unwrap()).await;
    let stranger = scene.world.again(&stranger).await;
    assert_eq!(scene.secret_by(&stranger, owner_account.id).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn what_somebody_has_added_goes_when_they_go_and_the_rest_stays() {
    for leaves in [true, false] {
        let scene = Scene::new().await;
        let admin = scene.member("admin@example.com", Role::Admin).await;
        let account = scene.account(Role::Admin).await;
        let known = scene.secret_by(&admin, account.id).await.unwrap().secret;
        let issued = scene.ask_with(account.id, &known).await.unwrap();
        let kept = scene.secret(&account).await;
        let (identity, tenant, user) = (&scene.world.identity, scene.tenant, admin.user().unwrap());
        if leaves {
            identity.remove_member(&scene.owner, tenant, user).await.unwrap();
        } else {
            let change = ChangeMemberRole { tenant, user, role: Role::Viewer.into() };
            identity.change_member_role(&scene.owner, change).await.unwrap();
        }
        assert!(is_client_error(&scene.ask_with(account.id, &known).await), "leaves: {leaves}");
        assert!(scene.program(&issued.token).await.is_none(), "its tokens too; leaves: {leaves}");
        assert!(scene.ask_with(account.id, &kept).await.is_ok());
    }
}

impl Scene {
    async fn role(&self, name: &str, rights: &[&str]) -> RoleId {
        let rights = rights.iter().map(|r| (*r).to_owned()).collect();
        let create = CreateRole { tenant: self.tenant, name: name.into(), description: None, rights };
        self.world.identity.create_role(&self.owner, create).await.unwrap().id
    }

    async fn set_rights(&self, id: RoleId, rights: &[&str]) -> Result<()> {
        let rights = Some(rights.iter().map(|r| (*r).to_owned()).collect());
        let update = UpdateRole { tenant: self.tenant, id, name: None, description: None, rights };
        self.world.identity.update_role(&self.owner, update).await.map(|_| ())
    }

    async fn give(&self, who: &Ctx, role: impl Into<AssignedRole>) -> Ctx {
        let change = ChangeMemberRole { tenant: self.tenant, user: who.user().unwrap(), role: role.into() };
        self.world.identity.change_member_role(&self.owner, change).await.unwrap();
        self.world.again(who).await
    }
}

#[tokio::test]
async fn a_role_does_not_grow_beyond_who_knows_the_secret_of_an_account_that_holds_it() {
    let scene = Scene::new().await;
    let role = scene.role("Deployers", &["instance:view"]).await;
    let admin = scene.member("admin@example.com", Role::Admin).await;
    let account = scene.account_by(&admin, AssignedRole::Custom(role)).await.unwrap();
    let known = scene.secret_by(&admin, account.id).await.unwrap().secret;
    // What the administrator has may be added. The plan is beyond them.
    scene.set_rights(role, &["instance:view", "usage:view"]).await.unwrap();
    let refused = scene.set_rights(role, &["instance:view", "subscription:manage"]).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    let name = scene.world.identity.viewer(&admin).await.unwrap().name;
    assert!(refused.message().contains("Robot") && refused.message().contains(&name), "{refused}");
    let rights = scene.ask_with(account.id, &known).await.unwrap().scopes;
    assert_eq!(rights, ["tenant:view", "instance:view", "usage:view"], "nothing of it was done");
    // The owner replaces the credential: now only an owner knows one.
    let first = scene.credentials(&account).await[0].id;
    let owners = scene.secret(&account).await;
    scene.remove(&account, first).await;
    scene.set_rights(role, &["instance:view", "subscription:manage"]).await.unwrap();
    assert!(is_client_error(&scene.ask_with(account.id, &known).await));
    let rights = scene.ask_with(account.id, &owners).await.unwrap().scopes;
    assert_eq!(rights, ["tenant:view", "instance:view", "subscription:manage"]);
    // Nor does the administrator add one again.
    assert_eq!(scene.secret_by(&admin, account.id).await.unwrap_err().kind(), Kind::Forbidden);
}

#[tokio::test]
async fn a_credential_that_nobody_can_use_any_more_keeps_no_role_from_growing() {
    let scene = Scene::new().await;
    let role = scene.role("Deployers", &["instance:view"]).await;
    let admin = scene.member("admin@example.com", Role::Admin).await;
    let account = scene.account_by(&admin, AssignedRole::Custom(role)).await.unwrap();
    scene.secret_by(&admin, account.id).await.unwrap();
    let wider = ["instance:view", "subscription:manage"];
    assert_eq!(scene.set_rights(role, &wider).await.unwrap_err().kind(), Kind::Conflict);
    scene.world.clock.advance(TimeDelta::days(91));
    scene.set_rights(role, &wider).await.unwrap();
}

#[tokio::test]
async fn whoever_grows_with_the_role_knows_no_more_than_they_have() {
    let scene = Scene::new().await;
    let robots = ["service-account:view", "service-account:manage", "instance:view"];
    let role = scene.role("Robots", &robots).await;
    let bob = scene.member("bob@example.com", Role::Viewer).await;
    let bob = scene.give(&bob, AssignedRole::Custom(role)).await;
    let account = scene.account_by(&bob, AssignedRole::Custom(role)).await.unwrap();
    let secret = scene.secret_by(&bob, account.id).await.unwrap().secret;
    scene.set_rights(role, &[&robots[..], &["subscription:manage"]].concat()).await.unwrap();
    assert!(
        scene.ask_with(account.id, &secret).await.unwrap().scopes.contains(&"subscription:manage".into())
    );
}

#[tokio::test]
async fn what_somebody_knows_goes_when_their_role_shrinks_or_is_changed_to_less() {
    let scene = Scene::new().await;
    let robots = ["service-account:view", "service-account:manage", "instance:view"];
    let wide = [&robots[..], &["usage:view"]].concat();
    let role = scene.role("Robots", &wide).await;
    let bob = scene.member("bob@example.com", Role::Viewer).await;
    let bob = scene.give(&bob, AssignedRole::Custom(role)).await;
    let narrow = scene.role("Narrow", &["instance:view"]).await;
    let usage = scene.role("Usage", &["usage:view"]).await;
    let mut secrets = vec![];
    for role in [narrow, usage] {
        let account = scene.account_by(&bob, AssignedRole::Custom(role)).await.unwrap();
        secrets.push((account.id, scene.secret_by(&bob, account.id).await.unwrap().secret));
    }
    let good = async |n: usize| scene.ask_with(secrets[n].0, &secrets[n].1).await.is_ok();
    assert!(good(0).await && good(1).await);
    scene.set_rights(role, &robots).await.unwrap();
    assert!(good(0).await && !good(1).await, "usage is beyond Bob now");
    scene.set_rights(role, &["service-account:view", "instance:view"]).await.unwrap();
    assert!(!good(0).await, "he makes no accounts any more");

    // An owner who becomes an administrator: what they knew of accounts with more goes.
    let carl = scene.member("carl@example.com", Role::Owner).await;
    let mut secrets = vec![];
    for role in [Role::Admin, Role::Billing, Role::Owner] {
        let account = scene.account_by(&carl, role).await.unwrap();
        secrets.push((account.id, scene.secret_by(&carl, account.id).await.unwrap().secret));
    }
    scene.give(&carl, Role::Admin).await;
    let mut left = vec![];
    for (account, secret) in &secrets {
        left.push(scene.ask_with(*account, secret).await.is_ok());
    }
    assert_eq!(left, [true, false, false]);
}

#[tokio::test]
async fn an_account_has_a_role_of_the_tenants_own_and_changes_with_it() {
    let scene = Scene::new().await;
    let identity = &scene.world.identity;
    let create = CreateRole {
        tenant: scene.tenant,
        name: "Starter".into(),
        description: None,
        rights: vec!["instance:view".into(), "instance:operate".into()],
    };
    let role = identity.create_role(&scene.owner, create).await.unwrap();
    let account = scene.account(AssignedRole::Custom(role.id)).await;
    let secret = scene.secret(&account).await;
    let issued = scene.ask_with(account.id, &secret).await.unwrap();
    assert_eq!(issued.scopes, ["tenant:view", "instance:view", "instance:operate"]);
    let operate = Right::new(ResourceKind::Instance, Action::Operate);
    let may = async || scene.program(&issued.token).await.unwrap().rights(scene.tenant).any(|r| r == operate);
    assert!(may().await);
    let update = UpdateRole {
        tenant: scene.tenant,
        id: role.id,
        name: None,
        description: None,
        rights: Some(vec!["instance:view".into()]),
    };
    identity.update_role(&scene.owner, update).await.unwrap();
    assert!(!may().await, "at the very next request");
    let held = identity.delete_role(&scene.owner, scene.tenant, role.id).await.unwrap_err();
    assert!(
        held.kind() == Kind::Conflict && format!("{held} {}", held.remedy()).contains("Robot"),
        "{held:?}"
    );
    identity.delete_service_account(&scene.owner, scene.tenant, account.id).await.unwrap();
    identity.delete_role(&scene.owner, scene.tenant, role.id).await.unwrap();
}

#[tokio::test]
async fn an_assertion_signed_with_a_registered_key_is_as_good_as_a_secret() {
    let scene = Scene::new().await;
    let account = scene.account(Role::Viewer).await;
    for (n, key) in [Key::p256(), Key::ed25519()].iter().enumerate() {
        scene.world.clock.advance(TimeDelta::seconds(1));
        let claims = scene.claims(account.id, &format!("first {n}"));
        assert!(is_client_error(&scene.ask(by_assertion(key.sign(&key.alg(), &claims)), None).await));
        scene.register(&account, key).await.unwrap();
        assert_eq!(scene.register(&account, key).await.unwrap_err().kind(), Kind::Conflict);
        let issued = scene.ask(by_assertion(key.sign(&key.alg(), &claims)), None).await.unwrap();
        assert!(scene.program(&issued.token).await.is_some());
        let id = scene.credentials(&account).await[n].id;
        // Named by its id, and with the client's id beside it.
        let mut header = key.alg();
        header["kid"] = json!(id.to_string());
        let named = key.sign(&header, &scene.claims(account.id, &format!("second {n}")));
        let beside = |client_id: String| ClientProof::Assertion {
            client_id: Some(client_id),
            assertion: Secret::new(named.clone()),
        };
        assert!(is_client_error(&scene.ask(beside("sva_other".into()), None).await));
        assert!(scene.ask(beside(account.id.to_string()), None).await.is_ok());
        header["kid"] = json!("crd_other");
        let misnamed = key.sign(&header, &scene.claims(account.id, &format!("third {n}")));
        assert!(is_client_error(&scene.ask(by_assertion(misnamed), None).await));
        let credential = scene.credentials(&account).await.remove(n);
        assert_eq!((credential.kind, credential.expires_at), (CredentialKind::PublicKey, None));
    }
    let id = scene.credentials(&account).await[0].id;
    scene.remove(&account, id).await;
    assert_eq!(scene.credentials(&account).await.len(), 1);
}

#[tokio::test]
async fn an_assertion_works_once_also_when_it_is_shown_at_once() {
    let scene = Scene::new().await;
    let (account, key) = (scene.account(Role::Viewer).await, Key::ed25519());
    scene.register(&account, &key).await.unwrap();
    let assertion = key.sign(&key.alg(), &scene.claims(account.id, "one"));
    // Another process on the same database.
    let other = scene.world.with(|_| ());
    let shown = (0..8).map(|n| {
        let request = TokenRequest { client: by_assertion(assertion.clone()), scope: None };
        let identity = if n % 2 == 0 { &scene.world.identity } else { &other };
        let ctx = scene.world.anonymous();
        async move { identity.issue_token(&ctx, request).await.unwrap() }
    });
    let answers = join_all(shown).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(
        answers.iter().any(|a| matches!(a, Err(TokenRefusal::Client(why)) if why.contains("used before")))
    );
    // Also with a scope that is refused it is used up.
    let assertion = key.sign(&key.alg(), &scene.claims(account.id, "two"));
    let refused = scene.ask(by_assertion(assertion.clone()), Some("tenant:delete")).await;
    assert!(matches!(refused, Err(TokenRefusal::Scope(_))));
    assert!(is_client_error(&scene.ask(by_assertion(assertion), None).await));
    // The same word of another account is another.
    let second = scene.account(Role::Viewer).await;
    scene.register(&second, &key).await.unwrap();
    assert!(
        scene.ask(by_assertion(key.sign(&key.alg(), &scene.claims(second.id, "one"))), None).await.is_ok()
    );
}

#[tokio::test]
async fn an_assertion_that_is_not_what_it_must_be_is_refused() {
    let scene = Scene::new().await;
    let (account, key) = (scene.account(Role::Viewer).await, Key::p256());
    scene.register(&account, &key).await.unwrap();
    let with = |field: &str, value: Value| {
        let mut claims = scene.claims(account.id, "jti");
        claims[field] = value;
        key.sign(&key.alg(), &claims)
    };
    let now = scene.world.clock.now().timestamp();
    let good = scene.claims(account.id, "jti");
    let signed = key.sign(&key.alg(), &good);
    let (body, signature) = signed.rsplit_once('.').unwrap();
    let mac = |alg: &str, secret: &[u8]| {
        let text = unsigned(&json!({ "alg": alg }), &good);
        let mac = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret), text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.as_ref()))
    };
    for (what, assertion) in [
        ("wrong aud", with("aud", json!("https://elsewhere.example/oauth/token"))),
        ("two audiences", with("aud", json!([TOKEN_ENDPOINT, "https://elsewhere.example"]))),
        ("expired", with("exp", json!(now))),
        ("too long", with("exp", json!(now + 331))),
        ("not yet", with("nbf", json!(now + 60))),
        ("no jti", with("jti", Value::Null)),
        ("another issuer", with("iss", json!("sva_other"))),
        ("HS256 with the public key", mac("HS256", key.pem().as_bytes())),
        ("HS256 with the key's bits", mac("HS256", key.bits())),
        ("HS256 called ES256", mac("ES256", key.pem().as_bytes())),
        ("none", format!("{}.", unsigned(&json!({ "alg": "none" }), &good))),
        ("none, signed", format!("{}.{signature}", unsigned(&json!({ "alg": "none" }), &good))),
        ("another algorithm's name", key.sign(&json!({ "alg": "ES384" }), &good)),
        ("critical extension", key.sign(&json!({ "alg": "ES256", "crit": ["b64"], "b64": false }), &good)),
        ("another type", key.sign(&json!({ "alg": "ES256", "typ": "at+jwt" }), &good)),
        ("another's key", Key::p256().sign(&key.alg(), &good)),
        ("a key in the header", {
            let mine = Key::ed25519();
            let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(mine.bits()) });
            mine.sign(&json!({ "alg": "EdDSA", "jwk": jwk }), &good)
        }),
        ("no signature", format!("{body}.")),
        ("padding", format!("{signed}=")),
        ("two parts", body.to_owned()),
        ("four parts", format!("{signed}.{signature}")),
        ("nothing", String::new()),
    ] {
        assert!(is_client_error(&scene.ask(by_assertion(assertion), None).await), "{what}");
    }
    // None of these has used the word up.
    assert!(scene.ask(by_assertion(signed), None).await.is_ok());
}

#[tokio::test]
async fn only_good_public_keys_are_registered() {
    let scene = Scene::new().await;
    let account = scene.account(Role::Viewer).await;
    let rsa = |bits: usize| {
        // `SubjectPublicKeyInfo` of RSAPublicKey { n, e = 65537 }.
        let length = |n: usize| vec![0x82, u8::try_from(n >> 8).unwrap(), u8::try_from(n & 0xff).unwrap()];
        let mut n = vec![0u8];
        n.extend(vec![0xffu8; bits / 8]);
        let integer = [vec![0x02], length(n.len()), n, vec![0x02, 0x03, 1, 0, 1]].concat();
        let key = [vec![0x30], length(integer.len()), integer].concat();
        let bit_string = [vec![0x03], length(key.len() + 1), vec![0], key].concat();
        let algorithm = hex::decode("300d06092a864886f70d0101010500").unwrap();
        let inner = [algorithm, bit_string].concat();
        pem(&[vec![0x30], length(inner.len()), inner].concat())
    };
    let add = async |pem: String| {
        let add = AddPublicKey { tenant: scene.tenant, account: account.id, pem };
        scene.world.identity.add_service_account_key(&scene.owner, add).await
    };
    assert!(add(rsa(2048)).await.is_ok());
    let p384 = hex::decode("3076301006072a8648ce3d020106052b81040022036200").unwrap();
    let good = Key::p256().pem();
    for (what, pem) in [
        ("short RSA", rsa(1024)),
        ("RSA just too short", rsa(2040)),
        ("P-384", pem(&[p384, vec![4u8; 97]].concat())),
        ("private", good.replace("PUBLIC", "PRIVATE")),
        ("cut", good[..good.len() / 2].to_owned()),
        ("two", format!("{good}{good}")),
        ("a certificate", good.replace("PUBLIC KEY", "CERTIFICATE")),
        ("no PEM", "AAAA".to_owned()),
        ("long", "A".repeat(5_000)),
        ("empty", String::new()),
    ] {
        let refused = add(pem).await.unwrap_err();
        assert_eq!(
            (refused.kind(), refused.field()),
            (Kind::Invalid, Some("publicKeyPem")),
            "{what}: {refused}"
        );
    }
    assert!(add(good.replace('\n', "\r\n")).await.is_ok());
}

#[tokio::test]
async fn a_client_that_tries_too_often_has_to_wait() {
    let scene = Scene::new().await;
    let account = scene.account(Role::Viewer).await;
    let secret = scene.secret(&account).await;
    let mut refused = None;
    for _ in 0..70 {
        let request = TokenRequest { client: by_secret(account.id, &Secret::new("wrong")), scope: None };
        if let Err(error) = scene.world.identity.issue_token(&scene.world.anonymous(), request).await {
            refused = Some(error.kind());
            break;
        }
    }
    assert_eq!(refused, Some(Kind::RateLimited));
    scene.world.clock.advance(TimeDelta::seconds(10));
    assert!(scene.ask_with(account.id, &secret).await.is_ok());
}

#[tokio::test]
async fn a_secret_is_in_the_answer_and_nowhere_else() {
    let scene = Scene::new().await;
    let account = scene.account(Role::Viewer).await;
    let secret = scene.secret(&account).await;
    let issued = scene.ask_with(account.id, &secret).await.unwrap();
    let texts: Vec<String> = sqlx::query_scalar(
        "SELECT a::text FROM platform.audit a UNION ALL SELECT o::text FROM platform.outbox o
         UNION ALL SELECT c::text FROM identity.service_account_credentials c
         UNION ALL SELECT t::text FROM identity.access_tokens t",
    )
    .fetch_all(&mut scene.world.superuser().await)
    .await
    .unwrap();
    assert!(texts.iter().any(|text| text.contains("service_account.credential_added")));
    for secret in [&secret, &issued.token] {
        assert!(!texts.iter().any(|text| text.contains(&secret.expose()[14..])));
    }
}
