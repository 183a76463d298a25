//! Sealing and opening, with the wrapped keys in the database.

use std::sync::Arc;

use sqlx::AssertSqlSafe;
use tempfile::TempDir;
use tenantry_authz::{Action, Resource, ResourceKind, Role};
use tenantry_kernel::{Kind, OsEntropy, Secret, TenantId};
use tenantry_keys::{Keys, LocalKeyring, Purpose};
use tenantry_store::{Db, PoolSizes, SystemRole, SystemTx, TenantTx};
use tenantry_testkit::World;

const PURPOSE: Purpose<'static> = Purpose { kind: "instance_secret", subject: "ins_a/api_key" };
const PLAIN: &str = "what nobody may read";

struct Vault {
    world: World,
    db: Db,
    directory: TempDir,
}

impl Vault {
    async fn new() -> Self {
        let world = World::new().await;
        let cluster = &world.test_db.cluster;
        let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 4, system: 4 });
        Self { world, db, directory: tempfile::tempdir().unwrap() }
    }

    /// As after a restart: the keyring from its file, nothing in memory.
    fn keys(&self) -> Keys {
        let path = self.directory.path().join("keyring");
        let keyring = LocalKeyring::open(&path, true, &OsEntropy).unwrap();
        Keys::new(Arc::new(keyring), Arc::new(OsEntropy))
    }

    async fn tenant(&self) -> TenantId {
        let tenant = self.world.tenant_id();
        let tx = self.system().await;
        self.keys().create(&tx, tenant, self.world.runtime.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        tenant
    }

    async fn system(&self) -> SystemTx {
        SystemTx::begin(&self.db, SystemRole::Provisioner).await.unwrap()
    }

    async fn tx(&self, tenant: TenantId) -> TenantTx {
        let resource = Resource::new(ResourceKind::Instance, tenant);
        let permit = self.world.member(tenant, Role::Owner).permit(Action::View, &resource).unwrap();
        TenantTx::begin(&self.db, &permit).await.unwrap()
    }

    async fn sealed(&self, tenant: TenantId) -> String {
        self.keys().seal(&self.tx(tenant).await, tenant, PURPOSE, &Secret::new(PLAIN)).await.unwrap()
    }

    async fn behind_the_back(&self, sql: String) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.world.superuser().await).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_sealed_opens_after_a_restart_for_the_tenant_and_for_the_worker() {
    let vault = Vault::new().await;
    let tenant = vault.tenant().await;
    let sealed = vault.sealed(tenant).await;
    assert!(sealed.starts_with("1:") && !sealed.contains(PLAIN), "{sealed}");
    assert_ne!(vault.sealed(tenant).await, sealed, "the same value never looks the same");
    let opened = vault.keys().open(&vault.tx(tenant).await, tenant, PURPOSE, &sealed).await.unwrap();
    assert_eq!(opened.expose(), PLAIN);
    let opened = vault.keys().open(&vault.system().await, tenant, PURPOSE, &sealed).await.unwrap();
    assert_eq!(opened.expose(), PLAIN);
}

/// The same text with one character in the middle changed, whichever stood there.
fn damaged(sealed: &str) -> String {
    let middle = sealed.len() / 2;
    let other = if sealed.as_bytes()[middle] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &sealed[..middle], &sealed[middle + 1..])
}

#[tokio::test]
async fn a_value_opens_for_its_tenant_and_its_purpose_only() {
    let vault = Vault::new().await;
    let (ours, theirs) = (vault.tenant().await, vault.tenant().await);
    let sealed = vault.sealed(ours).await;
    let keys = vault.keys();
    // Warm: both tenants' keys are in memory, so that no miss can pass for a refusal.
    for tenant in [ours, theirs] {
        let own = vault.sealed(tenant).await;
        keys.open(&vault.system().await, tenant, PURPOSE, &own).await.unwrap();
    }
    let system = vault.system().await;
    let wrong = [
        (theirs, PURPOSE, sealed.clone()),
        (ours, Purpose { subject: "ins_b/api_key", ..PURPOSE }, sealed.clone()),
        (ours, Purpose { kind: "totp_seed", ..PURPOSE }, sealed.clone()),
        (ours, PURPOSE, sealed.replacen("1:", "2:", 1)),
        (ours, PURPOSE, sealed.replacen("1:", "", 1)),
        (ours, PURPOSE, sealed.chars().rev().collect()),
        (ours, PURPOSE, damaged(&sealed)),
        (ours, PURPOSE, String::new()),
    ];
    for (tenant, purpose, text) in wrong {
        let error = keys.open(&system, tenant, purpose, &text).await.expect_err(&text);
        assert_eq!(error.kind(), Kind::Internal);
        assert!(!format!("{error:?}").contains(PLAIN));
    }
}

#[tokio::test]
async fn another_tenants_key_is_not_even_found_in_a_tenants_transaction() {
    let vault = Vault::new().await;
    let (ours, theirs) = (vault.tenant().await, vault.tenant().await);
    let sealed = vault.sealed(ours).await;
    let tx = vault.tx(theirs).await;
    let error = vault.keys().open(&tx, ours, PURPOSE, &sealed).await.unwrap_err();
    assert!(format!("{error:?}").contains("has no such key"), "{error:?}");
    let error = vault.keys().seal(&tx, ours, PURPOSE, &Secret::new(PLAIN)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
}

#[tokio::test]
async fn each_tenant_has_a_key_of_its_own_and_only_one_first_key() {
    let vault = Vault::new().await;
    let (ours, theirs) = (vault.tenant().await, vault.tenant().await);
    let wrapped: Vec<String> = sqlx::query_scalar("SELECT DISTINCT wrapped_key FROM platform.tenant_keys")
        .fetch_all(&mut vault.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(wrapped.len(), 2);
    // Behind the wrapping too: a value under one key, put under the other's name, does not open.
    let sealed = vault.sealed(ours).await;
    vault
        .behind_the_back(format!(
            "UPDATE platform.tenant_keys SET wrapped_key = (SELECT wrapped_key FROM platform.tenant_keys
             WHERE tenant_id = '{}') WHERE tenant_id = '{}'",
            theirs.uuid(),
            ours.uuid()
        ))
        .await;
    assert!(vault.keys().open(&vault.system().await, ours, PURPOSE, &sealed).await.is_err());
    let again = vault.keys().create(&vault.system().await, theirs, vault.world.runtime.clock.now()).await;
    assert_eq!(again.unwrap_err().kind(), Kind::Conflict, "a key is never overwritten");
}

#[tokio::test]
async fn a_tenant_whose_keys_are_deleted_is_forgotten_for_good() {
    let vault = Vault::new().await;
    let (ours, theirs) = (vault.tenant().await, vault.tenant().await);
    let (gone, kept) = (vault.sealed(ours).await, vault.sealed(theirs).await);
    vault
        .behind_the_back(format!("DELETE FROM platform.tenant_keys WHERE tenant_id = '{}'", ours.uuid()))
        .await;
    let keys = vault.keys();
    let error = keys.open(&vault.system().await, ours, PURPOSE, &gone).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Internal, "an error, never an empty value");
    assert!(keys.seal(&vault.system().await, ours, PURPOSE, &Secret::new(PLAIN)).await.is_err());
    assert_eq!(keys.open(&vault.system().await, theirs, PURPOSE, &kept).await.unwrap().expose(), PLAIN);
}

#[tokio::test]
async fn under_another_keyring_nothing_opens() {
    let vault = Vault::new().await;
    let tenant = vault.tenant().await;
    let sealed = vault.sealed(tenant).await;
    std::fs::remove_file(vault.directory.path().join("keyring")).unwrap();
    assert!(vault.keys().open(&vault.system().await, tenant, PURPOSE, &sealed).await.is_err());
}

#[tokio::test]
async fn the_application_may_not_change_or_delete_keys() {
    let vault = Vault::new().await;
    let tenant = vault.tenant().await;
    let mut app = vault.world.app().await;
    let set = AssertSqlSafe(format!("SET app.tenant_id = '{}'", tenant.uuid()));
    sqlx::raw_sql(set).execute(&mut app).await.unwrap();
    for sql in ["UPDATE platform.tenant_keys SET wrapped_key = ''", "DELETE FROM platform.tenant_keys"] {
        let refused = sqlx::raw_sql(sql).execute(&mut app).await.unwrap_err();
        assert!(refused.to_string().contains("permission denied"), "{refused}");
    }
}
