//! Only the gate makes a permit.
use tenantry_authz::{Action, Permit, Resource};

fn make(resource: Resource) -> Permit {
    Permit::new(resource, Action::View) //~ E0624: associated function `new` is private
}
