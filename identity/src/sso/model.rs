use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tenantry_authz::Role;
use tenantry_kernel::{ConnectionId, Error, Result, Secret, TenantId, UserId};
use url::{Host, Url};

use super::saml::{OwnCertificate, SamlInput};
use super::{ClaimNames, OidcSettings, ProviderSettings};
use crate::roles::AssignedRole;

/// How many connections a tenant may have.
pub(crate) const MOST_CONNECTIONS: i64 = 10;
/// A test older than this says nothing about the provider of today.
pub(crate) const TEST_LASTS: TimeDelta = TimeDelta::days(7);
/// How long somebody may take at the provider.
pub(crate) const FLOW_LASTS: TimeDelta = TimeDelta::minutes(10);
/// How long somebody may take to prove that an account is theirs.
pub(crate) const LINK_LASTS: TimeDelta = TimeDelta::minutes(15);
/// How long a link for setting a connection up works.
pub(crate) const SETUP_LASTS: TimeDelta = TimeDelta::days(7);

const MOST_ROLES: usize = 50;
const MOST_SCOPES: usize = 20;

/// A tenant's way to its identity provider, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub id: ConnectionId,
    pub tenant: TenantId,
    pub name: String,
    pub settings: ProviderSettings,
    pub has_secret: bool,
    /// Whether people come in who are no members yet.
    pub jit: bool,
    pub default_role: Role,
    /// Which role a group of the provider's means: the first that fits counts.
    pub roles: Vec<RoleOfGroup>,
    pub created_at: DateTime<Utc>,
    pub settings_changed_at: DateTime<Utc>,
    pub tested_at: Option<DateTime<Utc>>,
    pub last_test: Option<TestResult>,
    pub enforced_at: Option<DateTime<Utc>>,
    pub guests_too: bool,
    /// Owners who come in without it once it is enforced.
    pub exempt: Vec<UserId>,
    /// Until when a link works by which somebody without an account sets it up.
    pub setup_until: Option<DateTime<Utc>>,
    /// Of SAML: our own, oldest first.
    pub own_certificates: Vec<OwnCertificate>,
    /// When the provider's metadata was last fetched and taken over.
    pub metadata_fetched_at: Option<DateTime<Utc>>,
    /// Why the newest was not.
    pub metadata_problem: Option<String>,
}

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not tested since its settings changed: nobody logs in by it.
    Draft,
    /// People may log in by it.
    Tested,
    /// People must.
    Enforced,
}

impl Connection {
    pub fn state(&self) -> ConnectionState {
        match (self.enforced_at, self.tested_at) {
            (Some(_), _) => ConnectionState::Enforced,
            (None, Some(at)) if at >= self.settings_changed_at => ConnectionState::Tested,
            _ => ConnectionState::Draft,
        }
    }

    /// # Errors
    /// `Conflict` for one that is enforced: its people would be locked out by a mistake.
    pub(crate) fn ensure_changeable(&self) -> Result<()> {
        if self.state() == ConnectionState::Enforced {
            return Err(Error::conflict("This connection is enforced.")
                .with_remedy("Stop enforcing it, change and test it, then enforce it again."));
        }
        Ok(())
    }

    /// # Errors
    /// `Conflict` unless a test of the present settings has passed within seven days.
    pub(crate) fn ensure_proven(&self, now: DateTime<Utc>) -> Result<()> {
        let fresh = self.tested_at.is_some_and(|at| now - at <= TEST_LASTS);
        if self.state() == ConnectionState::Draft || !fresh {
            return Err(Error::conflict(
                "No test of this connection has passed in the last seven days, as it is set now.",
            )
            .with_remedy("Test it: log in at the provider, and see that it says what you expect."));
        }
        Ok(())
    }
}

/// Members of a group get a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleOfGroup {
    pub group: String,
    pub role: AssignedRole,
}

/// What a test saw. It is for the connection's administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    pub at: DateTime<Utc>,
    pub passed: bool,
    /// Why not.
    pub reason: Option<String>,
    pub subject: Option<String>,
    pub email: Option<String>,
    pub email_verified: bool,
    pub name: Option<String>,
    pub groups: Vec<String>,
    pub methods: Vec<String>,
}

impl TestResult {
    pub(crate) fn failed(at: DateTime<Utc>, reason: &str) -> Self {
        Self {
            at,
            passed: false,
            reason: Some(reason.chars().take(500).collect()),
            subject: None,
            email: None,
            email_verified: false,
            name: None,
            groups: Vec::new(),
            methods: Vec::new(),
        }
    }
}

/// How to reach a provider. What is `None` stays, or has its usual value.
#[derive(Debug, Clone, Default)]
pub struct OidcInput {
    pub issuer: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
    pub scopes: Option<Vec<String>>,
    pub claims: Option<ClaimNames>,
}

/// What somebody says of a provider, in the words of its protocol.
#[derive(Debug, Clone)]
pub enum ProviderInput {
    Oidc(OidcInput),
    Saml(SamlInput),
}

impl From<OidcInput> for ProviderInput {
    fn from(input: OidcInput) -> Self {
        Self::Oidc(input)
    }
}

impl From<SamlInput> for ProviderInput {
    fn from(input: SamlInput) -> Self {
        Self::Saml(input)
    }
}

#[derive(Debug, Clone)]
pub struct CreateConnection {
    pub tenant: TenantId,
    pub name: String,
    pub provider: ProviderInput,
}

#[derive(Debug, Clone)]
pub struct UpdateConnection {
    pub tenant: TenantId,
    pub id: ConnectionId,
    pub name: Option<String>,
    /// Of the connection's protocol; an empty one of the other changes nothing.
    pub provider: ProviderInput,
}

/// Who comes in by a connection, and as what.
#[derive(Debug, Clone)]
pub struct SetConnectionPeople {
    pub tenant: TenantId,
    pub id: ConnectionId,
    pub jit: bool,
    pub default_role: Role,
    pub roles: Vec<RoleOfGroup>,
}

#[derive(Debug, Clone)]
pub struct EnforceConnection {
    pub tenant: TenantId,
    pub id: ConnectionId,
    /// Owners with a password who come in without it, for when it is broken. At least one.
    pub exempt: Vec<UserId>,
    pub guests_too: bool,
}

impl OidcInput {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        let Self { issuer, client_id, client_secret, scopes, claims } = self;
        issuer.is_none()
            && client_id.is_none()
            && client_secret.is_none()
            && scopes.is_none()
            && claims.is_none()
    }

    /// The settings that come of it, over what is there. Something that is not there yet may stay empty: a link for
    /// setting up is given out before anything is known.
    ///
    /// # Errors
    /// `Invalid` with the field.
    pub(crate) fn over(&self, old: Option<&OidcSettings>) -> Result<OidcSettings> {
        let issuer = match &self.issuer {
            Some(issuer) => check_issuer(issuer)?,
            None => old.map(|o| o.issuer.clone()).unwrap_or_default(),
        };
        let client_id = match &self.client_id {
            Some(id) => one_line("clientId", id, 500)?,
            None => old.map(|o| o.client_id.clone()).unwrap_or_default(),
        };
        if let Some(secret) = &self.client_secret
            && (secret.expose().is_empty() || secret.expose().len() > 2000)
        {
            return Err(Error::invalid("clientSecret", "A client's secret has 1 to 2000 characters."));
        }
        let scopes = match (&self.scopes, old) {
            (Some(scopes), _) => check_scopes(scopes)?,
            (None, Some(old)) => old.scopes.clone(),
            (None, None) => ["openid", "email", "profile"].map(str::to_owned).to_vec(),
        };
        let claims = match (&self.claims, old) {
            (Some(claims), _) => ClaimNames {
                email: one_line("emailClaim", &claims.email, 200)?,
                name: one_line("nameClaim", &claims.name, 200)?,
                groups: one_line("groupsClaim", &claims.groups, 200)?,
            },
            (None, Some(old)) => old.claims.clone(),
            (None, None) => ClaimNames::default(),
        };
        Ok(OidcSettings { issuer, client_id, scopes, claims })
    }
}

/// That the settings are enough to go to the provider.
///
/// # Errors
/// `Conflict` where something lacks.
pub(crate) fn ensure_complete(settings: &ProviderSettings) -> Result<()> {
    match settings {
        ProviderSettings::Oidc(oidc) if oidc.issuer.is_empty() || oidc.client_id.is_empty() => {
            Err(Error::conflict("The connection has no issuer or no client id yet.")
                .with_remedy("Give both, as the provider shows them."))
        }
        ProviderSettings::Saml(saml) if !saml.is_complete() => {
            Err(Error::conflict("The connection does not know its provider yet.")
                .with_remedy("Give the provider's metadata, or the address where it is."))
        }
        ProviderSettings::Oidc(_) | ProviderSettings::Saml(_) => Ok(()),
    }
}

/// # Errors
/// `Invalid` on `name`.
pub(crate) fn check_name(name: &str) -> Result<String> {
    if name.trim().is_empty() {
        return Err(Error::invalid("name", "A connection needs a name.")
            .with_remedy("Give the name that your people know the provider by."));
    }
    one_line("name", name, 100)
}

/// # Errors
/// `Invalid` on `roles` or `defaultRole`.
pub(crate) fn check_people(input: &SetConnectionPeople) -> Result<Vec<RoleOfGroup>> {
    let owner = |field| {
        Error::invalid(field, "A provider makes nobody an owner.")
            .with_remedy("Choose another role; an owner can make a member an owner.")
    };
    if input.default_role == Role::Owner {
        return Err(owner("defaultRole"));
    }
    if input.roles.len() > MOST_ROLES {
        return Err(Error::invalid("roles", format!("At most {MOST_ROLES} groups have roles.")));
    }
    input
        .roles
        .iter()
        .map(|one| {
            if one.role == Role::Owner {
                return Err(owner("roles"));
            }
            Ok(RoleOfGroup { group: one_line("roles", &one.group, 200)?, role: one.role })
        })
        .collect()
}

/// OpenID Connect Discovery 1.0, section 3: `https`, no query, no fragment. Whether the address may be reached is the
/// outbound client's to say; plain HTTP is for loopback, which only a development configuration lets it reach.
fn check_issuer(issuer: &str) -> Result<String> {
    let wrong = |text: &str| {
        Err(Error::invalid("issuer", text)
            .with_remedy("Copy the issuer from the provider's page, such as https://login.example.com."))
    };
    let issuer = issuer.trim();
    if issuer.len() > 500 {
        return wrong("An issuer's address has at most 500 characters.");
    }
    let Ok(url) = Url::parse(issuer) else { return wrong("That is not an address.") };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return wrong("An issuer's address begins with https://.");
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return wrong("An issuer's address has no user name, query or fragment.");
    }
    Ok(issuer.to_owned())
}

/// RFC 6749, section 3.3: printable ASCII without space, quotation mark and backslash.
fn check_scopes(scopes: &[String]) -> Result<Vec<String>> {
    let wrong = |text: &str| Err(Error::invalid("scopes", text));
    if scopes.len() > MOST_SCOPES {
        return wrong("There are at most 20 scopes.");
    }
    let is_token = |scope: &String| {
        (1..=200).contains(&scope.len())
            && scope.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
    };
    if !scopes.iter().all(is_token) {
        return wrong("A scope is one word of printable characters.");
    }
    if !scopes.iter().any(|scope| scope == "openid") {
        return wrong("The scope openid must be among them.");
    }
    Ok(scopes.to_vec())
}

pub(super) fn one_line(field: &'static str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    if !(1..=most).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        return Err(Error::invalid(field, format!("This is one line of 1 to {most} characters.")));
    }
    Ok(text.to_owned())
}

/// Where somebody lands who was going nowhere in particular: the portal sends them on to their organisation.
pub(super) const HOME: &str = "/home";

/// A path of the portal, or its home: never another site, whatever a browser makes of backslashes, tabs and
/// empty authorities (WHATWG URL).
pub(crate) fn local_path(path: Option<&str>) -> String {
    let home = || HOME.to_owned();
    let Some(path) = path else { return home() };
    let plain = path.len() <= 1000 && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if plain && path.starts_with('/') && !path.starts_with("//") { path.to_owned() } else { home() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oidc(issuer: &str) -> OidcInput {
        OidcInput { issuer: Some(issuer.into()), client_id: Some("id".into()), ..OidcInput::default() }
    }

    #[test]
    fn issuers_are_https_addresses_and_kept_as_they_were_written() {
        for good in [
            "https://login.example.com",
            "https://a.example/realms/x/",
            "http://localhost:9000",
            "http://127.0.0.1:1",
        ] {
            assert_eq!(oidc(good).over(None).unwrap().issuer, good);
        }
        for bad in [
            "",
            "login.example.com",
            "http://login.example.com",
            "https://a.example/?x=1",
            "https://a.example/#x",
            "https://u@a.example",
            "javascript:alert(1)",
            "file:///etc/passwd",
        ] {
            assert_eq!(oidc(bad).over(None).unwrap_err().field(), Some("issuer"), "{bad}");
        }
    }

    #[test]
    fn what_is_not_given_stays_and_scopes_include_openid() {
        let first = oidc("https://a.example").over(None).unwrap();
        assert_eq!(first.scopes, ["openid", "email", "profile"]);
        let next = OidcInput { client_id: Some("other".into()), ..OidcInput::default() };
        let next = next.over(Some(&first)).unwrap();
        assert_eq!((next.issuer.as_str(), next.client_id.as_str()), ("https://a.example", "other"));
        for bad in [vec!["email"], vec!["openid", "a b"], vec!["openid", ""]] {
            let scopes = Some(bad.iter().map(|s| (*s).to_owned()).collect());
            let input = OidcInput { scopes, ..OidcInput::default() };
            assert_eq!(input.over(Some(&first)).unwrap_err().field(), Some("scopes"), "{bad:?}");
        }
    }

    #[test]
    fn a_way_back_is_a_path_of_the_portal_and_nothing_else() {
        assert_eq!(local_path(Some("/t/acme/instances?x=1")), "/t/acme/instances?x=1");
        for bad in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "evil",
            "",
            "/a b",
            "/\n/evil.example",
        ] {
            assert_eq!(local_path(Some(bad)), HOME, "{bad:?}");
        }
        assert_eq!(local_path(None), HOME);
    }
}
