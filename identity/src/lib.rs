//! People and their ways in: who somebody is, which tenants they belong to, and how they prove it.
//!
//! What it owns:
//! - [`Identity`], the one service: sign-up, verification by link, log-in and log-out, sessions, password reset,
//!   members of a tenant and invitations into it, the first operator;
//! - second factors: authenticators of codes, recovery codes and passkeys, the second step of a log-in, fresh proofs;
//! - what programs come in with: API keys of members, service accounts with the credentials and tokens of OAuth 2;
//! - the mail that goes with it: [`Mailer`] is the port, [`SmtpMailer`] the real way, [`CapturingMailer`] the
//!   embedded default. Mail leaves by a job ([`SEND_MAIL`]) that was added in the transaction that made it due.
//!
//! What it refuses: deciding what somebody may do (that is `tenantry-authz`; it hands over the facts, see
//! [`Authenticated`]), cookies and headers (the transport's), making tenants (`control-plane` does, and calls
//! [`Identity::add_first_owner`] in its own transaction).
//!
//! Invariants:
//! - *no answer tells whether an account exists*: sign-up, reset and log-in answer alike, after the same work (a
//!   decoy hash is checked where there is no account), and the limits count accounts that do not exist as well;
//! - *an address is proven before its account opens*, and no password that was chosen before the proof survives a
//!   second sign-up with another one: a stranger cannot put a password onto an address and wait;
//! - passwords are kept as Argon2id hashes, tokens of sessions and links as SHA-256 of 256 random bits: the
//!   database opens nothing. The queue holds ids only; a link's token is made when its mail is written;
//! - a link works once, for one purpose, for a limited time; of two uses at once, one wins;
//! - a second factor is asked of whoever has one, by every way in that shows a password; a code is taken once, and
//!   wrong ones lock the factor (`factors`). A session knows how and when it was proven, and gets another token then;
//! - secrets of programs have a form that scanners know and a checksum, are shown once, kept as SHA-256, and end; what
//!   is taken away is good for nothing at the next request. A key never does more than its maker may do now;
//! - a new password ends every session, or every other one where somebody logged in changed it: that one goes on with
//!   another token;
//! - a tenant's limits on sessions, and the end of a member's sessions by its administrators, count in that tenant alone
//!   (`session_policy`);
//! - a tenant keeps an owner, and has no more people than its plan allows ([`ports::Seats`]), whatever happens at
//!   once; nobody gives or takes a role with a right that they lack;
//! - a tenant's directory (SCIM) makes nobody a member whom it has described: they are invited, and accept. Whom it
//!   deactivates is out at once, of that tenant alone;
//! - people stand above tenants: the application's database role cannot read them, and sees members of the tenant
//!   of its transaction only;
//! - staff without a password come in by the one-time link of the first start, never by mail.
//!
//! Failure modes:
//! - the mail server is away: the job is tried again with growing pauses, then shown to the operator as dead. Each
//!   try makes a new link; the ones that never left expire;
//! - a flood of log-ins: hashing has a bounded number of turns, whoever waits too long is told `Unavailable`.
//!   Failures of an account are counted over all nodes (`attempts`); the other limits are per process and forgotten at a
//!   restart (`throttle`);
//! - the database is away: every call answers `Unavailable`; nothing is kept in memory but the limits.

mod accounts;
mod api_keys;
mod attempts;
#[cfg(test)]
mod credential_isolation_tests;
mod devices;
mod factors;
mod identity;
mod invitations;
mod links;
mod mail;
mod members;
pub mod oidc;
mod passkeys;
mod passwords;
pub mod ports;
mod programs;
mod recognisable;
#[cfg(test)]
mod repo_isolation_tests;
mod roles;
pub mod saml;
mod scim;
#[cfg(test)]
mod scim_isolation_tests;
mod service_accounts;
mod session_policy;
mod sessions;
mod sso;
mod support;
mod throttle;
mod token;
mod users;

pub use accounts::{
    ChangePassword, CompleteSetup, LogIn, LogInOutcome, OperatorSetup, ResetOutcome, ResetPassword, SignUp,
    VerifyOutcome,
};
pub use api_keys::{ApiKey, CreateApiKey, NewSecret, RotateApiKey};
pub use devices::{Device, DeviceKind, NewSignIn, SEND_NEW_SIGN_IN};
pub use factors::{
    CompleteLogIn, FactorKind, FactorProof, Factors, Method, ProveOutcome, ProveWith, QrCode, ResetFactors,
    SetMfaRequired, TotpEnrolment,
};
pub use identity::{Identity, IdentityConfig};
pub use invitations::{
    AcceptOutcome, Invitation, InvitationJob, InvitationPreview, InviteMember, SEND_INVITATION,
};
pub use mail::{
    CapturedMail, CapturingMailer, Mail, MailJob, MailKind, Mailer, SEND_MAIL, SmtpMailer, SmtpSettings,
};
pub use members::{ChangeMemberRole, Member, TransferOwnership};
pub use passkeys::{Passkey, PasskeyAnswer, PasskeyChallenge, PasskeyRegistered};
pub use passwords::Hashing;
pub use programs::{Answerable, Program};
pub use roles::{
    AccessExplanation, AccessQuestion, AssignedRole, CreateRole, Subject, TenantRole, UpdateRole,
};
pub use scim::{
    CreateScimToken, MapGroup, NewScimToken, ProvisionedGroup, ProvisionedUser, Provisioning, ScimAnswer,
    ScimCall, ScimFault, ScimKind, ScimProjection, ScimQuery, ScimToken, SetProvisioning,
};
pub use service_accounts::{
    AddCredential, AddPublicKey, ClientProof, CreateServiceAccount, Credential, CredentialKind, IssuedToken,
    NewClientSecret, ServiceAccount, TokenRefusal, TokenRequest,
};
pub use session_policy::SessionPolicy;
pub use sessions::{Authenticated, NewToken, UserSession};
pub use sso::{
    Arrival, Ask, Asserted, CertificateAlarm, ClaimNames, Connection, ConnectionSettings, ConnectionState,
    CreateConnection, DnsTxt, Domain, EnforceConnection, Flow, FlowPurpose, FlowSecrets, GitHubSettings,
    KeyState, LinkOutcome, OidcInput, OidcSettings, OwnCertificate, Protocol, ProviderInput, ProviderSession,
    ProviderSettings, Received, Refused, RoleOfGroup, SEND_CERTIFICATE_ALARM, SamlAnswer, SamlAttributes,
    SamlInput, SamlParties, SamlSettings, SetConnectionPeople, SetOut, SetupLink, SocialProvider, Start,
    TestResult, TurnedAway, TxtRecords, UpdateConnection, WayIn,
};
pub use support::{
    AccessKind, BreakGlass, GlassBroken, GrantAccess, Level, PlatformAccess, SEND_GLASS_BROKEN, SupportAccess,
};
pub use throttle::{Bucket, Throttling};
pub use users::User;
