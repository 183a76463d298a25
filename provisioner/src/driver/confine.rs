//! Landlock: what the instance may do with files, ports and signals, whatever its user id could do.

use anyhow::Context;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};

use super::plan::Confinement;

/// The newest interface whose rights are used. Older kernels get what they know.
const INTERFACE: ABI = ABI::V6;

/// Confines this process and all it will ever start.
pub(super) fn apply(rules: &Confinement) -> anyhow::Result<()> {
    let level = if rules.required { CompatLevel::HardRequirement } else { CompatLevel::BestEffort };
    let mut ruleset = Ruleset::default()
        .set_compatibility(level)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(INTERFACE))?
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::AbstractUnixSocket)?
        .scope(Scope::Signal)?;
    if rules.closed_ports.is_some() {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    let mut created = ruleset.create().context("this kernel has no Landlock")?;
    created = beneath(created, &rules.read_only, AccessFs::from_read(INTERFACE))?;
    created = beneath(created, &rules.read_write, AccessFs::from_all(INTERFACE))?;
    created = beneath(created, &rules.append, AccessFs::WriteFile | AccessFs::ReadDir)?;
    for port in &rules.bind_ports {
        created = created.add_rule(NetPort::new(*port, AccessNet::BindTcp))?;
    }
    if let Some(closed) = &rules.closed_ports {
        for port in closed.open() {
            created = created.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
        }
    }
    let status = created.restrict_self()?;
    if rules.required && status.ruleset == RulesetStatus::NotEnforced {
        anyhow::bail!("this kernel does not enforce Landlock");
    }
    Ok(())
}

fn beneath(
    mut created: RulesetCreated,
    paths: &[String],
    rights: BitFlags<AccessFs>,
) -> anyhow::Result<RulesetCreated> {
    for path in paths {
        // What is not there (no /lib64 on some machines) needs no rule.
        let Ok(fd) = PathFd::new(path) else { continue };
        // Rights that only make sense on directories are an error on a file.
        let rights = if std::path::Path::new(path).is_dir() {
            rights
        } else {
            rights & AccessFs::from_file(INTERFACE)
        };
        created = created
            .add_rule(PathBeneath::new(fd, rights))
            .with_context(|| format!("Landlock rule for {path}"))?;
    }
    Ok(created)
}

/// Which parts of Landlock this kernel has, in words, or why there are none. Creating a ruleset restricts
/// nothing.
pub(super) fn supported() -> Result<String, String> {
    let hard = || Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let has = |ruleset: Result<Ruleset, landlock::RulesetError>| ruleset.and_then(Ruleset::create).is_ok();
    if !has(hard().handle_access(AccessFs::from_all(ABI::V1))) {
        return Err(
            "this kernel has no Landlock, or has it switched off (Linux 5.13 and later; `lsm=` at boot)"
                .to_owned(),
        );
    }
    let parts = [
        ("cutting files short", has(hard().handle_access(AccessFs::from_all(ABI::V3)))),
        ("ports", has(hard().handle_access(AccessNet::BindTcp))),
        ("signals and abstract sockets", has(hard().scope(Scope::Signal))),
    ];
    Ok(parts.iter().filter(|(_, has)| *has).fold("files".to_owned(), |text, (part, _)| text + ", " + *part))
}
