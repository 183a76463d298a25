//! The installation: which programs there are, and of which version.

use std::path::{Path, PathBuf};

use crate::{Error, OLDEST_MAJOR, account::Account, programs};

/// A directory of programs that was found complete.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    pub(crate) dir: PathBuf,
    pub(crate) major: u32,
}

impl Binaries {
    /// Checks that the programs are there, that the server's user may run them, and what version they are.
    pub(crate) async fn inspect(bin_dir: &Path, account: &Account) -> Result<Self, Error> {
        let dir = std::path::absolute(bin_dir).map_err(Error::io("resolve", bin_dir))?;
        for program in ["postgres", "initdb", "pg_ctl"] {
            let path = dir.join(program);
            if !path.is_file() {
                return Err(Error::MissingProgram { program, bin_dir: dir });
            }
            account.check_reachable(&path)?;
        }
        let mut command = programs::program(&dir, "postgres", account);
        command.arg("--version");
        let version = programs::run(command, "postgres").await?;
        let major = major_of(&version).ok_or_else(|| Error::ProgramFailed {
            program: "postgres",
            detail: format!("it does not tell its version, but: {}", version.trim()),
        })?;
        if major < OLDEST_MAJOR {
            return Err(Error::TooOld { bin_dir: dir, found: major });
        }
        Ok(Self { dir, major })
    }
}

/// `postgres (PostgreSQL) 16.9 (Debian 16.9-1)` and `postgres (PostgreSQL) 19beta1` alike.
fn major_of(version: &str) -> Option<u32> {
    let (_, number) = version.split_once("(PostgreSQL) ")?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major_of;

    #[test]
    fn major_of_released_packaged_and_beta_versions() {
        assert_eq!(major_of("postgres (PostgreSQL) 18.6\n"), Some(18));
        assert_eq!(major_of("postgres (PostgreSQL) 16.9 (Debian 16.9-1.pgdg120+1)\n"), Some(16));
        assert_eq!(major_of("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major_of("something else 3"), None);
    }
}
