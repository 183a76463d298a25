//! Making an instance's files: everything the launcher needs, written before it is called.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::Doing;
use super::host::Host;
use super::layout::{Access, Layout};
use super::plan::{ClosedPorts, Confinement, EnterPlan, LaunchPlan};
use super::sandbox::{self, View};
use super::{DriverError, InstanceSpec, cgroup, preflight, usage};
use crate::n8n::{self, Environment};

/// The plan to run n8n, with all files in place but the launch plan itself.
pub(super) fn plan(host: &Host, spec: &InstanceSpec, layout: &Layout) -> Result<LaunchPlan, DriverError> {
    let program = [
        format!("{}/node", node_directory()),
        format!("{}/n8n/bin/n8n", sandbox::RUNTIME),
        "start".to_owned(),
    ];
    let enter = enter_plan(host, spec, &program);
    files(host, spec, layout)?;
    write_json(layout, &layout.enter_plan(), &enter, readable(host, spec))?;
    launch_plan(host, spec, layout, &layout.enter_plan())
}

/// The plan to run another program in the same sandbox. Returns where it was written.
pub(super) fn foreground_plan(
    host: &Host,
    spec: &InstanceSpec,
    layout: &Layout,
    program: &[&str],
) -> Result<PathBuf, DriverError> {
    let program: Vec<String> = program.iter().map(|part| (*part).to_owned()).collect();
    files(host, spec, layout)?;
    let enter = layout.run().join("foreground-enter.json");
    write_json(layout, &enter, &enter_plan(host, spec, &program), readable(host, spec))?;
    let file = layout.run().join("foreground.json");
    let plan = launch_plan(host, spec, layout, &enter)?;
    write_json(layout, &file, &plan, Access { owner: None, mode: 0o600 })?;
    Ok(file)
}

pub(super) fn write_json<T: Serialize>(
    layout: &Layout,
    path: &Path,
    value: &T,
    access: Access,
) -> Result<(), DriverError> {
    let text = serde_json::to_vec_pretty(value).doing(|| format!("{} cannot be made", path.display()))?;
    layout.write(path, &text, access).doing(|| format!("{} cannot be written", path.display()))
}

/// Where a database that is not reached by a socket file may be. A name is looked up here, once: the packet
/// rules know addresses only.
pub(super) fn database_addresses(spec: &InstanceSpec) -> Result<Vec<SocketAddr>, DriverError> {
    let database = &spec.database;
    if database.host.starts_with('/') {
        return Ok(Vec::new());
    }
    let found = (database.host.as_str(), database.port).to_socket_addrs();
    Ok(found.doing(|| format!("the database server {} cannot be found", database.host))?.collect())
}

fn tenant(host: &Host, spec: &InstanceSpec) -> Option<u32> {
    host.strict().then_some(spec.host_uid)
}

/// Readable by the instance, writable by nobody but us.
fn readable(host: &Host, spec: &InstanceSpec) -> Access {
    let tenant = tenant(host, spec);
    Access { owner: tenant.map(|gid| (0, gid)), mode: if tenant.is_some() { 0o440 } else { 0o400 } }
}

fn node_directory() -> String {
    format!("{}/{}/bin", sandbox::RUNTIME, n8n::NODE_PACKAGE)
}

fn files(host: &Host, spec: &InstanceSpec, layout: &Layout) -> Result<(), DriverError> {
    let tenant = tenant(host, spec);
    if tenant == Some(0) {
        return Err(DriverError::InvalidSpec("an instance never runs as root".to_owned()));
    }
    let failed = || format!("the directory of {} cannot be prepared", spec.id);
    layout.prepare(tenant).doing(failed)?;
    usage::prepare(&layout.usage(), tenant).doing(failed)?;
    layout
        .write(
            &layout.hook(),
            n8n::METERING_HOOK.as_bytes(),
            Access { owner: tenant.map(|_| (0, 0)), mode: 0o444 },
        )
        .doing(failed)?;
    let secrets = [
        (n8n::ENCRYPTION_KEY, &spec.encryption_key),
        (n8n::DATABASE_PASSWORD, &spec.database.password),
        (n8n::OWNER_PASSWORD_HASH, &spec.owner.password_hash),
    ];
    for (name, secret) in secrets {
        let path = layout.secrets().join(name);
        layout.write(&path, secret.expose().as_bytes(), readable(host, spec)).doing(failed)?;
    }
    Ok(())
}

fn launch_plan(
    host: &Host,
    spec: &InstanceSpec,
    layout: &Layout,
    enter: &Path,
) -> Result<LaunchPlan, DriverError> {
    let (options, command) = sandbox::arguments(&View {
        data: layout.data(),
        usage: layout.usage(),
        secrets: layout.secrets(),
        runtime: preflight::runtime(&host.config.runtimes, &spec.n8n_version)?,
        launcher: host.config.launcher.clone(),
        enter_plan: enter.to_path_buf(),
        hook: layout.hook(),
        database_socket: spec.database.host.starts_with('/').then(|| PathBuf::from(&spec.database.host)),
        host_name: spec.id.replace('_', "-"),
        uid: tenant(host, spec),
        setpriv: host.tools.setpriv.to_string_lossy().into_owned(),
    });
    Ok(LaunchPlan {
        revision: spec.revision.clone(),
        bwrap: host.tools.bwrap.clone(),
        ports: vec![spec.port, spec.broker_port],
        options,
        command,
        cgroup_procs: host
            .tools
            .groups
            .as_ref()
            .map(|g| cgroup::procs_files(g.as_ref(), &spec.id))
            .unwrap_or_default(),
        memory_events: host.tools.groups.as_ref().map(|g| g.memory_events(&spec.id)),
    })
}

fn enter_plan(host: &Host, spec: &InstanceSpec, program: &[String]) -> EnterPlan {
    let own = [spec.port, spec.broker_port];
    let closed_ports = host.tools.packets.is_none().then(|| ClosedPorts {
        first: host.config.port_pool.start,
        end: host.config.port_pool.end,
        except: own.to_vec(),
    });
    let list = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    let confinement = Confinement {
        required: host.strict(),
        read_only: list(&[
            "/usr",
            "/bin",
            "/sbin",
            "/lib",
            "/lib64",
            "/etc",
            "/opt",
            "/proc",
            "/run/tenantry",
        ]),
        read_write: list(&[sandbox::DATA, "/tmp", "/dev"]),
        append: list(&[sandbox::USAGE]),
        bind_ports: own.to_vec(),
        closed_ports,
    };
    let mut program = program.iter().cloned();
    EnterPlan {
        program: program.next().unwrap_or_default(),
        arguments: program.collect(),
        directory: sandbox::DATA.to_owned(),
        environment: environment(spec),
        max_processes: u64::from(spec.limits.pids),
        max_file_bytes: spec.limits.storage_bytes,
        confinement: host.tools.landlock.then_some(confinement),
    }
}

fn environment(spec: &InstanceSpec) -> Vec<(String, String)> {
    let database = &spec.database;
    let socket = database.host.starts_with('/');
    n8n::environment(&Environment {
        port: spec.port,
        broker_port: spec.broker_port,
        public_url: &spec.public_url,
        concurrency: spec.limits.concurrency,
        memory_bytes: spec.limits.memory_bytes,
        database_host: if socket { sandbox::DATABASE_SOCKET } else { &database.host },
        database_port: database.port,
        database_name: &database.name,
        database_user: &database.user,
        owner_email: &spec.owner.email,
        owner_first_name: &spec.owner.first_name,
        owner_last_name: &spec.owner.last_name,
        data: sandbox::DATA,
        secrets: sandbox::SECRETS,
        hook: sandbox::HOOK,
        usage_file: &format!("{}/{}", sandbox::USAGE, usage::ACTIVE),
        node_directory: &node_directory(),
    })
}
