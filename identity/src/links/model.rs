use chrono::TimeDelta;

/// What a link is for. A token made for one purpose is unknown to every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Verify,
    Reset,
    OperatorSetup,
}

impl Purpose {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Purpose::Verify => "verify",
            Purpose::Reset => "reset",
            Purpose::OperatorSetup => "operator_setup",
        }
    }

    /// How long a link works. A reset link opens an account that is in use, so it is short.
    pub(crate) fn lifetime(self) -> TimeDelta {
        match self {
            Purpose::Verify | Purpose::OperatorSetup => TimeDelta::hours(24),
            Purpose::Reset => TimeDelta::hours(1),
        }
    }
}
