//! What a provider's groups mean in a tenant.

use serde_json::json;
use tenantry_authz::{Ctx, Role};
use tenantry_kernel::{Result, UserId};
use tenantry_store::SystemTx;
use tenantry_store::audit::Facts;

use super::model::Connection;
use super::system_repo;
use crate::Identity;
use crate::members::record::{What, record_change};
use crate::roles::{AssignedRole, Catalog};

/// The role of the first group in the connection's order that the person is in, or the default one.
pub(super) fn role_for(connection: &Connection, groups: &[String]) -> AssignedRole {
    connection
        .roles
        .iter()
        .find(|one| groups.contains(&one.group))
        .map_or(connection.default_role.into(), |one| one.role)
}

impl Identity {
    /// Gives a member the role that their groups mean. Owners stay owners: no provider makes or unmakes one. What somebody
    /// with fewer rights could not give any more falls: their open invitations, and the credentials that they added to
    /// service accounts.
    pub(super) async fn follow_groups(
        &self,
        tx: &SystemTx,
        ctx: &Ctx,
        (connection, user): (&Connection, UserId),
        (from, to): (AssignedRole, AssignedRole),
    ) -> Result<()> {
        if from == Role::Owner {
            return Ok(());
        }
        let tenant = connection.tenant;
        system_repo::set_role(tx, (tenant, user), to).await?;
        let catalog = Catalog::read(tx, &self.runtime().gate, tenant).await?;
        let grown = catalog.rights(to)?.is_superset(&catalog.rights(from)?);
        let (invitations, credentials) =
            if grown { (0, 0) } else { system_repo::take_back(tx, (tenant, user), ctx.now()).await? };
        let what = What {
            tenant,
            action: "member.role_changed",
            subject: user.to_string(),
            details: json!({
                "from": from.to_string(), "to": to.to_string(), "connection": connection.id.to_string(),
                "invitationsRevoked": invitations, "credentialsRemoved": credentials
            }),
        };
        let of = |role: AssignedRole| Some(Facts::one("role", role.to_string()));
        record_change(tx, ctx, what, (of(from), of(to))).await
    }
}
