use std::fmt;

use tenantry_kernel::{Error, Kind};

/// What a SCIM client is told of a request that did not succeed (RFC 7644, section 3.12).
#[derive(Debug)]
pub struct ScimFault {
    pub status: u16,
    /// The `scimType`, where the RFC has one for it.
    pub kind: Option<&'static str>,
    pub detail: String,
    /// The error behind it, where there is one: a fault of ours is logged by whoever answers.
    pub error: Option<Box<Error>>,
}

pub(crate) type ScimResult<T> = std::result::Result<T, ScimFault>;

impl ScimFault {
    pub(crate) fn bad(kind: &'static str, detail: impl Into<String>) -> Self {
        Self { status: 400, kind: Some(kind), detail: detail.into(), error: None }
    }

    pub(crate) fn syntax(detail: impl Into<String>) -> Self {
        Self::bad("invalidSyntax", detail)
    }

    pub(crate) fn value(detail: impl Into<String>) -> Self {
        Self::bad("invalidValue", detail)
    }

    pub(crate) fn filter(detail: impl Into<String>) -> Self {
        Self::bad("invalidFilter", detail)
    }

    pub(crate) fn path(detail: impl Into<String>) -> Self {
        Self::bad("invalidPath", detail)
    }

    pub(crate) fn mutability(detail: impl Into<String>) -> Self {
        Self::bad("mutability", detail)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Error::not_found(what).into()
    }

    /// The resource is not the version that the client means (RFC 7644, section 3.14).
    pub(crate) fn changed() -> Self {
        let detail = "The resource has changed since. Read it again, then decide.".to_owned();
        Self { status: 412, kind: None, detail, error: None }
    }
}

/// The message and the remedy are public; what caused it is not.
impl From<Error> for ScimFault {
    fn from(error: Error) -> Self {
        let (status, kind) = match error.kind() {
            Kind::Invalid => (400, Some("invalidValue")),
            Kind::Unauthenticated => (401, None),
            Kind::Forbidden | Kind::QuotaExceeded => (403, None),
            Kind::NotFound => (404, None),
            Kind::Conflict => (409, Some("uniqueness")),
            Kind::RateLimited => (429, None),
            Kind::Unavailable => (503, None),
            Kind::Internal => (500, None),
        };
        Self {
            status,
            kind,
            detail: format!("{} {}", error.message(), error.remedy()),
            error: Some(Box::new(error)),
        }
    }
}

impl fmt::Display for ScimFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}
