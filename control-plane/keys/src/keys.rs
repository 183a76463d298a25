use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::{Entropy, Error, Result, Secret, TenantId};
use tenantry_store::{DbResultExt, Transaction, stmt};

use crate::cipher::DataKey;

/// Who holds the key-encryption key.
#[async_trait::async_trait]
pub trait KeyProvider: Send + Sync {
    /// Stored beside each wrapped key.
    fn name(&self) -> &'static str;
    /// Encrypts a data key, bound to `context`.
    async fn wrap(&self, entropy: &dyn Entropy, context: &str, key: &[u8]) -> Result<String>;
    /// Decrypts a data key; fails unless `context` is the one it was wrapped with.
    async fn unwrap(&self, context: &str, wrapped: &str) -> Result<Vec<u8>>;
}

/// What a sealed value is for: `("instance_secret", "ins_…/api_key")`. Authenticated with the value.
#[derive(Debug, Clone, Copy)]
pub struct Purpose<'a> {
    pub kind: &'static str,
    pub subject: &'a str,
}

const CACHED: usize = 1024;

/// Tenants' keys. Cheap to clone.
#[derive(Clone)]
pub struct Keys {
    pub(crate) provider: Arc<dyn KeyProvider>,
    pub(crate) entropy: Arc<dyn Entropy>,
    cache: Arc<Mutex<HashMap<(TenantId, i32), DataKey>>>,
    pub(crate) installation: Arc<Mutex<HashMap<&'static str, DataKey>>>,
}

impl Keys {
    pub fn new(provider: Arc<dyn KeyProvider>, entropy: Arc<dyn Entropy>) -> Self {
        Self { provider, entropy, cache: Arc::default(), installation: Arc::default() }
    }

    /// Makes the tenant's first key, in the transaction that makes the tenant.
    pub async fn create(&self, tx: &impl Transaction, tenant: TenantId, at: DateTime<Utc>) -> Result<()> {
        let key = DataKey::generate(&*self.entropy);
        let wrapped = self.provider.wrap(&*self.entropy, &context(tenant, 1), key.bytes()).await?;
        tx.conn()
            .execute_raw(stmt(
                "INSERT INTO platform.tenant_keys (tenant_id, version, provider, wrapped_key, created_at)
                 VALUES ($1, 1, $2, $3, $4)",
                [tenant.uuid().into(), self.provider.name().into(), wrapped.into(), at.into()],
            ))
            .await
            .db()?;
        Ok(())
    }

    /// Seals a value under the tenant's current key. The text begins with the key's version.
    pub async fn seal(
        &self,
        tx: &impl Transaction,
        tenant: TenantId,
        purpose: Purpose<'_>,
        value: &Secret,
    ) -> Result<String> {
        let (version, key) = self.load(tx, tenant, None).await?;
        let sealed = key.seal(&*self.entropy, value.expose().as_bytes(), &value_context(tenant, purpose))?;
        Ok(format!("{version}:{sealed}"))
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// `Internal` when it was sealed for another tenant or purpose, is damaged, or the key is gone.
    pub async fn open(
        &self,
        tx: &impl Transaction,
        tenant: TenantId,
        purpose: Purpose<'_>,
        sealed: &str,
    ) -> Result<Secret> {
        let (version, body) =
            sealed.split_once(':').ok_or_else(|| Error::internal("a sealed value names its key version"))?;
        let version = version.parse().map_err(Error::internal)?;
        let (_, key) = self.load(tx, tenant, Some(version)).await?;
        let plain = key.open(body, &value_context(tenant, purpose))?;
        String::from_utf8(plain).map(Secret::new).map_err(|_| Error::internal("a sealed value is text"))
    }

    async fn load(
        &self,
        tx: &impl Transaction,
        tenant: TenantId,
        version: Option<i32>,
    ) -> Result<(i32, DataKey)> {
        if let Some(version) = version
            && let Some(key) = self.cached(tenant, version)
        {
            return Ok((version, key));
        }
        let row = tx
            .conn()
            .query_one_raw(stmt(
                "SELECT version, wrapped_key FROM platform.tenant_keys
                 WHERE tenant_id = $1 AND ($2::int4 IS NULL OR version = $2) ORDER BY version DESC LIMIT 1",
                [tenant.uuid().into(), version.into()],
            ))
            .await
            .db()?
            .ok_or_else(|| Error::internal(format!("{tenant} has no such key")))?;
        let version: i32 = row.try_get("", "version").db()?;
        if let Some(key) = self.cached(tenant, version) {
            return Ok((version, key));
        }
        let wrapped: String = row.try_get("", "wrapped_key").db()?;
        let key = DataKey::from_bytes(&self.provider.unwrap(&context(tenant, version), &wrapped).await?)?;
        let mut cache = self.cache.lock().unwrap_or_else(|e| e.into_inner());
        if cache.len() >= CACHED {
            cache.clear();
        }
        cache.insert((tenant, version), key.clone());
        Ok((version, key))
    }

    fn cached(&self, tenant: TenantId, version: i32) -> Option<DataKey> {
        self.cache.lock().unwrap_or_else(|e| e.into_inner()).get(&(tenant, version)).cloned()
    }
}

fn context(tenant: TenantId, version: i32) -> String {
    format!("tenantry/data-key/{tenant}/{version}")
}

fn value_context(tenant: TenantId, purpose: Purpose<'_>) -> String {
    format!("tenantry/value/{tenant}/{}/{}", purpose.kind, purpose.subject)
}
