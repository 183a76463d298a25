//! Installing packages on Debian and Ubuntu.

use std::process::Command;

use crate::{Outcome, context::Context, process};

/// How packages can be installed here.
pub(crate) enum Installer {
    Root,
    Sudo,
}

impl Installer {
    /// Nothing when there is no apt-get, or neither root nor a sudo that asks for no password.
    pub(crate) fn find(context: &Context) -> Option<Self> {
        if !context.has("apt-get") {
            return None;
        }
        if context.is_root {
            return Some(Self::Root);
        }
        let sudo = context.has("sudo") && process::succeeds(Command::new("sudo").args(["-n", "true"]));
        sudo.then_some(Self::Sudo)
    }

    /// Installs packages; the lists are only renewed when that fails with the present ones.
    pub(crate) fn install(&self, packages: &[&str]) -> Outcome {
        println!("installing system packages: {}", packages.join(" "));
        let mut install = self.apt();
        install.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages);
        if process::succeeds(&mut install) {
            return Ok(());
        }
        process::run(self.apt().args(["update", "--quiet"]))?;
        process::run(&mut install)
    }

    fn apt(&self) -> Command {
        let mut command = match self {
            Self::Root => Command::new("env"),
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "env"]);
                sudo
            }
        };
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    }
}

/// How a person gets packages, when this program may not.
pub(crate) fn advice(packages: &[&str]) -> String {
    format!("sudo apt-get install {} (or the same packages of your distribution)", packages.join(" "))
}
