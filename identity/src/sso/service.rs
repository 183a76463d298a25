//! A tenant's connections: made, changed, tested, enforced, deleted.

use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind, Role};
use tenantry_kernel::{ConnectionId, Error, Result, Secret, TenantId};
use tenantry_keys::Purpose;
use tenantry_store::audit::Facts;
use tenantry_store::{SystemRole, SystemTx, TenantTx, Transaction};

use super::model::{
    Connection, CreateConnection, EnforceConnection, FLOW_LASTS, MOST_CONNECTIONS, OidcInput, ProviderInput,
    SetConnectionPeople, UpdateConnection, check_name, check_people, ensure_complete, local_path,
};
use super::record::record;
use super::saml::{self, KeyState, SamlChange};
use super::{ProviderSettings, domain_repo, repo, system_repo};
use crate::Identity;
use crate::members::{self, seats};

impl Identity {
    /// Makes a connection, which nobody can use before a test of it has passed.
    ///
    /// # Errors
    /// `Invalid` for the name or the settings; `Conflict` when the tenant has ten.
    pub async fn create_connection(&self, ctx: &Ctx, input: CreateConnection) -> Result<Connection> {
        let name = check_name(&input.name)?;
        let change = self.read_provider(ctx, (input.tenant, input.provider)).await?;
        let fetched = change.fetched();
        let (settings, secret) = change.over(None)?;
        let id = ConnectionId::generate(ctx.clock(), ctx.entropy());
        let pair = match settings {
            ProviderSettings::Saml(_) => Some(self.new_pair(id).await?),
            ProviderSettings::Oidc(_) => None,
        };
        let tx = self.manage_sso(ctx, input.tenant).await?;
        if repo::count(&tx).await? >= MOST_CONNECTIONS {
            return Err(Error::conflict(format!("The organisation has {MOST_CONNECTIONS} connections."))
                .with_remedy("Delete one that is not used any more."));
        }
        let connection = Connection {
            id,
            tenant: input.tenant,
            name,
            settings,
            has_secret: secret.is_some(),
            jit: true,
            default_role: Role::Viewer,
            roles: Vec::new(),
            created_at: ctx.now(),
            settings_changed_at: ctx.now(),
            tested_at: None,
            last_test: None,
            enforced_at: None,
            guests_too: false,
            exempt: Vec::new(),
            setup_until: None,
            own_certificates: Vec::new(),
            metadata_fetched_at: fetched.then(|| ctx.now()),
            metadata_problem: None,
        };
        let secret = self.seal_secret(&tx, &connection, secret.as_ref()).await?;
        repo::insert(&tx, &connection, secret).await?;
        let connection = match &pair {
            Some(pair) => {
                self.keep_pair(&tx, ctx, (id, pair, KeyState::Current)).await?;
                find(&tx, id).await?
            }
            None => connection,
        };
        recorded(tx, ctx, ("connection.created", connection), (None, true)).await
    }

    /// Changes a connection's name and settings. With other settings it has to be tested again; with another issuer, who
    /// its people are is forgotten: they tie their accounts anew. Other certificates of a SAML provider, and another address
    /// of its metadata, are no other settings: they change while the connection is in use, and enforced.
    ///
    /// # Errors
    /// `NotFound`; `Invalid`; `Conflict` for one that is enforced.
    pub async fn update_connection(&self, ctx: &Ctx, input: UpdateConnection) -> Result<Connection> {
        let change = self.read_provider(ctx, (input.tenant, input.provider)).await?;
        let tx = self.manage_sso(ctx, input.tenant).await?;
        let before = find(&tx, input.id).await?;
        let update = Update { name: input.name.as_deref(), change, by_owner: true };
        let (after, secret) = self.changed(&tx, ctx, (&before, update)).await?;
        if !repo::update(&tx, &after, secret).await? {
            return Err(Error::not_found("connection"));
        }
        recorded(tx, ctx, ("connection.updated", after), (Some(&before), true)).await
    }

    /// As [`Self::read_provider`], for whoever was let in otherwise.
    pub(super) async fn read_provider_input(&self, tenant: TenantId, input: ProviderInput) -> Result<Change> {
        Ok(match input {
            ProviderInput::Oidc(oidc) => Change::Oidc(oidc),
            ProviderInput::Saml(saml) => Change::Saml(self.read_saml(tenant, saml).await?),
        })
    }

    /// A connection with an input's changes, and its new sealed secret.
    pub(super) async fn changed(
        &self,
        tx: &impl Transaction,
        ctx: &Ctx,
        (before, update): (&Connection, Update<'_>),
    ) -> Result<(Connection, Option<String>)> {
        let name = update.name.map(check_name).transpose()?.unwrap_or_else(|| before.name.clone());
        let fetched = update.change.fetched();
        let (settings, secret) = update.change.over(Some(&before.settings))?;
        let another = settings != before.settings || secret.is_some();
        let rotated = match (&before.settings, &settings) {
            (ProviderSettings::Saml(old), ProviderSettings::Saml(new)) => another && old.means_the_same(new),
            _ => false,
        };
        let keeps_its_test = rotated && update.by_owner;
        if !keeps_its_test || name != before.name {
            before.ensure_changeable()?;
        }
        let after = Connection {
            name,
            has_secret: before.has_secret || secret.is_some(),
            settings_changed_at: if another && !keeps_its_test {
                ctx.now()
            } else {
                before.settings_changed_at
            },
            metadata_fetched_at: if fetched { Some(ctx.now()) } else { before.metadata_fetched_at },
            // Whatever it was, somebody has looked at it now.
            metadata_problem: before
                .metadata_problem
                .clone()
                .filter(|_| settings == before.settings && !fetched),
            settings,
            ..before.clone()
        };
        let secret = self.seal_secret(tx, &after, secret.as_ref()).await?;
        Ok((after, secret))
    }

    /// Reads what an input brings, once the actor may.
    async fn read_provider(&self, ctx: &Ctx, (tenant, input): (TenantId, ProviderInput)) -> Result<Change> {
        self.may_manage_sso(ctx, tenant)?;
        self.read_provider_input(tenant, input).await
    }

    /// Says who comes in by a connection, and as what. It counts at each person's next log-in.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for owners; `Forbidden` for a role with a right that the actor lacks.
    pub async fn set_connection_people(&self, ctx: &Ctx, input: SetConnectionPeople) -> Result<Connection> {
        let roles = check_people(&input)?;
        let tx = self.manage_sso(ctx, input.tenant).await?;
        let before = find(&tx, input.id).await?;
        let catalog = self.catalog(&tx).await?;
        let authority = self.authority(&tx, ctx, (&catalog, ResourceKind::Member)).await?;
        catalog.ensure_may_give(&authority, input.default_role.into())?;
        for one in &roles {
            catalog.ensure_may_give(&authority, one.role)?;
        }
        let after = Connection { jit: input.jit, default_role: input.default_role, roles, ..before.clone() };
        repo::set_people(&tx, &after).await?;
        recorded(tx, ctx, ("connection.people_set", after), (Some(&before), true)).await
    }

    /// Gives a ticket for one test, good for ten minutes: the way to the provider begins with it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while the provider is not known.
    pub async fn test_connection(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, ConnectionId),
        return_to: Option<&str>,
    ) -> Result<Secret> {
        let tx = self.manage_sso(ctx, tenant).await?;
        let connection = find(&tx, id).await?;
        let ticket = ticket(&tx, ctx, (&connection, return_to)).await?;
        tx.commit().await?;
        Ok(ticket)
    }

    /// From now on the tenant's people come in by this connection only: those with addresses in its proven domains, and
    /// with `guests_too` all others. Sessions that came otherwise do not end; in this tenant they are good for nothing.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` unless a test has passed within seven days, a domain is proven, and no other connection is
    /// enforced; `Invalid` for exempt people who are no owners with a password, or none at all.
    pub async fn enforce_connection(&self, ctx: &Ctx, input: EnforceConnection) -> Result<Connection> {
        let tx = self.manage_sso(ctx, input.tenant).await?;
        let before = find(&tx, input.id).await?;
        before.ensure_proven(ctx.now())?;
        if domain_repo::standing(&tx).await?.1 == 0 {
            return Err(Error::conflict("The organisation has not proven a domain yet.")
                .with_remedy("Add the domain of your people's addresses, and publish its record."));
        }
        let mut exempt = input.exempt;
        exempt.sort_unstable();
        exempt.dedup();
        self.ensure_ways_in(&tx, &exempt).await?;
        let since = before.enforced_at.or(Some(ctx.now()));
        let after = Connection { enforced_at: since, guests_too: input.guests_too, exempt, ..before.clone() };
        repo::set_enforced(&tx, &after, since).await?;
        recorded(tx, ctx, ("connection.enforced", after), (Some(&before), true)).await
    }

    /// Lets the tenant's people in by their other ways again. Repeating it changes nothing.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn stop_enforcing_connection(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, ConnectionId),
    ) -> Result<Connection> {
        let tx = self.manage_sso(ctx, tenant).await?;
        let before = find(&tx, id).await?;
        if before.enforced_at.is_none() {
            return Ok(before);
        }
        let after = Connection { enforced_at: None, guests_too: false, exempt: Vec::new(), ..before.clone() };
        repo::set_enforced(&tx, &after, None).await?;
        recorded(tx, ctx, ("connection.not_enforced", after), (Some(&before), true)).await
    }

    /// Deletes a connection. The sessions that came by it end, and accounts are tied to it no more.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for one that is enforced.
    pub async fn delete_connection(&self, ctx: &Ctx, (tenant, id): (TenantId, ConnectionId)) -> Result<()> {
        let tx = self.manage_sso(ctx, tenant).await?;
        let before = find(&tx, id).await?;
        before.ensure_changeable()?;
        repo::delete(&tx, id).await?;
        recorded(tx, ctx, ("connection.deleted", before.clone()), (Some(&before), false)).await.map(|_| ())
    }

    /// The tenant's connections, oldest first.
    ///
    /// # Errors
    /// `NotFound` where the actor is no member, `Forbidden` where its role may not see them.
    pub async fn connections(&self, ctx: &Ctx, tenant: TenantId) -> Result<Vec<Connection>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Sso, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let connections = repo::list(&tx).await?;
        tx.commit().await?;
        Ok(connections)
    }

    /// Each of them must be an owner, and able to come in without a provider.
    async fn ensure_ways_in(&self, tx: &TenantTx, exempt: &[tenantry_kernel::UserId]) -> Result<()> {
        let wrong = |text: &str| {
            Err(Error::invalid("exempt", text)
                .with_remedy("Choose at least one owner who can log in with a password."))
        };
        if exempt.is_empty() {
            return wrong("Nobody could come in if the provider were down.");
        }
        for user in exempt {
            let owner = members::repo::find(tx, *user).await?.is_some_and(|m| m.role == Role::Owner);
            if !owner {
                return wrong("Only owners come in without the provider.");
            }
        }
        // People stand above tenants: only the system sees whether they have passwords.
        let system = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let with_password = system_repo::with_password(&system, exempt).await?;
        system.commit().await?;
        if with_password != exempt.len() as i64 {
            return wrong("One of these owners has no password.");
        }
        Ok(())
    }

    /// Before something that takes long, and is not for whoever may not.
    pub(super) fn may_manage_sso(&self, ctx: &Ctx, tenant: TenantId) -> Result<()> {
        ctx.permit(Action::Manage, &Resource::new(ResourceKind::Sso, tenant)).map(drop)
    }

    pub(super) async fn manage_sso(&self, ctx: &Ctx, tenant: TenantId) -> Result<TenantTx> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Sso, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        seats::lock(&tx, tenant).await?;
        Ok(tx)
    }

    async fn seal_secret(
        &self,
        tx: &impl Transaction,
        connection: &Connection,
        secret: Option<&Secret>,
    ) -> Result<Option<String>> {
        let Some(secret) = secret else { return Ok(None) };
        let subject = connection.id.to_string();
        self.keys()?.seal(tx, connection.tenant, secret_of(&subject), secret).await.map(Some)
    }
}

/// What is to become of a provider, read and not yet put over what is there.
pub(super) enum Change {
    Oidc(OidcInput),
    Saml(SamlChange),
}

/// What is to become of a connection.
pub(super) struct Update<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) change: Change,
    /// And not by whoever holds a link for setting up.
    pub(super) by_owner: bool,
}

impl Change {
    fn fetched(&self) -> bool {
        matches!(self, Self::Saml(saml) if saml.fetched)
    }

    /// The settings that come of it, and a new client secret.
    fn over(self, old: Option<&ProviderSettings>) -> Result<(ProviderSettings, Option<Secret>)> {
        let other = |field| {
            Err(Error::invalid(field, "The connection speaks another protocol.")
                .with_remedy("Make another connection for it."))
        };
        Ok(match (self, old) {
            (Self::Oidc(input), None) => (ProviderSettings::Oidc(input.over(None)?), input.client_secret),
            (Self::Oidc(input), Some(ProviderSettings::Oidc(old))) => {
                (ProviderSettings::Oidc(input.over(Some(old))?), input.client_secret)
            }
            (Self::Oidc(input), Some(old)) if input.is_empty() => (old.clone(), None),
            (Self::Saml(change), None) => (ProviderSettings::Saml(change.over(None)), None),
            (Self::Saml(change), Some(ProviderSettings::Saml(old))) => {
                (ProviderSettings::Saml(change.over(Some(old))), None)
            }
            (Self::Oidc(_), Some(ProviderSettings::Saml(_))) => return other("issuer"),
            (Self::Saml(_), Some(ProviderSettings::Oidc(_))) => return other("saml"),
        })
    }
}

/// What a client's sealed secret is for.
pub(super) fn secret_of(connection: &str) -> Purpose<'_> {
    Purpose { kind: "connection_secret", subject: connection }
}

/// A ticket for one test of a connection.
pub(super) async fn ticket(
    tx: &impl Transaction,
    ctx: &Ctx,
    (connection, return_to): (&Connection, Option<&str>),
) -> Result<Secret> {
    ensure_complete(&connection.settings)?;
    let ticket = tenantry_kernel::random_token(ctx.entropy());
    let whose = (connection.tenant, connection.id);
    let until = ctx.now() + FLOW_LASTS;
    repo::insert_ticket(tx, whose, (&ticket, &local_path(return_to), until)).await?;
    Ok(ticket)
}

pub(super) async fn find(tx: &TenantTx, id: ConnectionId) -> Result<Connection> {
    repo::find(tx, id).await?.ok_or_else(|| Error::not_found("connection"))
}

async fn recorded(
    tx: TenantTx,
    ctx: &Ctx,
    (action, connection): (&'static str, Connection),
    (before, stays): (Option<&Connection>, bool),
) -> Result<Connection> {
    let change = (before.map(facts), stays.then(|| facts(&connection)));
    let resource = (connection.tenant, action, connection.id.to_string());
    record(&tx, ctx, resource, json!({ "name": connection.name }), change).await?;
    tx.commit().await?;
    Ok(connection)
}

/// What the audit trail says of a connection.
pub(super) fn facts(connection: &Connection) -> Facts {
    let roles: Vec<String> =
        connection.roles.iter().map(|one| format!("{}: {}", one.group, one.role)).collect();
    let facts = Facts::new().with("name", &connection.name);
    let facts = match &connection.settings {
        ProviderSettings::Oidc(oidc) => {
            facts.with("issuer", &oidc.issuer).with("clientId", &oidc.client_id).with("scopes", &oidc.scopes)
        }
        ProviderSettings::Saml(saml) => saml::facts(facts, saml),
    };
    facts
        .with("settingsChangedAt", connection.settings_changed_at)
        .with("createsMembers", connection.jit)
        .with("defaultRole", connection.default_role)
        .with("roles", roles)
        .with("enforced", connection.enforced_at.is_some())
        .with("guestsToo", connection.guests_too)
        .with("exempt", &connection.exempt)
}
