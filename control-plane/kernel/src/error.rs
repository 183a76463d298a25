use std::error::Error as StdError;
use std::fmt;

/// What the caller can do about an error. Transports map a kind to a status once (HTTP, GraphQL).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The input is wrong: correct it and call again.
    Invalid,
    /// Log in first.
    Unauthenticated,
    /// Visible, but the actor's roles do not allow it.
    Forbidden,
    /// Not there, or not visible to this actor: the two are never told apart.
    NotFound,
    /// It clashes with what is there: read again, then decide.
    Conflict,
    /// A limit of the plan is reached.
    QuotaExceeded,
    /// Too many calls: wait.
    RateLimited,
    /// Something we depend on does not answer: the same call may succeed later.
    Unavailable,
    /// Our fault.
    Internal,
}

impl Kind {
    /// The stable machine-readable code, as it stands in API answers.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Invalid => "INVALID",
            Kind::Unauthenticated => "UNAUTHENTICATED",
            Kind::Forbidden => "FORBIDDEN",
            Kind::NotFound => "NOT_FOUND",
            Kind::Conflict => "CONFLICT",
            Kind::QuotaExceeded => "QUOTA_EXCEEDED",
            Kind::RateLimited => "RATE_LIMITED",
            Kind::Unavailable => "UNAVAILABLE",
            Kind::Internal => "INTERNAL",
        }
    }

    fn default_remedy(self) -> &'static str {
        match self {
            Kind::Invalid => "Correct the input and try again.",
            Kind::Unauthenticated => "Log in and try again.",
            Kind::Forbidden => "Ask an owner or administrator of the tenant for the right.",
            Kind::NotFound => "Check the id and that you are a member of the tenant.",
            Kind::Conflict => "Reload and try again.",
            Kind::QuotaExceeded => "Change to a larger plan or free what you no longer need.",
            Kind::RateLimited => "Wait a little, then try again.",
            Kind::Unavailable => "Try again in a moment.",
            Kind::Internal => "Try again; if it persists, contact support with the request id.",
        }
    }
}

/// What lacks, where somebody may see a thing and not do this with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The right, as `resource:action`.
    pub missing: String,
    /// The roles that include it.
    pub granted_by: Vec<String>,
}

/// An error with its remedy. The message and remedy are public; the source is for our log only.
pub struct Error {
    kind: Kind,
    message: String,
    remedy: Option<String>,
    field: Option<&'static str>,
    access: Option<Box<Access>>,
    code: Option<&'static str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            remedy: None,
            field: None,
            access: None,
            code: None,
            source: None,
        }
    }

    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::new(Kind::Invalid, message) }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("No such {what}."))
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, message)
    }

    pub fn unauthenticated() -> Self {
        Self::new(Kind::Unauthenticated, "You are not logged in.")
    }

    /// An internal fault: the public learns nothing but that it is ours.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::new(Kind::Internal, "Something went wrong on our side.") }
    }

    /// A dependency that does not answer.
    pub fn unavailable(what: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(Kind::Unavailable, format!("{what} is not answering right now."))
        }
    }

    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = Some(Box::new(access));
        self
    }

    /// A code of its own, where clients do something particular about it.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The machine-readable code: its own, or its kind's.
    pub fn code(&self) -> &'static str {
        self.code.unwrap_or_else(|| self.kind.code())
    }

    /// What went wrong, for the caller.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the caller can do.
    pub fn remedy(&self) -> &str {
        self.remedy.as_deref().unwrap_or_else(|| self.kind.default_remedy())
    }

    /// What lacks, where the error is a denial.
    pub fn access(&self) -> Option<&Access> {
        self.access.as_deref()
    }

    /// The input field at fault, where there is one.
    pub fn field(&self) -> Option<&'static str> {
        self.field
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)?;
        let mut source = self.source();
        while let Some(cause) = source {
            write!(f, "\n  caused by: {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}
