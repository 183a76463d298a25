//! The store against a real PostgreSQL: what its transactions hold, and what does not compile.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod audit_kept;
#[cfg(test)]
mod audit_read;
#[cfg(test)]
mod compile;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod notify;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod unavailable;
