//! A permit is asked for where it is used: it cannot be kept for later.
use tenantry_authz::Permit;

fn keep(permit: &Permit) -> Permit {
    permit.clone()
}

fn twice(permit: Permit) -> (Permit, Permit) {
    (permit, permit)
}

fn main() {}
