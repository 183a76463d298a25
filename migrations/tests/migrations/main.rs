//! The schema as PostgreSQL has it: who may touch what, and how tenants' rows are found.

#[cfg(test)]
mod grace;
#[cfg(test)]
mod indexes;
#[cfg(test)]
mod policy_cost;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod row_security;
#[cfg(test)]
mod running;
