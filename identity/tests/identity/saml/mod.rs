//! SAML without a network: a provider with fresh keys signs what a provider would, and what an attacker would make of it.

mod certificates;
mod encryption;
mod hostile_text;
mod meaning;
mod mutations;
mod provider;
mod recorded;
mod requests;
mod signatures;
mod wrapping;
