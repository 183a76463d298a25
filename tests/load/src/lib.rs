//! Load: benchmarks whose figures stand beside those of somebody else's software, measured in the same run.
//!
//! - `gate`: a decision of the gate, beside Casbin with the rules copied for each tenant;
//! - `list`: a tenant's list of 20 through the API, beside PostGraphile on the same rows;
//! - `log_in_timing`: answers about accounts that exist beside answers about accounts that do not;
//! - [`client`]: the closed loop that they ask with.
//!
//! Invariants: what is asked is on loopback, started by the benchmark itself; a run ends by its time and by its count;
//! each answer is compared with one that was checked, so a fast error is no success.

pub mod client;
