//! What the actors of an audit trail are called.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use tenantry_authz::Permit;
use tenantry_kernel::{ApiKeyId, Result, ServiceAccountId, TenantId, UserId};
use tenantry_store::{DbResultExt, SystemRole, SystemTx, Transaction, stmt};
use uuid::Uuid;

use crate::Identity;

/// The names of people wherever they are, and of a tenant's own keys and accounts, by one statement.
pub(crate) async fn of(tx: &SystemTx, tenant: TenantId, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let ids = ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(",");
    let sql = "WITH wanted AS (SELECT unnest(string_to_array($1, ',')::uuid[]) AS id)
               SELECT id, name FROM identity.users JOIN wanted USING (id)
               UNION ALL
               SELECT id, name FROM identity.api_keys JOIN wanted USING (id) WHERE tenant_id = $2
               UNION ALL
               SELECT id, name FROM identity.service_accounts JOIN wanted USING (id) WHERE tenant_id = $2";
    let rows = tx.conn().query_all_raw(stmt(sql, [ids.into(), tenant.uuid().into()])).await.db()?;
    rows.iter().map(|row| Ok((row.try_get("", "id").db()?, row.try_get("", "name").db()?))).collect()
}

impl Identity {
    /// What actors are called, by their labels in the audit trail. Those who are gone, and what never had a name, are
    /// left out. Whoever asks passes labels from the trail that the permit is for: a person's name is told to those with
    /// whom they had to do.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn actor_names(&self, permit: &Permit, labels: &[&str]) -> Result<HashMap<String, String>> {
        let ids: Vec<(&str, Uuid)> =
            labels.iter().filter_map(|label| Some((*label, id_of(label)?))).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let wanted: Vec<Uuid> = ids.iter().map(|(_, id)| *id).collect();
        let names = of(&tx, permit.tenant(), &wanted).await?;
        tx.commit().await?;
        Ok(ids
            .into_iter()
            .filter_map(|(label, id)| Some((label.to_owned(), names.get(&id)?.clone())))
            .collect())
    }
}

fn id_of(label: &str) -> Option<Uuid> {
    // Platform staff are people too.
    let label = label.strip_prefix("staff:").unwrap_or(label);
    let user = label.parse().map(UserId::uuid);
    let key = label.parse().map(ApiKeyId::uuid);
    let account = label.parse().map(ServiceAccountId::uuid);
    user.or(key).or(account).ok()
}

#[cfg(test)]
mod tests {
    use tenantry_store::{Db, PoolSizes};
    use tenantry_testkit::World;

    use super::*;

    const PERSON: &str = "usr_01h455vb4pex5vsknk084sn02q";
    const KEY: &str = "key_01h455vb4pex5vsknk084sn02r";
    const ACCOUNT: &str = "sva_01h455vb4pex5vsknk084sn02s";

    /// People are named wherever they are, keys and accounts in their own tenant alone; run by the bare application
    /// role, without a tenant, it finds nothing.
    #[tokio::test]
    async fn the_names_of_another_tenants_programs_are_not_told() {
        let world = World::new().await;
        let (ours, theirs) = (world.tenant("acme").await, world.tenant("bolt").await);
        let id = |label: &str| id_of(label).unwrap();
        let mut superuser = world.superuser().await;
        sqlx::query("INSERT INTO identity.users (id, email, name, created_at) VALUES ($1, 'a@example.com', 'Ada', now())")
            .bind(id(PERSON))
            .execute(&mut superuser)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO identity.api_keys (id, tenant_id, name, prefix, scopes, allowed_addresses, maker, maker_name,
                    created_at, issued_at, expires_at)
             VALUES ($1, $2, 'CI', 'p', '{instance:view}', '{}', $3, 'Ada', now(), now(), now() + interval '1 day')",
        )
        .bind(id(KEY))
        .bind(ours.uuid())
        .bind(id(PERSON))
        .execute(&mut superuser)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO identity.service_accounts (id, tenant_id, name, role, creator, creator_name, created_at)
             VALUES ($1, $2, 'Robot', 'viewer', $3, 'Ada', now())",
        )
        .bind(id(ACCOUNT))
        .bind(ours.uuid())
        .bind(id(PERSON))
        .execute(&mut superuser)
        .await
        .unwrap();
        let cluster = &world.test_db.cluster;
        let ids = [PERSON, KEY, ACCOUNT].map(id);
        for (role, tenant, wanted) in
            [(&cluster.system, ours, vec!["Ada", "CI", "Robot"]), (&cluster.system, theirs, vec!["Ada"])]
        {
            let db = Db::connect(&cluster.app, role, PoolSizes { app: 1, system: 1 });
            let tx = SystemTx::begin(&db, SystemRole::Authentication).await.unwrap();
            let mut names: Vec<String> = of(&tx, tenant, &ids).await.unwrap().into_values().collect();
            names.sort();
            assert_eq!(names, wanted);
        }
        let db = Db::connect(&cluster.app, &cluster.app, PoolSizes { app: 1, system: 1 });
        let tx = SystemTx::begin(&db, SystemRole::Authentication).await.unwrap();
        assert!(of(&tx, ours, &ids).await.map_or(true, |names| names.is_empty()));
    }

    #[test]
    fn only_labels_of_somebody_are_looked_up() {
        assert_eq!(id_of(&format!("staff:{PERSON}")), id_of(PERSON));
        for nobody in ["", "several", "anonymous", "system:audit", "ten_01h455vb4pex5vsknk084sn02q"] {
            assert_eq!(id_of(nobody), None, "{nobody}");
        }
    }
}
