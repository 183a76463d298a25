use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::{DeviceId, Error, Result, UserId};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

/// A log-in from a device.
pub(crate) struct Sighting<'a> {
    pub(crate) id: DeviceId,
    pub(crate) user: UserId,
    pub(crate) fingerprint: &'a str,
    pub(crate) name: &'a str,
    pub(crate) address: Option<String>,
    pub(crate) at: DateTime<Utc>,
}

/// Notes that a person logs in from a device. Which it is, if they have used others before and never this one.
pub(crate) async fn note(tx: &SystemTx, seen: Sighting<'_>) -> Result<Option<DeviceId>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "INSERT INTO identity.known_devices AS d
               (id, user_id, fingerprint, name, address, first_seen_at, last_seen_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (user_id, fingerprint) DO UPDATE SET last_seen_at = $6
             RETURNING d.id = $1 AS is_new,
               EXISTS (SELECT FROM identity.known_devices o WHERE o.user_id = $2 AND o.id <> $1) AS has_others",
            [
                seen.id.uuid().into(),
                seen.user.uuid().into(),
                seen.fingerprint.into(),
                seen.name.chars().take(120).collect::<String>().into(),
                seen.address.into(),
                seen.at.into(),
            ],
        ))
        .await
        .db()?;
    let row = row.ok_or_else(|| Error::internal("a statement returned no row"))?;
    let (is_new, has_others): (bool, bool) =
        (row.try_get("", "is_new").db()?, row.try_get("", "has_others").db()?);
    Ok((is_new && has_others).then_some(seen.id))
}

/// What the mail about a new device says.
pub(crate) struct NewDevice {
    pub(crate) to: String,
    pub(crate) name: String,
    pub(crate) address: Option<String>,
    pub(crate) at: DateTime<Utc>,
}

/// `None`: it, or its person, is gone.
pub(crate) async fn new_device(tx: &SystemTx, id: DeviceId) -> Result<Option<NewDevice>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT u.email, d.name, d.address, d.first_seen_at
             FROM identity.known_devices d JOIN identity.users u ON u.id = d.user_id WHERE d.id = $1",
            [id.uuid().into()],
        ))
        .await
        .db()?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(NewDevice {
        to: row.try_get("", "email").db()?,
        name: row.try_get("", "name").db()?,
        address: row.try_get("", "address").db()?,
        at: row.try_get("", "first_seen_at").db()?,
    }))
}

/// Forgets devices that were last used before `before`.
pub(crate) async fn purge(tx: &SystemTx, before: DateTime<Utc>) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt("DELETE FROM identity.known_devices WHERE last_seen_at < $1", [before.into()]))
        .await
        .db()?;
    Ok(done.rows_affected())
}
