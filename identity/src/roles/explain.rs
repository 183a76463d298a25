//! Why somebody may do something in a tenant, or may not, and who could change that.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tenantry_authz::{Action, Actor, Ctx, Explanation, Grant, Resource, ResourceKind, Right};
use tenantry_kernel::{ApiKeyId, Error, Result, ServiceAccountId, SessionId, TenantId, UserId};
use tenantry_store::TenantTx;

use super::{AssignedRole, Catalog, held, repo};
use crate::{Identity, api_keys, members, service_accounts};

/// How many members are named who could give a role.
const MOST_NAMED: i64 = 10;

/// About whom it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    User(UserId),
    ApiKey(ApiKeyId),
    ServiceAccount(ServiceAccountId),
}

impl std::str::FromStr for Subject {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let user = || text.parse().map(Self::User).ok();
        let key = || text.parse().map(Self::ApiKey).ok();
        let account = || text.parse().map(Self::ServiceAccount).ok();
        user().or_else(key).or_else(account).ok_or_else(|| Error::not_found("actor"))
    }
}

#[derive(Debug, Clone, Copy)]
pub struct AccessQuestion {
    pub tenant: TenantId,
    /// `None`: whoever asks.
    pub actor: Option<Subject>,
    pub right: Right,
}

/// The gate's answer, and what could be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessExplanation {
    pub gate: Explanation,
    /// All roles of the tenant that include the right, built-in ones first.
    pub granted_by: Vec<String>,
    /// The names of members who could give such a role, owners first, ten at the most.
    pub who_can_grant: Vec<String>,
    /// The whole answer as a sentence.
    pub reason: String,
}

impl Identity {
    /// Explains what the gate answers, by asking the engine itself. About oneself, whoever is in the tenant may ask;
    /// about a member, who sees members; about a key or a service account, who sees those.
    ///
    /// # Errors
    /// `NotFound` for a tenant that the asker is not in, and for an actor that is not there or that it may not see.
    pub async fn explain_access(&self, ctx: &Ctx, question: AccessQuestion) -> Result<AccessExplanation> {
        let AccessQuestion { tenant, right, .. } = question;
        let others = question.actor.filter(|subject| !is_self(ctx, *subject));
        let kind = match others {
            None => ResourceKind::Tenant,
            Some(Subject::User(_)) => ResourceKind::Member,
            Some(Subject::ApiKey(_)) => ResourceKind::ApiKey,
            Some(Subject::ServiceAccount(_)) => ResourceKind::ServiceAccount,
        };
        let permit = ctx.permit(Action::View, &Resource::new(kind, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let gate = match others {
            None => ctx.explain(right, tenant),
            Some(subject) => {
                let (actor, grants) = self.subject(&tx, (subject, ctx.now())).await?;
                self.runtime().gate.explain(&actor, &grants, right, tenant)
            }
        };
        let catalog = self.catalog(&tx).await?;
        let granted_by = catalog.with_right(right);
        let who_can_grant = who_can_grant(&tx, &catalog, right).await?;
        tx.commit().await?;
        let reason = reason(&gate, &granted_by);
        Ok(AccessExplanation { gate, granted_by, who_can_grant, reason })
    }

    /// Who somebody else is to the gate, as of now.
    async fn subject(
        &self,
        tx: &TenantTx,
        (subject, now): (Subject, DateTime<Utc>),
    ) -> Result<(Actor, Vec<Grant>)> {
        match subject {
            Subject::User(id) => {
                let actor = Actor::User { id, session: SessionId::from_uuid(id.uuid()), platform_role: None };
                Ok((actor, vec![self.member_grant(tx, id).await?]))
            }
            Subject::ApiKey(id) => {
                let key = api_keys::repo::find(tx, id).await?.ok_or_else(|| Error::not_found("actor"))?;
                let (tenant, maker, scopes) = (tx.tenant(), key.maker, key.scopes.into());
                let over = key.revoked_at.is_some() || key.expires_at <= now;
                // It may do what its maker may, and nothing once the maker has left.
                let maker_in = members::repo::find(tx, maker).await?.filter(|_| !over);
                let grants = match maker_in {
                    Some(member) => vec![self.grant(tx, member.role).await?],
                    None => vec![],
                };
                Ok((Actor::ApiKey { id, tenant, maker, scopes }, grants))
            }
            Subject::ServiceAccount(id) => {
                let account = service_accounts::repo::find(tx, id).await?;
                let account = account.ok_or_else(|| Error::not_found("actor"))?;
                let actor = Actor::ServiceAccount { id, tenant: tx.tenant(), scopes: None };
                Ok((actor, vec![self.grant(tx, account.role).await?]))
            }
        }
    }

    /// What a member holds in the transaction's tenant.
    pub(crate) async fn member_grant(&self, tx: &TenantTx, user: UserId) -> Result<Grant> {
        let member = members::repo::find(tx, user).await?.ok_or_else(|| Error::not_found("member"))?;
        self.grant(tx, member.role).await
    }

    /// A role of the transaction's tenant as it is held there.
    pub(crate) async fn grant(&self, tx: &TenantTx, role: AssignedRole) -> Result<Grant> {
        let held = held::held(tx, &self.runtime().gate, (tx.tenant(), role, None)).await?;
        Ok(Grant::new(tx.tenant(), held))
    }
}

fn is_self(ctx: &Ctx, subject: Subject) -> bool {
    match (ctx.actor(), subject) {
        (Actor::User { id, .. }, Subject::User(other)) => *id == other,
        (Actor::ApiKey { id, .. }, Subject::ApiKey(other)) => *id == other,
        (Actor::ServiceAccount { id, .. }, Subject::ServiceAccount(other)) => *id == other,
        _ => false,
    }
}

/// Members who manage members and may give one of the roles that include the right.
async fn who_can_grant(tx: &TenantTx, catalog: &Catalog<'_>, right: Right) -> Result<Vec<String>> {
    let wanted = catalog.roles_with(right);
    let manage = Right::new(ResourceKind::Member, Action::Manage);
    let mut givers: BTreeSet<(&str, Option<uuid::Uuid>)> = BTreeSet::new();
    for giver in catalog.roles_with(manage) {
        let authority = catalog.authority(giver)?;
        if wanted.iter().any(|role| catalog.ensure_may_give(&authority, *role).is_ok()) {
            givers.insert(giver.columns());
        }
    }
    let built_in = givers.iter().filter(|(_, own)| own.is_none()).map(|(role, _)| (*role).to_owned());
    let own = givers.iter().filter_map(|(_, own)| *own);
    repo::names_of(tx, (built_in.collect(), own.collect()), MOST_NAMED).await
}

fn reason(gate: &Explanation, granted_by: &[String]) -> String {
    let right = gate.right;
    let held = match &gate.roles[..] {
        [] => "no role here".to_owned(),
        [role] => format!("the role {role}"),
        roles => format!("the roles {}", roles.join(", ")),
    };
    if gate.allowed {
        return format!("Allowed: {held} includes {right}.");
    }
    if gate.out_of_scope {
        return format!("Denied: {held} includes {right}, and the credential's scopes do not.");
    }
    match granted_by {
        [] => format!("Denied: there is no role with {right}."),
        roles => format!("Denied: {held} does not include {right}. These do: {}.", roles.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_known_by_the_prefix_of_its_id() {
        let uuid = uuid::Uuid::from_u128(9);
        let user = UserId::from_uuid(uuid);
        assert_eq!(user.to_string().parse::<Subject>().unwrap(), Subject::User(user));
        let key = ApiKeyId::from_uuid(uuid);
        assert_eq!(key.to_string().parse::<Subject>().unwrap(), Subject::ApiKey(key));
        let account = ServiceAccountId::from_uuid(uuid);
        assert_eq!(account.to_string().parse::<Subject>().unwrap(), Subject::ServiceAccount(account));
        assert!(TenantId::from_uuid(uuid).to_string().parse::<Subject>().is_err());
        assert!("".parse::<Subject>().is_err());
    }
}
