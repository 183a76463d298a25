//! Billing on a real PostgreSQL.

#![cfg(test)]

mod executions;
mod invoices;
mod plans;
mod support;
mod usage;
