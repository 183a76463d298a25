//! A tenant's directory: whom it lets in, what it takes away, and whom it cannot touch.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tenantry_authz::{Ctx, Origin, Role};
use tenantry_identity::*;
use tenantry_kernel::{Clock, Kind, OsEntropy, ScimGroupId, Secret, TenantId, UserId};
use tenantry_store::PageRequest;

use crate::world::*;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

struct Scene {
    world: World,
    tenant: TenantId,
    owner: Ctx,
    secret: Secret,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let owner = world.logged_in("owner@example.com").await;
        let tenant = world.tenant_of(owner.user().unwrap()).await;
        let owner = world.again(&owner).await;
        let set = SetProvisioning { tenant, enabled: Some(true), role: None };
        world.identity.set_provisioning(&world.proven(&owner), set).await.unwrap();
        let made = world.identity.create_scim_token(&world.proven(&owner), wanted(tenant)).await.unwrap();
        Self { world, tenant, owner, secret: made.secret }
    }

    async fn directory(&self) -> Ctx {
        self.directory_with(&self.secret).await.expect("a good token")
    }

    async fn directory_with(&self, secret: &Secret) -> Option<Ctx> {
        let origin = Origin::default();
        let program = self.world.identity.authenticate_directory(secret, &origin).await.unwrap()?;
        Some(Ctx::new(self.world.runtime.clone(), program.actor, program.grants, origin))
    }

    async fn create(&self, kind: ScimKind, body: Value) -> Result<Value, ScimFault> {
        let (ctx, projection) = (self.directory().await, ScimProjection::default());
        let made = self.world.identity.scim_create(call(&ctx, &projection), kind, &body).await?;
        Ok(made.body)
    }

    /// A user's id.
    async fn user(&self, email: &str) -> String {
        let body = json!({ "schemas": [USER], "userName": email, "emails": [{ "value": email }] });
        id_of(&self.create(ScimKind::User, body).await.unwrap())
    }

    /// A group's id.
    async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let body = json!({ "schemas": [GROUP], "displayName": name, "members": members });
        id_of(&self.create(ScimKind::Group, body).await.unwrap())
    }

    async fn patch(&self, kind: ScimKind, id: &str, operations: Value) -> Result<Value, ScimFault> {
        let (ctx, projection) = (self.directory().await, ScimProjection::default());
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        let done = self.world.identity.scim_patch(call(&ctx, &projection), (kind, id), &body).await?;
        Ok(done.body)
    }

    async fn set_active(&self, id: &str, active: bool) -> Result<Value, ScimFault> {
        self.patch(ScimKind::User, id, json!([{ "op": "replace", "path": "active", "value": active }])).await
    }

    async fn delete(&self, kind: ScimKind, id: &str) -> Result<(), ScimFault> {
        let (ctx, projection) = (self.directory().await, ScimProjection::default());
        self.world.identity.scim_delete(call(&ctx, &projection), kind, id).await
    }

    async fn map(
        &self,
        by: &Ctx,
        group: &str,
        role: Option<Role>,
    ) -> tenantry_kernel::Result<ProvisionedGroup> {
        let group: ScimGroupId = group.parse().unwrap();
        let map = MapGroup { tenant: self.tenant, group, role: role.map(Into::into) };
        self.world.identity.map_group(&self.world.proven(by), map).await
    }

    async fn accept(&self, ctx: &Ctx, email: &str) -> tenantry_kernel::Result<AcceptOutcome> {
        let token = self.world.token_mailed_to(email).await;
        self.world.identity.accept_invitation(ctx, &token).await
    }

    /// Somebody who was provisioned and has accepted: their session's context and their id in the directory.
    async fn member(&self, email: &str) -> (Ctx, String) {
        let person = self.world.logged_in(email).await;
        let id = self.user(email).await;
        assert_eq!(self.accept(&person, email).await.unwrap(), AcceptOutcome::Accepted(self.tenant));
        (self.world.again(&person).await, id)
    }

    async fn role(&self, who: &Ctx) -> Option<String> {
        sqlx::query_scalar("SELECT role FROM identity.memberships WHERE tenant_id = $1 AND user_id = $2")
            .bind(self.tenant.uuid())
            .bind(who.user().unwrap().uuid())
            .fetch_optional(&mut self.world.superuser().await)
            .await
            .unwrap()
    }

    async fn sessions(&self, user: UserId) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM identity.sessions WHERE user_id = $1")
            .bind(user.uuid())
            .fetch_one(&mut self.world.superuser().await)
            .await
            .unwrap()
    }

    async fn audited(&self, action: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM platform.audit WHERE tenant_id = $1 AND action = $2")
            .bind(self.tenant.uuid())
            .bind(action)
            .fetch_one(&mut self.world.superuser().await)
            .await
            .unwrap()
    }
}

fn wanted(tenant: TenantId) -> CreateScimToken {
    CreateScimToken { tenant, name: "Directory".to_owned(), expires_at: None }
}

fn call<'a>(ctx: &'a Ctx, projection: &'a ScimProjection) -> ScimCall<'a> {
    ScimCall { ctx, base: "https://portal.example/scim/v2", projection, if_match: None }
}

fn id_of(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_is_described_is_invited_and_is_a_member_once_they_accept() {
    let scene = Scene::new().await;
    let ada = scene.world.logged_in("ada@example.com").await;
    scene.user("Ada@Example.com").await;
    assert_eq!(scene.role(&ada).await, None, "nobody is put into a tenant");
    // Nothing tells whether there is an account: the answers are alike but for what was sent, and so is the mail.
    let nobody = scene.user("nobody@example.com").await;
    let page = PageRequest::new(None, None);
    let users = scene.world.identity.provisioned_users(&scene.owner, scene.tenant, &page).await.unwrap().rows;
    assert!(users.iter().all(|user| user.active && user.member.is_none()) && users.len() == 2);
    assert_eq!(scene.world.mail_to("nobody@example.com").await.len(), 1);
    assert_eq!(scene.accept(&ada, "ada@example.com").await.unwrap(), AcceptOutcome::Accepted(scene.tenant));
    assert_eq!(scene.role(&ada).await.as_deref(), Some("viewer"));
    let users = scene.world.identity.provisioned_users(&scene.owner, scene.tenant, &page).await.unwrap().rows;
    assert!(users.iter().any(|user| user.member == Some(ada.user().unwrap())));
    // Deleted before they accept: the invitation is dead.
    let bob = scene.world.logged_in("nobody@example.com").await;
    let token = token_in(&scene.world.mail_to("nobody@example.com").await[0].body);
    scene.delete(ScimKind::User, &nobody).await.unwrap();
    let late = scene.world.identity.accept_invitation(&bob, &token).await.unwrap();
    assert_eq!(late, AcceptOutcome::InvalidLink);
    assert_eq!((scene.audited("scim_user.created").await, scene.audited("scim_user.deleted").await), (2, 1));
    // The same name or address twice is one too many.
    for (name, email) in [("ADA@example.com", "other@example.com"), ("other", "ada@example.com")] {
        let body = json!({ "schemas": [USER], "userName": name, "emails": [{ "value": email }] });
        let taken = scene.create(ScimKind::User, body).await.unwrap_err();
        assert_eq!((taken.status, taken.kind), (409, Some("uniqueness")), "{taken}");
    }
}

#[tokio::test]
async fn who_is_a_member_already_is_linked_without_an_invitation() {
    let scene = Scene::new().await;
    let ada = scene.world.logged_in("ada@example.com").await;
    let ada = scene.world.join(&ada, (scene.tenant, Role::Developer)).await;
    let id = scene.user("ada@example.com").await;
    assert!(
        scene.world.mail_to("ada@example.com").await.iter().all(|mail| !mail.body.contains("invitation#"))
    );
    assert_eq!(scene.role(&ada).await.as_deref(), Some("developer"), "what people have given stays");
    scene.set_active(&id, false).await.unwrap();
    assert_eq!(scene.role(&ada).await, None);
}

#[tokio::test]
async fn deactivation_ends_the_membership_and_the_sessions_at_once_and_activation_brings_it_back() {
    let scene = Scene::new().await;
    let (ada, id) = scene.member("ada@example.com").await;
    let user = ada.user().unwrap();
    assert!(scene.sessions(user).await > 0);
    let gone = scene.set_active(&id, false).await.unwrap();
    assert_eq!(gone["active"], false);
    assert_eq!((scene.role(&ada).await, scene.sessions(user).await), (None, 0));
    // Said again: nothing more.
    let again = scene.set_active(&id, false).await.unwrap();
    assert_eq!(again["meta"]["version"], gone["meta"]["version"]);
    assert_eq!(scene.audited("member.removed").await, 1);
    // Nobody lets them in by another way while the directory says no.
    let invite =
        InviteMember { tenant: scene.tenant, email: "ada@example.com".into(), role: Role::Viewer.into() };
    scene.world.identity.invite_member(&scene.owner, invite).await.unwrap();
    let back = scene.world.logged_in_again("ada@example.com").await;
    let refused = scene.accept(&back, "ada@example.com").await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden);
    assert!(refused.message().contains("directory"), "{refused:?}");
    // PUT without the attribute lets nobody in.
    let (ctx, projection) = (scene.directory().await, ScimProjection::default());
    let body = json!({ "schemas": [USER], "userName": "ada@example.com", "title": "Countess" });
    let put = scene
        .world
        .identity
        .scim_replace(call(&ctx, &projection), (ScimKind::User, &id), &body)
        .await
        .unwrap();
    assert_eq!((&put.body["active"], &put.body["title"]), (&json!(false), &json!("Countess")));
    assert_eq!(scene.role(&back).await, None);
    scene.set_active(&id, true).await.unwrap();
    assert_eq!(scene.role(&back).await.as_deref(), Some("viewer"), "they had accepted before");
    let name: String = sqlx::query_scalar("SELECT name FROM identity.memberships WHERE user_id = $1")
        .bind(user.uuid())
        .fetch_one(&mut scene.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(name, "Ada Lovelace");
}

#[tokio::test]
async fn deletion_in_one_tenant_leaves_the_others_alone() {
    let scene = Scene::new().await;
    let (ada, id) = scene.member("ada@example.com").await;
    let elsewhere = TenantId::generate(&*scene.world.clock, &OsEntropy);
    let ada = scene.world.join(&ada, (elsewhere, Role::Admin)).await;
    scene.delete(ScimKind::User, &id).await.unwrap();
    assert_eq!(scene.role(&ada).await, None);
    // The same session goes on, in the other tenant.
    let ada = scene.world.again(&ada).await;
    assert_eq!((ada.role_in(scene.tenant), ada.role_in(elsewhere)), (None, Some(Role::Admin)));
    let account: (String, String) = sqlx::query_as("SELECT email, name FROM identity.users WHERE id = $1")
        .bind(ada.user().unwrap().uuid())
        .fetch_one(&mut scene.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(account, ("ada@example.com".to_owned(), "Ada Lovelace".to_owned()));
    // And a directory that has nothing of them anywhere does nothing.
    let again = scene.delete(ScimKind::User, &id).await.unwrap_err();
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn an_account_is_its_persons_whatever_the_directory_says() {
    let scene = Scene::new().await;
    let (ada, id) = scene.member("ada@example.com").await;
    let operations = json!([
        { "op": "replace", "path": "emails", "value": [{ "value": "mallory@example.com" }] },
        { "op": "replace", "value": { "userName": "mallory", "displayName": "Mallory", "password": "hunter2hunter2" } },
    ]);
    let changed = scene.patch(ScimKind::User, &id, operations).await.unwrap();
    assert_eq!(changed["userName"], "mallory");
    let account: (String, String) = sqlx::query_as("SELECT email, name FROM identity.users WHERE id = $1")
        .bind(ada.user().unwrap().uuid())
        .fetch_one(&mut scene.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(account, ("ada@example.com".to_owned(), "Ada Lovelace".to_owned()));
    scene.world.session("ada@example.com").await;
    // Whoever was only invited is invited where they are now, and nowhere else.
    let id = scene.user("bob@example.com").await;
    let old = scene.world.token_mailed_to("bob@example.com").await;
    let operations =
        json!([{ "op": "replace", "path": "emails", "value": [{ "value": "robert@example.com" }] }]);
    scene.patch(ScimKind::User, &id, operations).await.unwrap();
    let bob = scene.world.logged_in("bob@example.com").await;
    let dead = scene.world.identity.accept_invitation(&bob, &old).await.unwrap();
    assert_eq!(dead, AcceptOutcome::InvalidLink);
    let robert = scene.world.logged_in("robert@example.com").await;
    // Their mailbox has the mail of the account as well: the invitation came first.
    let mail = scene.world.mail_to("robert@example.com").await;
    let invited = mail.iter().find(|mail| mail.body.contains("/invitation#")).unwrap();
    let outcome = scene.world.identity.accept_invitation(&robert, &token_in(&invited.body)).await.unwrap();
    assert_eq!(outcome, AcceptOutcome::Accepted(scene.tenant));
}

#[tokio::test]
async fn members_of_groups_have_the_strongest_of_their_roles_as_long_as_they_are_in_them() {
    let scene = Scene::new().await;
    let (ada, id) = scene.member("ada@example.com").await;
    let developers = scene.group("Developers", &[&id]).await;
    let admins = scene.group("Admins", &[]).await;
    assert_eq!(scene.role(&ada).await.as_deref(), Some("viewer"), "a group without a role gives none");
    scene.map(&scene.owner, &developers, Some(Role::Developer)).await.unwrap();
    assert_eq!(scene.role(&ada).await.as_deref(), Some("developer"));
    scene.map(&scene.owner, &admins, Some(Role::Admin)).await.unwrap();
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
    scene.patch(ScimKind::Group, &admins, add).await.unwrap();
    assert_eq!(scene.role(&ada).await.as_deref(), Some("admin"));
    let take = json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }]);
    scene.patch(ScimKind::Group, &admins, take).await.unwrap();
    assert_eq!(scene.role(&ada).await.as_deref(), Some("developer"));
    scene.delete(ScimKind::Group, &developers).await.unwrap();
    assert_eq!(scene.role(&ada).await.as_deref(), Some("viewer"), "what the groups gave goes with them");
    // An open invitation follows the groups as well.
    let person = scene.world.logged_in("bob@example.com").await;
    let bob = scene.user("bob@example.com").await;
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": bob }] }]);
    scene.patch(ScimKind::Group, &admins, add).await.unwrap();
    let mail = scene.world.mail_to("bob@example.com").await;
    let invited = mail.iter().find(|mail| mail.body.contains("/invitation#")).unwrap();
    scene.world.identity.accept_invitation(&person, &token_in(&invited.body)).await.unwrap();
    assert_eq!(scene.role(&person).await.as_deref(), Some("admin"));
}

#[tokio::test]
async fn a_directory_gives_and_takes_no_more_than_the_maker_of_its_token_could() {
    let mut scene = Scene::new().await;
    let carl = scene.world.logged_in("carl@example.com").await;
    let carl = scene.world.join(&carl, (scene.tenant, Role::Admin)).await;
    let owned = scene.group("Owners", &[]).await;
    assert_eq!(scene.map(&carl, &owned, Some(Role::Owner)).await.unwrap_err().kind(), Kind::Forbidden);
    scene.map(&scene.owner, &owned, Some(Role::Owner)).await.unwrap();
    let by_owner = scene.secret.clone();
    scene.secret = scene
        .world
        .identity
        .create_scim_token(&scene.world.proven(&carl), wanted(scene.tenant))
        .await
        .unwrap()
        .secret;
    let (ada, id) = scene.member("ada@example.com").await;
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
    let refused = scene.patch(ScimKind::Group, &owned, add.clone()).await.unwrap_err();
    assert_eq!(refused.status, 403, "{refused}");
    assert_eq!(scene.role(&ada).await.as_deref(), Some("viewer"));
    let first = scene.user("owner@example.com").await;
    assert_eq!(scene.set_active(&first, false).await.unwrap_err().status, 403, "an owner is beyond an admin");
    // By an owner's token it is done, but the last owner stays.
    let by_admin = std::mem::replace(&mut scene.secret, by_owner);
    let last = scene.delete(ScimKind::User, &first).await.unwrap_err();
    assert_eq!(last.status, 409, "{last}");
    assert_eq!(scene.role(&scene.owner).await.as_deref(), Some("owner"));
    scene.patch(ScimKind::Group, &owned, add).await.unwrap();
    assert_eq!(scene.role(&ada).await.as_deref(), Some("owner"));
    // Carl is less now, and so is what he made; he leaves, and it is dead for good.
    let change =
        |role: Role| ChangeMemberRole { tenant: scene.tenant, user: carl.user().unwrap(), role: role.into() };
    scene.world.identity.change_member_role(&scene.owner, change(Role::Viewer)).await.unwrap();
    let weak = scene.directory_with(&by_admin).await.expect("it is known");
    let projection = ScimProjection::default();
    let refused =
        scene.world.identity.scim_delete(call(&weak, &projection), ScimKind::User, &id).await.unwrap_err();
    assert_eq!(refused.status, 403, "{refused}");
    scene.world.identity.remove_member(&scene.owner, scene.tenant, carl.user().unwrap()).await.unwrap();
    assert!(scene.directory_with(&by_admin).await.is_none());
    scene.world.join(&carl, (scene.tenant, Role::Admin)).await;
    assert!(scene.directory_with(&by_admin).await.is_none(), "it does not come back with its maker");
}

#[tokio::test]
async fn tokens_are_made_by_people_overlap_expire_and_die_with_the_connection() {
    let scene = Scene::new().await;
    let identity = &scene.world.identity;
    let second =
        identity.create_scim_token(&scene.world.proven(&scene.owner), wanted(scene.tenant)).await.unwrap();
    assert!(second.secret.expose().starts_with("tnt_scm_"));
    assert!(scene.directory_with(&second.secret).await.is_some(), "both are good");
    scene.directory().await;
    // It is good for nothing else, and nothing else is good for it.
    assert!(identity.authenticate_program(&second.secret, &Origin::default()).await.unwrap().is_none());
    let directory = scene.directory().await;
    let page = PageRequest::new(None, None);
    let refused =
        identity.create_scim_token(&scene.world.proven(&directory), wanted(scene.tenant)).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden, "a directory makes no tokens");
    let projection = ScimProjection::default();
    let nobody = identity.scim_get(call(&scene.owner, &projection), ScimKind::User, "x").await.unwrap_err();
    assert_eq!(nobody.status, 403, "a person is no directory");
    let viewer = scene.world.logged_in("viewer@example.com").await;
    let viewer = scene.world.join(&viewer, (scene.tenant, Role::Viewer)).await;
    let refused =
        identity.create_scim_token(&scene.world.proven(&viewer), wanted(scene.tenant)).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::NotFound);
    let listed = identity.scim_tokens(&scene.owner, scene.tenant, &page).await.unwrap().rows;
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|token| token.last_used_at.is_some() && token.maker_name == "Ada Lovelace"));
    identity
        .revoke_scim_token(&scene.world.proven(&scene.owner), scene.tenant, second.token.id)
        .await
        .unwrap();
    identity
        .revoke_scim_token(&scene.world.proven(&scene.owner), scene.tenant, second.token.id)
        .await
        .unwrap();
    assert_eq!(scene.audited("scim_token.revoked").await, 1, "repeating changes nothing");
    assert!(scene.directory_with(&second.secret).await.is_none());
    let off = |enabled| SetProvisioning { tenant: scene.tenant, enabled: Some(enabled), role: None };
    identity.set_provisioning(&scene.world.proven(&scene.owner), off(false)).await.unwrap();
    assert!(scene.directory_with(&scene.secret).await.is_none());
    identity.set_provisioning(&scene.world.proven(&scene.owner), off(true)).await.unwrap();
    assert!(scene.directory_with(&scene.secret).await.is_some());
    for _ in 0..9 {
        identity.create_scim_token(&scene.world.proven(&scene.owner), wanted(scene.tenant)).await.unwrap();
    }
    let full = identity
        .create_scim_token(&scene.world.proven(&scene.owner), wanted(scene.tenant))
        .await
        .unwrap_err();
    assert_eq!(full.kind(), Kind::Conflict);
    scene.world.clock.advance(TimeDelta::days(366));
    assert!(scene.directory_with(&scene.secret).await.is_none());
    let late = CreateScimToken {
        expires_at: Some(scene.world.clock.now() + TimeDelta::days(400)),
        ..wanted(scene.tenant)
    };
    assert_eq!(
        identity.create_scim_token(&scene.world.proven(&scene.owner), late).await.unwrap_err().kind(),
        Kind::Invalid
    );
}

#[tokio::test]
async fn whoever_leaves_by_themselves_comes_back_by_an_invitation_only() {
    let scene = Scene::new().await;
    let (ada, id) = scene.member("ada@example.com").await;
    scene.world.identity.remove_member(&ada, scene.tenant, ada.user().unwrap()).await.unwrap();
    let (ctx, projection) = (scene.directory().await, ScimProjection::default());
    let seen = scene.world.identity.scim_get(call(&ctx, &projection), ScimKind::User, &id).await.unwrap();
    assert_eq!(seen.body["active"], false, "the directory sees it");
    scene.set_active(&id, true).await.unwrap();
    assert_eq!(scene.role(&ada).await, None);
    assert_eq!(scene.accept(&ada, "ada@example.com").await.unwrap(), AcceptOutcome::Accepted(scene.tenant));
}

#[tokio::test]
async fn a_plan_without_room_is_an_answer_and_nothing_is_made() {
    let scene = Scene::new().await;
    scene.world.plan.0.store(1, Ordering::SeqCst);
    let body = json!({ "schemas": [USER], "userName": "ada@example.com" });
    let full = scene.create(ScimKind::User, body.clone()).await.unwrap_err();
    assert_eq!(full.status, 403, "{full}");
    let (ctx, projection) = (scene.directory().await, ScimProjection::default());
    let list =
        scene.world.identity.scim_list(call(&ctx, &projection), None, &ScimQuery::default()).await.unwrap();
    assert_eq!(list["totalResults"], 0);
    let mut inactive = body;
    inactive["active"] = json!(false);
    scene.create(ScimKind::User, inactive).await.unwrap();
    assert!(scene.world.mail_to("ada@example.com").await.is_empty(), "who is not active is not invited");
}
