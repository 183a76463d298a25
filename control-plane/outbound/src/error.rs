use tenantry_kernel::Error;

/// Why a URL, host or address is not for us to reach. Fit for a customer's eyes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("This is not a URL.")]
    NotAUrl,
    #[error("The URL is longer than 2048 characters.")]
    TooLong,
    #[error("The URL must begin with https://.")]
    Scheme,
    #[error("The URL must not hold a user name or password.")]
    UserInfo,
    #[error("The URL needs a full host name, as in hooks.example.com.")]
    Host,
    #[error("The port {0} is not allowed: use 443, or one from 1024.")]
    Port(u16),
    /// What kind of address it is, in the registry's words. The address itself is not told: it may be of our network.
    #[error("The host's address is not on the public Internet ({0}).")]
    Address(&'static str),
}

/// What became of a request to a customer's address. Fit for a customer's eyes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("The host name has no address.")]
    NoAddress,
    #[error("No connection: {0}.")]
    Connect(&'static str),
    #[error("The TLS handshake failed: {0}.")]
    Tls(String),
    #[error("No answer within {0} seconds.")]
    TimedOut(u64),
    #[error("The answer is not HTTP, or was cut off.")]
    Protocol,
}

impl OutboundError {
    /// As the input error of a field that holds a URL.
    pub fn of_field(self, field: &'static str) -> Error {
        let remedy = match &self {
            Self::NoAddress | Self::TimedOut(_) => {
                "Check the spelling of the host, and that its name is in the public DNS."
            }
            _ => "Give an https:// address that can be reached from the public Internet.",
        };
        Error::invalid(field, self.to_string()).with_remedy(remedy)
    }
}
