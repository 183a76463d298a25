use serde_json::Value;
use tenantry_authz::{Action, Actor, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, Result, TenantId};
use tenantry_store::TenantTx;

use super::answer::ScimAnswer;
use super::document::read;
use super::fault::{ScimFault, ScimResult};
use super::patch::patch;
use super::path::Document;
use super::projection::Projection;
use super::query::{ScimQuery, list};
use super::schema::{GROUP, USER};
use super::settle::Acting;
use crate::Identity;
use crate::members::{self, seats};

/// One request of a directory.
#[derive(Clone, Copy)]
pub struct ScimCall<'a> {
    pub ctx: &'a Ctx,
    /// Where the interface is, as its client sees it, without a trailing slash.
    pub base: &'a str,
    pub projection: &'a Projection,
    /// The header If-Match.
    pub if_match: Option<&'a str>,
}

/// A type of resource that can be made, changed and deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScimKind {
    User,
    Group,
}

impl ScimCall<'_> {
    /// That the resource is of a version that the client means.
    pub(super) fn ensure_version(&self, version: i64) -> ScimResult<()> {
        let Some(wanted) = self.if_match else { return Ok(()) };
        if names_version(wanted, &etag(version)) { Ok(()) } else { Err(ScimFault::changed()) }
    }

    /// The directory's tenant.
    ///
    /// # Errors
    /// `Forbidden` for whoever is no directory.
    pub(super) fn tenant(&self) -> Result<TenantId> {
        match self.ctx.actor() {
            Actor::Scim { tenant, .. } => Ok(*tenant),
            Actor::Anonymous => Err(Error::unauthenticated()),
            _ => {
                Err(Error::forbidden("Only a directory can do this.")
                    .with_remedy("Use a provisioning token."))
            }
        }
    }
}

/// A weak tag: two representations of a version may differ in what was asked for (RFC 7644, section 3.14).
pub(super) fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// Whether a list of entity tags (RFC 9110, section 8.8.3) names this one. Weakly compared, as all of ours are weak.
pub(super) fn names_version(tags: &str, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.split(',').any(|one| one.trim() == "*" || bare(one) == bare(tag))
}

impl Identity {
    /// Makes a resource.
    ///
    /// # Errors
    /// `uniqueness` for a user whose name or address another one has; as the RFC says for what is wrong with the body; 403
    /// where the plan has no room, or a role is beyond the maker of the token.
    pub async fn scim_create(
        &self,
        call: ScimCall<'_>,
        kind: ScimKind,
        body: &Value,
    ) -> Result<ScimAnswer, ScimFault> {
        match kind {
            ScimKind::User => self.scim_create_user(call, body).await,
            ScimKind::Group => self.scim_create_group(call, body).await,
        }
    }

    /// A resource.
    ///
    /// # Errors
    /// 404 for one that is not this tenant's.
    pub async fn scim_get(
        &self,
        call: ScimCall<'_>,
        kind: ScimKind,
        id: &str,
    ) -> Result<ScimAnswer, ScimFault> {
        match kind {
            ScimKind::User => self.scim_user(call, id).await,
            ScimKind::Group => self.scim_group(call, id).await,
        }
    }

    /// Replaces a resource (PUT). What is not given has no value afterwards.
    ///
    /// # Errors
    /// As [`Self::scim_create`] and [`Self::scim_get`]; 412 where If-Match names another version.
    pub async fn scim_replace(
        &self,
        call: ScimCall<'_>,
        (kind, id): (ScimKind, &str),
        body: &Value,
    ) -> Result<ScimAnswer, ScimFault> {
        match kind {
            ScimKind::User => {
                let replaced = |present: &Document| -> ScimResult<Document> {
                    let mut document = read(USER, body)?;
                    // Nobody is let in by not being mentioned.
                    if let (false, Some(active)) = (document.contains_key("active"), present.get("active")) {
                        document.insert("active".to_owned(), active.clone());
                    }
                    Ok(document)
                };
                self.scim_change_user(call, id, replaced).await
            }
            ScimKind::Group => self.scim_change_group(call, id, |_: &Document| read(GROUP, body)).await,
        }
    }

    /// Changes a resource in parts (PATCH).
    ///
    /// # Errors
    /// As [`Self::scim_replace`].
    pub async fn scim_patch(
        &self,
        call: ScimCall<'_>,
        (kind, id): (ScimKind, &str),
        body: &Value,
    ) -> Result<ScimAnswer, ScimFault> {
        match kind {
            ScimKind::User => {
                self.scim_change_user(call, id, |present: &Document| patch(USER, present, body)).await
            }
            ScimKind::Group => {
                self.scim_change_group(call, id, |present: &Document| patch(GROUP, present, body)).await
            }
        }
    }

    /// Deletes a resource. A user's membership of this tenant goes with it; their account and other tenants stay.
    ///
    /// # Errors
    /// As [`Self::scim_replace`]; 409 for the last owner.
    pub async fn scim_delete(&self, call: ScimCall<'_>, kind: ScimKind, id: &str) -> Result<(), ScimFault> {
        match kind {
            ScimKind::User => self.scim_delete_user(call, id).await,
            ScimKind::Group => self.scim_delete_group(call, id).await,
        }
    }

    /// A page of resources of one type, or of all.
    ///
    /// # Errors
    /// `invalidFilter`.
    pub async fn scim_list(
        &self,
        call: ScimCall<'_>,
        kind: Option<ScimKind>,
        query: &ScimQuery,
    ) -> Result<Value, ScimFault> {
        list(self, call, kind, query).await
    }

    /// A transaction in which the directory reads.
    pub(super) async fn directory_reads(&self, call: ScimCall<'_>) -> Result<TenantTx> {
        let tenant = call.tenant()?;
        let permit = call.ctx.permit(Action::View, &Resource::new(ResourceKind::Member, tenant))?;
        TenantTx::begin(self.db(), &permit).await
    }

    /// A transaction in which the directory decides about members, alone, and who answers for it.
    pub(super) async fn directory_writes(&self, call: ScimCall<'_>) -> Result<(TenantTx, Acting<'_>)> {
        let tenant = call.tenant()?;
        let permit = call.ctx.permit(Action::Manage, &Resource::new(ResourceKind::Member, tenant))?;
        let Actor::Scim { maker, .. } = call.ctx.actor() else { return Err(Error::unauthenticated()) };
        let tx = TenantTx::begin(self.db(), &permit).await?;
        seats::lock(&tx, tenant).await?;
        // The request's roles are as old as the request.
        let me = members::repo::find(&tx, *maker).await?.ok_or_else(|| Error::not_found("tenant"))?;
        let acting = Acting::new(self, &tx, me).await?;
        Ok((tx, acting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_named_however_it_is_written() {
        for tags in ["*", "W/\"3\"", "\"3\"", "W/\"1\", W/\"3\""] {
            assert!(names_version(tags, &etag(3)), "{tags}");
        }
        for tags in ["", "W/\"33\"", "3", "\"2\""] {
            assert!(!names_version(tags, &etag(3)), "{tags}");
        }
    }
}
