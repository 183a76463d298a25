use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tenantry_kernel::{Entropy, Error, Kind, Result, Secret};
use tokio::sync::Semaphore;

use super::Candidate;

/// How passwords are hashed. The defaults are OWASP's minimum for Argon2id (19 MiB, two passes, one lane).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashing {
    /// How many hashes are computed at a time: each takes a core and `memory_kib`.
    pub concurrency: usize,
    pub memory_kib: u32,
    pub iterations: u32,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { concurrency: 2, memory_kib: 19_456, iterations: 2 }
    }
}

/// How long a request waits for its turn to hash before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a check of a password said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    Wrong,
    Right,
    /// Right, but hashed with other parameters than today's.
    RightButOld,
}

impl Checked {
    pub(crate) fn is_right(self) -> bool {
        self != Checked::Wrong
    }
}

/// Hashes and checks passwords, off the async threads, a bounded number at a time.
#[derive(Clone)]
pub(crate) struct PasswordHasher {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    /// Checked against where there is no account, so that the answer takes as long as with one.
    decoy: Arc<str>,
    entropy: Arc<dyn Entropy>,
}

impl PasswordHasher {
    pub(crate) fn new(hashing: Hashing, entropy: Arc<dyn Entropy>) -> Result<Self> {
        let params = Params::new(hashing.memory_kib, hashing.iterations, 1, None).map_err(|e| {
            Error::invalid("hashing", format!("These Argon2id parameters are not valid: {e}."))
        })?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash_with(&argon2, &Secret::random(&*entropy, 32), &salt(&*entropy))?;
        let turns = Arc::new(Semaphore::new(hashing.concurrency.max(1)));
        Ok(Self { argon2, turns, decoy: decoy.into(), entropy })
    }

    /// A PHC string for a new password.
    pub(crate) async fn hash(&self, password: &Secret) -> Result<String> {
        let (argon2, password, salt) = (self.argon2.clone(), password.clone(), salt(&*self.entropy));
        self.run(move || hash_with(&argon2, &password, &salt)).await
    }

    /// Checks a password. Without a stored hash it works as long and says `Wrong`.
    pub(crate) async fn check(&self, password: &Secret, stored: Option<&str>) -> Result<Checked> {
        let exists = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        let (argon2, password) = (self.argon2.clone(), password.clone());
        self.run(move || {
            let parsed = PasswordHash::new(&stored).map_err(Error::internal)?;
            let right = argon2.verify_password(password.expose().as_bytes(), &parsed).is_ok();
            Ok(match right && exists {
                false => Checked::Wrong,
                true if Params::try_from(&parsed).is_ok_and(|p| same_cost(&p, argon2.params())) => {
                    Checked::Right
                }
                true => Checked::RightButOld,
            })
        })
        .await
    }

    /// Judges a wanted password, off the async threads: long ones take some milliseconds.
    pub(crate) async fn judge(&self, candidate: Candidate<'_>) -> Result<()> {
        let (password, email, name) =
            (candidate.password.clone(), candidate.email.to_owned(), candidate.name.to_owned());
        self.run(move || Candidate { password: &password, email: &email, name: &name }.check()).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned())
            .await
            .map_err(|_| Error::new(Kind::Unavailable, "Too many people are logging in at this moment."))?
            .map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            // Held by the work, not by the request: a caller who gives up does not free the core.
            let _turn = turn;
            work()
        })
        .await
        .map_err(Error::internal)?
    }
}

fn same_cost(a: &Params, b: &Params) -> bool {
    (a.m_cost(), a.t_cost(), a.p_cost()) == (b.m_cost(), b.t_cost(), b.p_cost())
}

fn salt(entropy: &dyn Entropy) -> [u8; 16] {
    let mut salt = [0u8; 16];
    entropy.fill(&mut salt);
    salt
}

fn hash_with(argon2: &Argon2<'_>, password: &Secret, salt: &[u8]) -> Result<String> {
    let hash: PasswordHash =
        argon2.hash_password_with_salt(password.expose().as_bytes(), salt).map_err(Error::internal)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenantry_kernel::OsEntropy;

    fn hasher(memory_kib: u32) -> PasswordHasher {
        PasswordHasher::new(Hashing { concurrency: 1, memory_kib, iterations: 1 }, Arc::new(OsEntropy))
            .unwrap()
    }

    #[tokio::test]
    async fn checks_what_it_hashed_and_notices_old_parameters() {
        let (old, new) = (hasher(64), hasher(128));
        let (right, wrong) = (Secret::new("glacier umbrella"), Secret::new("glacier umbrellas"));
        let stored = old.hash(&right).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        assert_eq!(old.check(&right, Some(&stored)).await.unwrap(), Checked::Right);
        assert_eq!(old.check(&wrong, Some(&stored)).await.unwrap(), Checked::Wrong);
        assert_eq!(new.check(&right, Some(&stored)).await.unwrap(), Checked::RightButOld);
        assert_eq!(old.check(&right, None).await.unwrap(), Checked::Wrong);
        assert_ne!(stored, old.hash(&right).await.unwrap(), "a salt each");
    }
}
