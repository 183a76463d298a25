use std::fmt;

use http::StatusCode;
use tenantry_outbound::OutboundError;

/// What was asked of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Metadata,
    Keys,
    Tokens,
    UserInfo,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metadata => "the discovery document",
            Self::Keys => "the key set",
            Self::Tokens => "the token endpoint",
            Self::UserInfo => "the userinfo endpoint",
        })
    }
}

/// Why a provider was not believed. `Display` is a sentence for the administrators of the connection: it names no secret
/// and nothing of our network. Whoever logs in sees none of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    #[error("No answer from {0}: {1}")]
    Unreachable(What, OutboundError),
    #[error("{0} took too long to answer.")]
    Slow(What),
    #[error("{0} answers with a redirect, which is not followed: give the final address.")]
    Redirected(What),
    #[error("{0} answers with status {1}.")]
    Status(What, StatusCode),
    #[error("{0} answers with more than is read.")]
    TooLarge(What),
    #[error("{0} does not answer in JSON of the expected form: {1}.")]
    Unreadable(What, String),

    #[error("The connection speaks another protocol.")]
    OtherProtocol,

    #[error("The discovery document is of the issuer `{0}`: the connection must name it exactly so.")]
    IssuerOfMetadata(String),
    #[error("An address in the discovery document may not be used: {0}")]
    Endpoint(String),

    #[error("The provider refused the log-in with the error `{0}`.")]
    ProviderSaid(String),
    #[error("The provider's answer has no code.")]
    NoCode,
    #[error("The answer names another issuer than the connection's (mix-up).")]
    IssuerOfAnswer,
    #[error("The provider announces that its answers name the issuer, and this one does not.")]
    NoIssuerInAnswer,

    #[error("The token endpoint refused the code with the error `{0}`.")]
    TokensRefused(String),
    #[error("The token endpoint gave a token of the type `{0}` where Bearer was expected.")]
    TokenType(String),
    #[error("The token endpoint gave no ID token: the scope `openid` may not be allowed for this client.")]
    NoIdToken,

    #[error("The token is not a signed JWT that can be read: {0}.")]
    NotAToken(String),
    #[error("The token has no subject.")]
    NoSubject,
    #[error("The token is not signed.")]
    Unsigned,
    #[error(
        "The token is signed by an algorithm that is not accepted. Accepted: RS256, PS256, ES256, EdDSA."
    )]
    Algorithm,
    #[error("The token is signed by a key that is not in the provider's key set.")]
    UnknownKey,
    #[error("The token does not say which of several keys has signed it.")]
    AmbiguousKey,
    #[error("The token's signature is wrong.")]
    Signature,
    #[error("The token is of another issuer.")]
    IssuerOfToken,
    #[error("The token is for another client.")]
    Audience,
    #[error("The token was given to another party (azp).")]
    AuthorizedParty,
    #[error("The token has expired. If it was just made, the provider's clock is wrong.")]
    Expired,
    #[error("The token is not valid yet. If it was just made, the provider's clock is wrong.")]
    NotYetValid,
    #[error("The token is not the answer to this log-in (nonce).")]
    Nonce,
    #[error("The access token is not the one of the ID token (at_hash).")]
    AccessTokenHash,

    #[error("The userinfo endpoint speaks of another person than the ID token.")]
    SubjectOfUserInfo,

    #[error("This is no logout token: {0}.")]
    NotALogoutToken(&'static str),
    #[error("The logout token was made too long ago.")]
    LogoutTokenOld,
}

impl Refusal {
    /// The stable name of the reason, for logs, tests and the connection's page.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_, OutboundError::Refused(_)) => "address_refused",
            Self::Unreachable(..) => "unreachable",
            Self::Slow(_) => "slow",
            Self::Redirected(_) => "redirected",
            Self::Status(..) => "status",
            Self::TooLarge(_) => "too_large",
            Self::Unreadable(..) => "unreadable",
            Self::OtherProtocol => "other_protocol",
            Self::IssuerOfMetadata(_) => "issuer_of_metadata",
            Self::Endpoint(_) => "endpoint",
            Self::ProviderSaid(_) => "provider_said",
            Self::NoCode => "no_code",
            Self::IssuerOfAnswer => "issuer_of_answer",
            Self::NoIssuerInAnswer => "no_issuer_in_answer",
            Self::TokensRefused(_) => "tokens_refused",
            Self::TokenType(_) => "token_type",
            Self::NoIdToken => "no_id_token",
            Self::NotAToken(_) => "not_a_token",
            Self::NoSubject => "no_subject",
            Self::Unsigned => "unsigned",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::AmbiguousKey => "ambiguous_key",
            Self::Signature => "signature",
            Self::IssuerOfToken => "issuer_of_token",
            Self::Audience => "audience",
            Self::AuthorizedParty => "authorized_party",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Nonce => "nonce",
            Self::AccessTokenHash => "access_token_hash",
            Self::SubjectOfUserInfo => "subject_of_userinfo",
            Self::NotALogoutToken(_) => "not_a_logout_token",
            Self::LogoutTokenOld => "logout_token_old",
        }
    }
}

/// What a stranger has written, short and without what a terminal or a page could take for its own.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(100).collect()
}
