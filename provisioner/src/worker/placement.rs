//! Where on its host an instance lives: a user and two ports.

use std::net::{Ipv4Addr, TcpListener};

use sea_orm::ConnectionTrait;
use tenantry_store::{DbResultExt, Transaction, stmt};

use super::claim::Claim;
use super::host::Host;
use super::round::{Stop, failure};

/// Chooses the smallest free number (its user) and a free pair of ports.
pub(super) async fn place(host: &Host, claim: &mut Claim) -> Result<(), Stop> {
    let tx = claim.begin().await?;
    tx.conn().execute_raw(stmt("SELECT pg_advisory_xact_lock(7358010)", [])).await.db()?;
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT slot, port FROM provisioner.instances WHERE slot IS NOT NULL AND id <> $1",
            [claim.row.id.into()],
        ))
        .await
        .db()?;
    let mut slots = Vec::new();
    let mut ports = Vec::new();
    for row in rows {
        slots.push(row.try_get::<i32>("", "slot").db()?);
        ports.push(row.try_get::<Option<i32>>("", "port").db()?);
    }
    let slot = claim.row.slot.or_else(|| host.slots().find(|s| !slots.contains(s)));
    let port = host.port_pairs().find(|p| !ports.contains(&Some(i32::from(*p))) && free(*p) && free(*p + 1));
    let (Some(slot), Some(port)) = (slot, port) else {
        return Err(failure(
            "host_full",
            "The region's host has no free user or port.",
            "Delete instances, or add capacity.",
        ));
    };
    tx.conn()
        .execute_raw(stmt(
            "UPDATE provisioner.instances SET slot = $3, port = $4, broker_port = $5 WHERE id = $1 AND lease_epoch = $2",
            [
                claim.row.id.into(),
                claim.row.lease_epoch.into(),
                slot.into(),
                i32::from(port).into(),
                i32::from(port + 1).into(),
            ],
        ))
        .await
        .db()?;
    Ok(tx.commit().await?)
}

fn free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
