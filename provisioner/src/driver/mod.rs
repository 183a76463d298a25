//! Drivers: what makes instances exist.
//!
//! A [`Driver`] owns the processes (or pods) of instances and nothing else. It keeps no desired state: the
//! reconciler tells it what to do, and reads back what is really there. Three rules hold for every driver:
//!
//! - **`observe` never fails.** What cannot be found out is [`Observed::Unknown`], a value the planner treats
//!   as "do nothing drastic".
//! - **Every operation is idempotent**, and may be repeated after a crash at any point: `start` on a running
//!   instance changes nothing, `stop` and `destroy` on an absent one succeed.
//! - **Never a second process.** Two concurrent `start`s, even from two workers that do not know of each
//!   other, end with one instance.
//!
//! [`process::ProcessDriver`] runs real n8n on this machine. Its layers, outermost first:
//!
//! | layer | against |
//! |---|---|
//! | own user id, data directory 0700 | reading another's files, signals, ptrace |
//! | control group | memory, cpu and process exhaustion |
//! | packet rules by user id | other instances' ports, the control plane, private networks, cloud metadata |
//! | mount, pid, ipc and uts namespaces | seeing anything but the system, the runtime and its own data |
//! | no capabilities, `no_new_privs`, lowered rlimits | privilege escalation, core files |
//! | system call filter | user namespaces, ptrace, bpf, io_uring, keyrings, mounts |
//! | Landlock | writing outside its data, binding another's port, signals, abstract sockets |
//! | secrets in files | reading them from another process's environment or command line |
//!
//! Each layer is tried for real when the driver is made, and reported ([`IsolationReport`]). As root the
//! driver is strict: it refuses to work when a required layer is missing. As an ordinary user it is relaxed:
//! there are no other user ids to give, so instances are kept apart by namespaces and Landlock alone.
//!
//! How an instance survives its worker, and is still never started twice, is told in [`launch`].

mod cgroup;
pub mod command;
mod confine;
mod ending;
mod enter;
mod error;
mod host;
mod launch;
mod layout;
mod lock;
mod measure;
mod packets;
mod plan;
mod preflight;
mod prepare;
mod probe;
mod process;
mod sandbox;
mod seccomp;
mod tree;
mod types;
pub mod usage;

pub use command::hidden_command;
pub use enter::enter;
pub use error::DriverError;
pub use launch::launch;
pub use probe::{Isolation, IsolationReport, Layer};
pub use process::{ProcessConfig, ProcessDriver};
pub use types::{Consumed, DatabaseAccess, Driver, InstanceRef, InstanceSpec, Limits, Observed, Owner};
