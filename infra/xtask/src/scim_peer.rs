//! scim2-cli, the client by which the tests try our SCIM: from pinned versions, in the cache. Only `test` installs it.

use std::path::PathBuf;
use std::process::Command;

use crate::{Outcome, cache, context::Context, process, system};

/// The directory of its packages, with the program in `bin`.
pub(crate) fn ensure(context: &Context) -> Outcome<PathBuf> {
    let requirements = context.root.join("tests/peers/requirements-scim.txt");
    let hash = process::sha256(&requirements)?;
    let python = system::python(context).ok_or(
        "python3 (3.11 or newer) with pip is needed for scim2-cli, a client of the tests: \
         apt-get install python3 python3-pip",
    )?;
    let directory = format!("scim2-cli/{}", hash.chars().take(16).collect::<String>());
    cache::ensure(context, &cache::Item { title: "scim2-cli", directory: &directory }, |work| {
        println!("fetching scim2-cli (40 MB on disk, half a minute, once a machine)");
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        pip.args(["--no-deps", "--only-binary", ":all:", "--root-user-action", "ignore"]);
        process::run(pip.arg("--requirement").arg(&requirements).arg("--target").arg(work))
    })
}
