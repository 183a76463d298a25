use chrono::{DateTime, Utc};
use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, InvitationId, Result, TenantId};
use tenantry_store::{Page, PageRequest, TenantTx};

use super::model::LIFETIME;
use super::{Invitation, InviteMember, delivery, repo};
use crate::Identity;
use crate::members::record::{What, record};
use crate::members::{self, Member, seats};
use crate::users::Email;

impl Identity {
    /// Invites an address into a tenant, by mail. Repeating it with the same role while the invitation is open
    /// changes nothing and sends nothing.
    ///
    /// # Errors
    /// `Invalid` for what is no address; `Forbidden` for a role with a right that one lacks, and without a fresh proof for
    /// an owner's; `Conflict` for a member, or an open invitation to another role; `QuotaExceeded` when members and
    /// invitations together fill the plan; `RateLimited` for too many invitations of a tenant, or to one address.
    pub async fn invite_member(&self, ctx: &Ctx, input: InviteMember) -> Result<Invitation> {
        let (tx, inviter) = self.manage_members(ctx, input.tenant).await?;
        let email: Email = input.email.parse()?;
        let catalog = self.catalog(&tx).await?;
        catalog.ensure_may_give(&catalog.giver(inviter.role, ResourceKind::Member)?, input.role)?;
        members::ensure_proof_for(ctx, &[input.role])?;
        if members::repo::by_email(&tx, &email).await?.is_some() {
            return Err(Error::conflict("This person is a member already.")
                .with_remedy("To change what they may do, change their role in the list of members."));
        }
        if let Some(open) = repo::open_for(&tx, &email).await? {
            if open.expires_at > ctx.now() && open.role == input.role {
                return Ok(open);
            }
            if open.expires_at > ctx.now() {
                return Err(Error::conflict(format!(
                    "This address is invited already, as {}.",
                    catalog.name(open.role)
                ))
                .with_remedy("Revoke that invitation first, then invite with the other role."));
            }
            repo::revoke(&tx, open.id, ctx.now()).await?;
        }
        self.ensure_seat(&tx, ctx.now()).await?;
        self.throttle().invitations(input.tenant)?;
        self.throttle().mailbox(&email)?;
        let new = repo::NewInvitation {
            id: InvitationId::generate(ctx.clock(), ctx.entropy()),
            email: &email,
            role: input.role,
            inviter: &inviter,
            at: ctx.now(),
            expires_at: ctx.now() + LIFETIME,
        };
        let invitation = repo::insert(&tx, new).await?;
        delivery::enqueue(&tx, invitation.id).await?;
        self.recorded(tx, ctx, ("invitation.created", &invitation)).await
    }

    /// Sends an open invitation again, with a new link and seven more days. Earlier links are dead at once.
    ///
    /// # Errors
    /// `NotFound` for one that is not open; else as [`Self::invite_member`].
    pub async fn resend_invitation(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        id: InvitationId,
    ) -> Result<Invitation> {
        let (tx, inviter) = self.manage_members(ctx, tenant).await?;
        let open = repo::open(&tx, id).await?.ok_or_else(not_open)?;
        let catalog = self.catalog(&tx).await?;
        catalog.ensure_may_give(&catalog.giver(inviter.role, ResourceKind::Member)?, open.role)?;
        members::ensure_proof_for(ctx, &[open.role])?;
        if open.expires_at <= ctx.now() {
            self.ensure_seat(&tx, ctx.now()).await?;
        }
        self.throttle().invitations(tenant)?;
        self.throttle().mailbox(&open.email.parse()?)?;
        let invitation = repo::renew(&tx, id, ctx.now() + LIFETIME).await?;
        delivery::enqueue(&tx, id).await?;
        self.recorded(tx, ctx, ("invitation.resent", &invitation)).await
    }

    /// Takes an invitation back: its link is dead. Repeating it changes nothing.
    ///
    /// # Errors
    /// `NotFound` for one that was accepted or never was; `Forbidden` for a role with a right that one lacks.
    pub async fn revoke_invitation(&self, ctx: &Ctx, tenant: TenantId, id: InvitationId) -> Result<()> {
        let (tx, inviter) = self.manage_members(ctx, tenant).await?;
        let Some(open) = repo::open(&tx, id).await? else {
            return if repo::is_revoked(&tx, id).await? { Ok(()) } else { Err(not_open()) };
        };
        let catalog = self.catalog(&tx).await?;
        catalog.ensure_may_give(&catalog.giver(inviter.role, ResourceKind::Member)?, open.role)?;
        repo::revoke(&tx, id, ctx.now()).await?;
        self.recorded(tx, ctx, ("invitation.revoked", &open)).await.map(|_| ())
    }

    /// The tenant's open invitations, newest first; expired ones stay among them for a month, to be sent again or
    /// revoked. The cursor is the text of the last one's id.
    ///
    /// # Errors
    /// `NotFound` where the actor is no member, `Forbidden` where its role may not manage members.
    pub async fn invitations(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        page: &PageRequest,
    ) -> Result<Page<Invitation>> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Member, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let rows = repo::list(&tx, page).await?;
        tx.commit().await?;
        Ok(rows)
    }

    /// A transaction in which the actor decides about members, alone, and what the actor is at this moment.
    pub(crate) async fn manage_members(&self, ctx: &Ctx, tenant: TenantId) -> Result<(TenantTx, Member)> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Member, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        seats::lock(&tx, tenant).await?;
        // The request's roles are as old as the request: who was removed while it waited is nobody here.
        let me = members::repo::find(&tx, ctx.user()?).await?.ok_or_else(|| Error::not_found("tenant"))?;
        Ok((tx, me))
    }

    pub(crate) async fn ensure_seat(&self, tx: &TenantTx, now: DateTime<Utc>) -> Result<()> {
        let taken = self.seats_taken(tx, now).await?;
        let most = self.config().seats.most(tx, tx.tenant()).await?;
        if taken < most {
            return Ok(());
        }
        Err(seats::full(most).with_remedy(
            "Remove a member, revoke an invitation, or change to a larger plan; then invite again.",
        ))
    }

    async fn recorded(
        &self,
        tx: TenantTx,
        ctx: &Ctx,
        (action, invitation): (&'static str, &Invitation),
    ) -> Result<Invitation> {
        let what = What {
            tenant: tx.tenant(),
            action,
            subject: invitation.id.to_string(),
            details: json!({ "role": invitation.role.to_string(), "email": invitation.email }),
        };
        record(&tx, ctx, what).await?;
        tx.commit().await?;
        Ok(invitation.clone())
    }
}

fn not_open() -> Error {
    Error::not_found("open invitation").with_remedy("Reload the list: it was accepted or revoked since.")
}
