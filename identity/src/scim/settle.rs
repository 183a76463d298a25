//! What follows of what the directory says about somebody: an invitation, a membership's end, a role.

use serde_json::json;
use tenantry_authz::{Ctx, ResourceKind, Role};
use tenantry_kernel::{InvitationId, Result, ScimUserId, UserId};
use tenantry_store::{SystemRole, SystemTx, TenantTx};

use super::connection::repo as connection;
use super::users::{ScimUser, repo};
use crate::invitations::{self, LIFETIME};
use crate::members::record::{What, record};
use crate::members::{self, Member};
use crate::roles::{AssignedRole, Authority, Catalog};
use crate::users::Email;
use crate::{Identity, sessions};

/// Who answers for what is done: the maker of the directory's token, or whoever changes what groups become.
pub(crate) struct Acting<'a> {
    catalog: Catalog<'a>,
    authority: Authority,
    me: Member,
}

impl<'a> Acting<'a> {
    /// # Errors
    /// `Forbidden` where the member may not manage members now.
    pub(crate) async fn new(identity: &'a Identity, tx: &TenantTx, me: Member) -> Result<Self> {
        let catalog = identity.catalog(tx).await?;
        let authority = catalog.giver(me.role, ResourceKind::Member)?;
        Ok(Self { catalog, authority, me })
    }

    /// # Errors
    /// `Forbidden` for a role with a right that whoever answers lacks.
    pub(crate) fn ensure_may_give(&self, role: AssignedRole) -> Result<()> {
        self.catalog.ensure_may_give(&self.authority, role)
    }

    /// The strongest of some roles: owner before all, then whichever has the most rights.
    fn strongest(&self, roles: Vec<AssignedRole>) -> Result<Option<AssignedRole>> {
        let mut strongest: Option<((bool, usize), AssignedRole)> = None;
        for role in roles {
            let strength = (role == Role::Owner, self.catalog.rights(role)?.len());
            // Of two alike the one whose name is first, so that it is always the same.
            let stronger = strongest.is_none_or(|(best, other)| {
                strength > best || (strength == best && role.to_string() < other.to_string())
            });
            if stronger {
                strongest = Some((strength, role));
            }
        }
        Ok(strongest.map(|(_, role)| role))
    }
}

impl Identity {
    /// Makes the tenant's people what the directory says of this one, whose row is written already. Repeating it changes
    /// nothing. Says who is a member no more: see [`Self::end_sessions_outside`].
    ///
    /// # Errors
    /// `Forbidden` for a role beyond whoever answers; `Conflict` for the last owner; `QuotaExceeded` where the plan has
    /// no room; `RateLimited` for too many invitations.
    pub(crate) async fn settle(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (acting, user): (&Acting<'_>, &mut ScimUser),
    ) -> Result<Option<UserId>> {
        let email: Email = user.email.parse()?;
        let member = match user.person {
            Some(person) => members::repo::find(tx, person).await?,
            None => members::repo::by_email(tx, &email).await?,
        };
        match (user.active, member) {
            (true, Some(member)) => {
                user.person = Some(member.user_id);
                self.follow_directory_groups(tx, ctx, (acting, &mut *user), member).await?;
                repo::link(tx, user).await?;
                Ok(None)
            }
            (true, None) => {
                self.admit(tx, ctx, (acting, &mut *user), &email).await?;
                repo::link(tx, user).await?;
                Ok(None)
            }
            (false, Some(member)) => {
                user.person = Some(member.user_id);
                user.was = Some((member.email.clone(), member.name.clone()));
                repo::link(tx, user).await?;
                self.take_away(tx, ctx, (&acting.catalog, &acting.authority), member).await?;
                Ok(user.person)
            }
            (false, None) => {
                self.uninvite(tx, ctx, &email).await?;
                Ok(user.person)
            }
        }
    }

    /// What the directory's groups make of somebody.
    async fn wanted(
        &self,
        tx: &TenantTx,
        (acting, user): (&Acting<'_>, ScimUserId),
    ) -> Result<Option<AssignedRole>> {
        acting.strongest(connection::roles_of(tx, user).await?)
    }

    /// Who has a role by their groups keeps it as long as the groups say so. Whom the groups say nothing of keeps the role that
    /// people have given them.
    async fn follow_directory_groups(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (acting, user): (&Acting<'_>, &mut ScimUser),
        member: Member,
    ) -> Result<()> {
        let wanted = self.wanted(tx, (acting, user.id)).await?;
        let role = match wanted {
            Some(role) => role,
            None if user.role_given => connection::read(tx).await?.role,
            None => return Ok(()),
        };
        user.role_given = wanted.is_some();
        if member.role != role {
            self.give_role(tx, ctx, (&acting.catalog, &acting.authority), (member, role)).await?;
        }
        Ok(())
    }

    /// Lets somebody in: whom the directory had deactivated at once, others by an invitation.
    async fn admit(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (acting, user): (&Acting<'_>, &mut ScimUser),
        email: &Email,
    ) -> Result<()> {
        let wanted = self.wanted(tx, (acting, user.id)).await?;
        let role = match wanted {
            Some(role) => role,
            None => connection::read(tx).await?.role,
        };
        user.role_given = wanted.is_some();
        if let (Some(person), Some((address, name))) = (user.person, &user.was) {
            acting.ensure_may_give(role)?;
            self.ensure_seat(tx, ctx.now()).await?;
            members::repo::put_back(tx, (person, role), (&address.parse()?, name), ctx.now()).await?;
            let what = What {
                tenant: tx.tenant(),
                action: "member.added",
                subject: person.to_string(),
                details: json!({ "role": role.to_string(), "provisioned": user.id.to_string() }),
            };
            return record(tx, ctx, what).await;
        }
        self.invite(tx, ctx, (acting, role), email).await
    }

    async fn invite(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (acting, role): (&Acting<'_>, AssignedRole),
        email: &Email,
    ) -> Result<()> {
        acting.ensure_may_give(role)?;
        if let Some(open) = invitations::repo::open_for(tx, email).await? {
            if open.expires_at > ctx.now() {
                if open.role != role {
                    acting.ensure_may_give(open.role)?;
                    invitations::repo::set_role(tx, open.id, role).await?;
                    let from = open.role.to_string();
                    self.told(
                        tx,
                        ctx,
                        ("invitation.changed", open.id),
                        json!({ "from": from, "role": role.to_string() }),
                    )
                    .await?;
                }
                return Ok(());
            }
            invitations::repo::revoke(tx, open.id, ctx.now()).await?;
        }
        self.ensure_seat(tx, ctx.now()).await?;
        self.throttle().provisioning(tx.tenant())?;
        self.throttle().mailbox(email)?;
        let new = invitations::repo::NewInvitation {
            id: InvitationId::generate(ctx.clock(), ctx.entropy()),
            email,
            role,
            inviter: &acting.me,
            at: ctx.now(),
            expires_at: ctx.now() + LIFETIME,
        };
        let invitation = invitations::repo::insert(tx, new).await?;
        invitations::enqueue(tx, invitation.id).await?;
        let details = json!({ "role": role.to_string(), "email": email.as_str() });
        self.told(tx, ctx, ("invitation.created", invitation.id), details).await
    }

    /// Takes back what invites an address, if anything does.
    pub(super) async fn uninvite(&self, tx: &TenantTx, ctx: &Ctx, email: &Email) -> Result<()> {
        let Some(open) = invitations::repo::open_for(tx, email).await? else { return Ok(()) };
        invitations::repo::revoke(tx, open.id, ctx.now()).await?;
        let details = json!({ "role": open.role.to_string(), "email": open.email });
        self.told(tx, ctx, ("invitation.revoked", open.id), details).await
    }

    async fn told(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (action, invitation): (&'static str, InvitationId),
        details: serde_json::Value,
    ) -> Result<()> {
        let what = What { tenant: tx.tenant(), action, subject: invitation.to_string(), details };
        record(tx, ctx, what).await
    }

    /// Ends the sessions of people who are in no tenant any more. Of others they go on: each request asks for the roles
    /// anew, and finds none in the tenant that they have left. After the transaction that removed them, as a request cannot
    /// see sessions; should it not come to that, the sessions open nothing.
    pub(super) async fn end_sessions_outside(&self, people: &[UserId]) -> Result<()> {
        if people.is_empty() {
            return Ok(());
        }
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        for person in people {
            let ended = sessions::repo::delete_outside(&tx, *person).await?;
            tracing::info!(user.id = %person, sessions = ended, "deprovisioned");
        }
        tx.commit().await
    }
}
