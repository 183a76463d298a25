//! What follows when a provider has sent somebody.
//!
//! - Who is tied to somebody of the provider's is logged in as that person.
//! - An account with the same address is never taken over: whoever wants it tied proves by logging in that it is theirs.
//!   The one exception is an account that only this tenant has ever had to do with (`is_tenants_own`), for an address in
//!   a domain that the tenant has proven.
//! - Somebody new gets an account: by a tenant's connection only with an address in a proven domain of the tenant,
//!   because nobody else could say whose the address is; by a provider for everybody, if it says that the address is verified.
//! - Whether there is an account with an address elsewhere is told to no tenant, unless its owner is a member anyway.
//!
//! A session that came by a tenant's connection acts in that tenant only. So a tenant that makes its provider say
//! anything at all gains nothing elsewhere.

use serde_json::json;
use tenantry_authz::Ctx;
use tenantry_kernel::{Error, Result, UserId, random_token};
use tenantry_keys::Purpose;
use tenantry_store::{SystemRole, SystemTx};

use super::domains::domain_of;
use super::model::{Connection, ConnectionState, TestResult};
use super::system_repo::{self, NewLink, Provenance};
use super::{Arrival, Asserted, Flow, FlowPurpose, Refused, social};
use crate::accounts::LogInOutcome;
use crate::factors::Method;
use crate::members::seats;
use crate::users::entity::Model as UserRow;
use crate::users::{self, Email, PersonName};
use crate::{Identity, members};

/// Somebody who may come in, or what else is to be said.
enum Met {
    Person(UserId),
    Said(Arrival),
}

impl From<Refused> for Met {
    fn from(refused: Refused) -> Self {
        Self::Said(Arrival::Refused(refused))
    }
}

impl Identity {
    /// Judges what a provider has said. `ctx` is of the request that the browser came back with.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer. Whoever is not let in is an outcome, no error.
    pub async fn arrive(&self, ctx: &Ctx, flow: Flow, asserted: Asserted) -> Result<Arrival> {
        if asserted.connection != flow.connection {
            return Ok(Arrival::Refused(Refused::Changed));
        }
        let arrival = match flow.purpose {
            FlowPurpose::Test => self.arrive_tested(ctx, &flow, &asserted).await?,
            FlowPurpose::LogIn => self.arrive_logging_in(ctx, &flow, &asserted).await?,
        };
        if let Arrival::Refused(refused) = &arrival {
            tracing::info!(
                connection.id = %flow.connection, request.id = %ctx.request(), flow.reason = refused.code(),
                "single sign-on let nobody in"
            );
        }
        Ok(arrival)
    }

    async fn arrive_tested(&self, ctx: &Ctx, flow: &Flow, asserted: &Asserted) -> Result<Arrival> {
        let result = TestResult {
            at: ctx.now(),
            passed: true,
            reason: None,
            subject: Some(asserted.subject.clone()),
            email: asserted.email.clone(),
            email_verified: asserted.email_verified,
            name: asserted.name.clone(),
            groups: asserted.groups.clone(),
            methods: asserted.methods.clone(),
        };
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let counts = system_repo::set_test(&tx, flow.connection, (&result, flow.created_at)).await?;
        tx.commit().await?;
        Ok(if counts {
            Arrival::TestDone { return_to: flow.return_to.clone() }
        } else {
            Arrival::Refused(Refused::Changed)
        })
    }

    async fn arrive_logging_in(&self, ctx: &Ctx, flow: &Flow, asserted: &Asserted) -> Result<Arrival> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        // Locked until the end: what the provider said counts for the settings by which it was asked.
        let connection = match asserted.tenant {
            None if social::find(&self.config().social, asserted.connection).is_some() => None,
            None => return Ok(Arrival::Refused(Refused::Changed)),
            Some(tenant) => {
                seats::lock(&tx, tenant).await?;
                let found = system_repo::connection(&tx, asserted.connection).await?;
                let usable = |c: &Connection| {
                    c.tenant == tenant
                        && c.state() != ConnectionState::Draft
                        && c.settings_changed_at <= flow.created_at
                };
                let Some((connection, _)) = found.filter(|(c, _)| usable(c)) else {
                    return Ok(Arrival::Refused(Refused::Changed));
                };
                Some(connection)
            }
        };
        let met = self.meet(&tx, ctx, (flow, asserted, connection.as_ref())).await?;
        let user = match met {
            Met::Said(said) => {
                tx.commit().await?;
                return Ok(said);
            }
            Met::Person(user) => user,
        };
        if let Some(connection) = &connection
            && let Some(refused) = self.belong(&tx, ctx, (connection, user, asserted)).await?
        {
            // Nothing of it was: no account for who does not come in.
            return Ok(Arrival::Refused(refused));
        }
        let who = (asserted.connection, asserted.subject.as_str());
        system_repo::touch_identity(&tx, who, ctx.now()).await?;
        let row = users::repo::by_id(&tx, user).await?.ok_or_else(Error::unauthenticated)?;
        tx.commit().await?;
        self.let_in(ctx, row, (flow, asserted)).await
    }

    /// Which person it is: known, new, or somebody who has to prove it first.
    async fn meet(
        &self,
        tx: &SystemTx,
        ctx: &Ctx,
        (flow, asserted, connection): (&Flow, &Asserted, Option<&Connection>),
    ) -> Result<Met> {
        let who = (asserted.connection, asserted.subject.as_str());
        if let Some(user) = system_repo::identity(tx, who).await? {
            return Ok(Met::Person(user));
        }
        let Some(email) = asserted.email.as_deref().and_then(|email| email.parse::<Email>().ok()) else {
            return Ok(Refused::NoEmail.into());
        };
        let own_domain = match connection {
            Some(connection) => {
                system_repo::owns_domain(tx, connection.tenant, domain_of(email.as_str())).await?
            }
            None => false,
        };
        // Where everybody may register at the provider, its domain says nothing of who they are.
        if asserted.email_denied || (!asserted.email_verified && !own_domain) {
            return Ok(Refused::EmailNotVerified.into());
        }
        let person = users::repo::by_email(tx, &email).await?;
        if let Some(connection) = connection.filter(|_| !own_domain) {
            // Of addresses elsewhere the tenant learns nothing that it does not know: whether there is an account is told
            // for its own members alone.
            let member = match &person {
                Some(person) => {
                    system_repo::role_of(tx, connection.tenant, person.user_id()).await?.is_some()
                }
                None => false,
            };
            if !member {
                return Ok(Refused::ForeignDomain.into());
            }
        }
        let user = match person {
            Some(person) => {
                let tenants_own = match connection.filter(|_| own_domain) {
                    Some(connection) => {
                        system_repo::is_tenants_own(tx, connection.tenant, person.user_id()).await?
                    }
                    None => false,
                };
                if !tenants_own {
                    return self.ask_for_proof(tx, ctx, (flow, asserted, &person)).await;
                }
                users::repo::set_verified(tx, person.user_id(), ctx.now()).await?;
                person.user_id()
            }
            None => match connection {
                Some(connection) if !connection.jit => return Ok(Refused::NotAMember.into()),
                _ => new_person(tx, ctx, (&email, asserted)).await?,
            },
        };
        if system_repo::insert_identity(tx, who, (user, ctx.now())).await? {
            Ok(Met::Person(user))
        } else {
            // Somebody came in as the same one at the same moment: the next try finds them.
            Err(Error::conflict("Somebody else is logging in as this person at this moment."))
        }
    }

    async fn ask_for_proof(
        &self,
        tx: &SystemTx,
        ctx: &Ctx,
        (flow, asserted, person): (&Flow, &Asserted, &UserRow),
    ) -> Result<Met> {
        let token = random_token(ctx.entropy());
        let new = NewLink {
            connection: asserted.connection,
            subject: &asserted.subject,
            user: person.user_id(),
            return_to: &flow.return_to,
        };
        system_repo::insert_link(tx, new, (&token, ctx.now())).await?;
        Ok(Met::Said(Arrival::LinkNeeded { token }))
    }

    /// Makes the person a member as the connection says, and gives a member the role that their groups mean.
    async fn belong(
        &self,
        tx: &SystemTx,
        ctx: &Ctx,
        (connection, user, asserted): (&Connection, UserId, &Asserted),
    ) -> Result<Option<Refused>> {
        let tenant = connection.tenant;
        let mapped = super::roles::role_for(connection, &asserted.groups);
        match system_repo::role_of(tx, tenant, user).await? {
            Some(role) if connection.roles.is_empty() || role == mapped => Ok(None),
            // Of the groups that are not named, one might mean the role that they have.
            Some(_) if asserted.groups_incomplete => Ok(None),
            Some(role) => {
                self.follow_groups(tx, ctx, (connection, user), (role, mapped)).await?;
                Ok(None)
            }
            None if !connection.jit => Ok(Some(Refused::NotAMember)),
            None => {
                let most = self.config().seats.most(tx, tenant).await?;
                if members::repo::count(tx, tenant).await? >= most {
                    return Ok(Some(Refused::NoSeat));
                }
                members::repo::add(tx, tenant, (user, mapped), ctx.now()).await?;
                let what = members::record::What {
                    tenant,
                    action: "member.added",
                    subject: user.to_string(),
                    details: json!({ "role": mapped.to_string(), "connection": connection.id.to_string() }),
                };
                members::record::record(tx, ctx, what).await?;
                Ok(None)
            }
        }
    }

    async fn let_in(
        &self,
        ctx: &Ctx,
        user: UserRow,
        (flow, asserted): (&Flow, &Asserted),
    ) -> Result<Arrival> {
        if asserted.tenant.is_none() {
            // A tenant answers for how its own people prove themselves. These reach all of the person's tenants, so what the
            // person set up for themselves is asked for, as after a password.
            let held = self.held_factors(user.user_id()).await?;
            if held.any() {
                let waits = self.await_factor(ctx, (user.user_id(), held), &[Method::Sso]).await?;
                let LogInOutcome::SecondFactorNeeded { token, factors, .. } = waits else {
                    return Err(Error::internal("a log-in did not wait for its second factor"));
                };
                return Ok(Arrival::FactorNeeded { token, factors, return_to: flow.return_to.clone() });
            }
        }
        let LogInOutcome::LoggedIn { token, session, expires_at, user } =
            self.open_session(ctx, user, &[Method::Sso]).await?
        else {
            return Err(Error::internal("a person whom a provider vouches for was not logged in"));
        };
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let id_token = match (&asserted.id_token_hint, asserted.tenant) {
            (Some(hint), Some(tenant)) => {
                let subject = session.to_string();
                Some(self.keys()?.seal(&tx, tenant, id_token_of(&subject), hint).await?)
            }
            // There is no tenant's key to seal it with, and these providers are not logged out of.
            _ => None,
        };
        let by = Provenance {
            connection: asserted.connection,
            reach: asserted.tenant,
            subject: &asserted.subject,
            provider_session: asserted.provider_session.as_deref(),
            id_token,
        };
        system_repo::mark_session(&tx, session, by).await?;
        if let Some(tenant) = asserted.tenant {
            let details = json!({ "user": user.id.to_string(), "session": session.to_string() });
            let resource = (tenant, "connection.logged_in", asserted.connection.to_string());
            super::record::record(&tx, ctx, resource, details, (None, None)).await?;
        }
        tx.commit().await?;
        Ok(Arrival::LoggedIn { token, session, expires_at, user, return_to: flow.return_to.clone() })
    }

    /// Whether the request's session came by the person's own way in, and not by a tenant's provider: only such a one
    /// proves that the account is theirs.
    pub(super) async fn own_session(&self, tx: &SystemTx, ctx: &Ctx) -> Result<bool> {
        let tenantry_authz::Actor::User { session, .. } = ctx.actor() else { return Ok(false) };
        let found = system_repo::session(tx, *session).await?;
        let social = &self.config().social;
        Ok(found.is_some_and(|(_, by)| by.is_none_or(|by| social::find(social, by).is_some())))
    }
}

pub(super) fn id_token_of(session: &str) -> Purpose<'_> {
    Purpose { kind: "sso_id_token", subject: session }
}

async fn new_person(tx: &SystemTx, ctx: &Ctx, (email, asserted): (&Email, &Asserted)) -> Result<UserId> {
    let id = UserId::generate(ctx.clock(), ctx.entropy());
    let local = email.as_str().split('@').next().unwrap_or_default();
    let said = asserted.name.as_deref().unwrap_or_default();
    let name = said.parse::<PersonName>().or_else(|_| local.parse::<PersonName>())?;
    let row = UserRow {
        id: id.uuid(),
        email: email.to_string(),
        name: name.into_string(),
        password_hash: None,
        platform_role: None,
        email_verified_at: Some(ctx.now()),
        created_at: ctx.now(),
    };
    if users::repo::insert(tx, row).await? {
        Ok(id)
    } else {
        Err(Error::conflict("Somebody has just signed up with this address."))
    }
}
