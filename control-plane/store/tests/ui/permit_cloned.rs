//! A permit is asked for where it is used: it cannot be kept for later.
use tenantry_authz::Permit;

fn keep(permit: &Permit) -> Permit {
    permit.clone() //~ E0308: mismatched types
}

fn twice(permit: Permit) -> (Permit, Permit) {
    (permit, permit) //~ E0382: use of moved value: `permit`
}
