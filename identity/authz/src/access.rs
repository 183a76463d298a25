use tenantry_kernel::TenantId;

macro_rules! word_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = tenantry_kernel::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(tenantry_kernel::Error::new(
                        tenantry_kernel::Kind::Invalid,
                        concat!("Unknown ", stringify!($name), "."),
                    )),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use word_enum;

word_enum!(
    /// What an actor wants to do. Few on purpose: a new verb needs a reason.
    Action {
        View = "view",
        Create = "create",
        Update = "update",
        Delete = "delete",
        /// Start, stop, retry.
        Operate = "operate",
        /// Enter the instance's own user interface.
        Open = "open",
        /// Change who or what: members, plans.
        Manage = "manage",
    }
);

word_enum!(
    /// A kind of thing inside a tenant.
    ResourceKind {
        Tenant = "tenant",
        Member = "member",
        Instance = "instance",
        Usage = "usage",
        Invoice = "invoice",
        Subscription = "subscription",
        /// The audit trail, its retention and where it is streamed to.
        Audit = "audit",
        /// Roles that the tenant makes for itself.
        Role = "role",
        ApiKey = "api-key",
        ServiceAccount = "service-account",
        /// Endpoints, deliveries and the feed of events.
        Webhook = "webhook",
        /// The tenant's consent to platform staff.
        SupportAccess = "support-access",
        /// Connections to identity providers, and the domains that the tenant has proven to be its own.
        Sso = "sso",
        /// The directory that provisions the tenant's people: its tokens, its groups and their roles.
        Provisioning = "provisioning",
    }
);

word_enum!(
    /// A kind of thing of the platform itself.
    PlatformResource {
        Fleet = "fleet",
        Tenants = "tenants",
        Regions = "regions",
        Jobs = "jobs",
        Mail = "mail",
        /// Access to tenants with their consent, and breaking the glass.
        Support = "support",
        /// The audit trail of the platform itself.
        Audit = "audit",
    }
);

/// What is acted upon: a kind of thing, in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    pub kind: ResourceKind,
    pub tenant: TenantId,
}

/// An action on a kind of resource, as it is written everywhere: `instance:create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Right {
    pub kind: ResourceKind,
    pub action: Action,
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind, self.action)
    }
}

impl std::str::FromStr for Right {
    type Err = tenantry_kernel::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || tenantry_kernel::Error::invalid("rights", format!("There is no right {text:?}."));
        let (kind, action) = text.split_once(':').ok_or_else(unknown)?;
        let (kind, action) = (kind.parse(), action.parse());
        match (kind, action) {
            (Ok(kind), Ok(action)) => Ok(Self { kind, action }),
            _ => Err(unknown()),
        }
    }
}

impl Resource {
    pub const fn new(kind: ResourceKind, tenant: TenantId) -> Self {
        Self { kind, tenant }
    }
}
