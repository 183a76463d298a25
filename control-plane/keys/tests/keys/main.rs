//! Tenants' keys through a real database, and the keyring file.

#[cfg(test)]
mod keyring;
#[cfg(test)]
mod sealing;
