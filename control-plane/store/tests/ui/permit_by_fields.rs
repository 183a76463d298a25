//! A permit is not made of parts.
use tenantry_authz::{Action, Permit, Resource};

fn make(resource: Resource) -> Permit {
    Permit { resource, action: Action::View } //~ cannot construct `Permit` with struct literal syntax due to private fields
}
