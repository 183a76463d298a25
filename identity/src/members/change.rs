use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind, Role};
use tenantry_kernel::{Error, Result, TenantId, UserId};
use tenantry_store::TenantTx;
use tenantry_store::audit::Facts;

use super::record::{What, record_change};
use super::{Member, repo, seats};
use crate::roles::{AssignedRole, Authority, Catalog};
use crate::{Identity, api_keys, invitations, scim, service_accounts, sso};

/// Another role for a member.
#[derive(Debug, Clone, Copy)]
pub struct ChangeMemberRole {
    pub tenant: TenantId,
    pub user: UserId,
    pub role: AssignedRole,
}

impl Identity {
    /// Gives a member another role. What they invited to and can no longer give falls, and so do the credentials that
    /// they added to service accounts which they could not make any more. Repeating it changes nothing.
    ///
    /// # Errors
    /// `NotFound` for who is no member; `Forbidden` when the old or the new role has a right that one lacks;
    /// `Conflict` for the last owner.
    pub async fn change_member_role(&self, ctx: &Ctx, input: ChangeMemberRole) -> Result<Member> {
        let (tx, me) = self.manage_members(ctx, input.tenant).await?;
        let member = repo::find(&tx, input.user).await?.ok_or_else(|| Error::not_found("member"))?;
        let catalog = self.catalog(&tx).await?;
        let authority = catalog.giver(me.role, ResourceKind::Member)?;
        let member = self.give_role(&tx, ctx, (&catalog, &authority), (member, input.role)).await?;
        tx.commit().await?;
        Ok(member)
    }

    /// Gives a member another role, in the transaction that decides it. Repeating it changes nothing.
    ///
    /// # Errors
    /// As [`Self::change_member_role`].
    pub(crate) async fn give_role(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (catalog, authority): (&Catalog<'_>, &Authority),
        (member, role): (Member, AssignedRole),
    ) -> Result<Member> {
        catalog.ensure_may_give(authority, role)?;
        catalog.ensure_may_give(authority, member.role)?;
        if member.role == role {
            return Ok(member);
        }
        ensure_proof_for(ctx, &[role, member.role])?;
        ensure_an_owner_stays(tx, &member).await?;
        self.set_role(tx, ctx, (catalog, &member, role)).await?;
        Ok(Member { role, ..member })
    }

    /// Sets a role, with what falls by it, and writes down both.
    pub(super) async fn set_role(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (catalog, member, role): (&Catalog<'_>, &Member, AssignedRole),
    ) -> Result<()> {
        sso::give_up_exemption(tx, member.user_id).await?;
        repo::set_role(tx, member.user_id, role).await?;
        let now = catalog.authority(role)?;
        let fallen = self.drop_invitations(tx, ctx, (member.user_id, Some((catalog, &now)))).await?;
        let removed = self.drop_known_by(tx, catalog, (member.user_id, &now)).await?;
        let what = What {
            tenant: tx.tenant(),
            action: "member.role_changed",
            subject: member.user_id.to_string(),
            details: json!({
                "from": member.role.to_string(), "to": role.to_string(), "invitationsRevoked": fallen,
                "credentialsRemoved": removed
            }),
        };
        let of = |role: AssignedRole| Some(Facts::one("role", role.to_string()));
        record_change(tx, ctx, what, (of(member.role), of(role))).await
    }

    /// Removes a member, or leaves, when it is oneself. What they invited falls, and their API keys and the credentials
    /// that they added to service accounts are dead for good. Their session goes on, without this tenant: each request and each event of a socket asks for the roles anew.
    ///
    /// # Errors
    /// `NotFound` for who is no member; `Forbidden` when their role has a right that one lacks; `Conflict` for the
    /// last owner.
    pub async fn remove_member(&self, ctx: &Ctx, tenant: TenantId, user: UserId) -> Result<()> {
        // Programs never leave; what they may not see is not there for them either.
        let leaving = ctx.user().is_ok_and(|me| me == user);
        let (tx, me) =
            if leaving { self.leave(ctx, tenant).await? } else { self.manage_members(ctx, tenant).await? };
        let member = if leaving { Some(me.clone()) } else { repo::find(&tx, user).await? };
        let member = member.ok_or_else(|| Error::not_found("member"))?;
        if leaving {
            self.end_membership(&tx, ctx, (member, true)).await?;
        } else {
            let catalog = self.catalog(&tx).await?;
            let authority = catalog.giver(me.role, ResourceKind::Member)?;
            self.take_away(&tx, ctx, (&catalog, &authority), member).await?;
        }
        tx.commit().await
    }

    /// Removes a member by somebody's authority, in the transaction that decides it.
    ///
    /// # Errors
    /// As [`Self::remove_member`].
    pub(crate) async fn take_away(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (catalog, authority): (&Catalog<'_>, &Authority),
        member: Member,
    ) -> Result<()> {
        catalog.ensure_may_give(authority, member.role)?;
        ensure_proof_for(ctx, &[member.role])?;
        self.end_membership(tx, ctx, (member, false)).await
    }

    async fn end_membership(&self, tx: &TenantTx, ctx: &Ctx, (member, left): (Member, bool)) -> Result<()> {
        let user = member.user_id;
        ensure_an_owner_stays(tx, &member).await?;
        sso::give_up_exemption(tx, user).await?;
        repo::remove(tx, user).await?;
        let fallen = self.drop_invitations(tx, ctx, (user, None)).await?;
        // They would not work without the membership, and must not come back with it.
        let keys = api_keys::repo::revoke_by(tx, user, ctx.now()).await?;
        let directories = scim::tokens::repo::revoke_by(tx, user, ctx.now()).await?;
        let credentials = service_accounts::repo::remove_credentials_by(tx, user, Default::default()).await?;
        let what = What {
            tenant: tx.tenant(),
            action: "member.removed",
            subject: user.to_string(),
            details: json!({
                "role": member.role.to_string(), "left": left, "invitationsRevoked": fallen,
                "apiKeysRevoked": keys, "credentialsRemoved": credentials, "provisioningTokensRevoked": directories
            }),
        };
        let before = Facts::one("role", member.role.to_string());
        record_change(tx, ctx, what, (Some(before), None)).await
    }

    /// As `manage_members`, for who only goes: any member may.
    async fn leave(&self, ctx: &Ctx, tenant: TenantId) -> Result<(TenantTx, Member)> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        seats::lock(&tx, tenant).await?;
        let me = repo::find(&tx, ctx.user()?).await?.ok_or_else(|| Error::not_found("tenant"))?;
        Ok((tx, me))
    }

    async fn drop_invitations(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (inviter, may): (UserId, Option<(&Catalog<'_>, &Authority)>),
    ) -> Result<u64> {
        let keep = may
            .map(|(catalog, authority)| catalog.givable(authority, ResourceKind::Member))
            .unwrap_or_default();
        invitations::repo::revoke_by(tx, inviter, keep, ctx.now()).await
    }

    /// Takes back the open invitations whose inviters may not give those roles any more: a role has changed.
    pub(crate) async fn drop_ungivable(&self, tx: &TenantTx, ctx: &Ctx) -> Result<u64> {
        let catalog = self.catalog(tx).await?;
        let mut fallen = 0;
        for inviter in invitations::repo::inviters(tx).await? {
            let Some(member) = repo::find(tx, inviter).await? else { continue };
            let authority = catalog.authority(member.role)?;
            fallen += self.drop_invitations(tx, ctx, (inviter, Some((&catalog, &authority)))).await?;
        }
        Ok(fallen)
    }
}

/// Counted under the lock of `seats`: of two owners who go at once, one stays.
async fn ensure_an_owner_stays(tx: &TenantTx, member: &Member) -> Result<()> {
    if member.role == Role::Owner && repo::owners(tx).await? <= 1 {
        return Err(Error::conflict("This is the organisation's last owner.")
            .with_remedy("Make somebody else an owner first."));
    }
    Ok(())
}

/// Who makes owners, or unmakes them, has the organisation: a stolen session alone does not.
///
/// # Errors
/// `Forbidden` for a person without a fresh proof, where one of the roles is an owner's.
pub(crate) fn ensure_proof_for(ctx: &Ctx, roles: &[AssignedRole]) -> Result<()> {
    if roles.contains(&Role::Owner.into()) { ctx.ensure_proof() } else { Ok(()) }
}
