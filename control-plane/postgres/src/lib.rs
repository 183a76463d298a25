//! The embedded PostgreSQL: what makes "no database to set up" true.
//!
//! The product needs a PostgreSQL of its own when the operator configures none, and so do the tests. This crate
//! owns that server from its data directory to its last process: it creates the cluster, starts it, finds it
//! again and stops it. It runs the programs of an installation that somebody else provides (`Options::bin_dir`);
//! it never downloads anything, and it holds no SQL: roles and schemas belong to the migrations.
//!
//! # What holds
//!
//! - **Nobody but local processes with a password gets in.** The server listens on a Unix socket alone. Every
//!   account, the superuser too, authenticates with SCRAM. The superuser's password is random, made before the
//!   cluster, and kept in a file of mode 0600 beside the data directory. A role of an n8n instance can reach only
//!   the database of its own name: that is decided in `pg_hba.conf`, before any privilege is looked at.
//! - **It outlives the product.** Dropping [`Postgres`] does not stop the server, and neither does `kill -9` of
//!   the product: n8n instances go on with their work, and the next [`start`] adopts the running server after
//!   proving that the process is a `postgres` on this very data directory. It runs in its own session, so a
//!   Ctrl-C in the terminal does not reach it; [`Postgres::stop`] is the one orderly way to end it.
//! - **A cluster is whole or absent.** `initdb` works in a temporary directory that is renamed when complete. A
//!   lock file beside the data directory keeps two starts apart, and it goes with the process that holds it.
//! - **No root.** PostgreSQL refuses to run as root, so a start by root drops to the user `postgres`, or to
//!   `tenantry`, which is created when needed. That user must be able to pass through every parent of the data
//!   directory; when it is not, [`Error::NotTraversable`] says which directory stands in the way, and the caller
//!   may choose another place.
//! - **Data is never reinterpreted.** A data directory of another major version is refused
//!   ([`Error::OtherVersion`]), with both versions and the way out in the message.
//!
//! # When it fails
//!
//! A start that fails carries the last lines of the server's log in its error. A socket directory that the
//! operating system would cut short (107 bytes for the whole path) is refused before anything is created. An
//! orphan of a killed server that still holds the shared memory is waited for, up to ten seconds. A stop that
//! takes longer than thirty seconds becomes an immediate shutdown, from which PostgreSQL recovers by itself.

mod account;
mod binaries;
mod cluster;
mod config;
mod error;
mod files;
mod programs;
mod running;
mod server;
mod socket;

use std::path::PathBuf;

pub use account::reachable;
pub use error::Error;
pub use server::{Postgres, start};
pub use socket::default_socket_dir;

/// The first major version that [`start`] accepts: older ones lack regular expressions in `pg_hba.conf`.
pub const OLDEST_MAJOR: u32 = 16;

/// The port in the socket's name; nothing listens on TCP.
pub const PORT: u16 = 5432;

/// Where the server's programs, data and socket are.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory with `postgres`, `initdb` and `pg_ctl`.
    pub bin_dir: PathBuf,
    /// The cluster; made when missing. The password and lock files lie beside it, so its parent should be a
    /// directory of the product alone.
    pub data_dir: PathBuf,
    /// The directory for the Unix socket, at most 93 bytes long; see [`default_socket_dir`].
    pub socket_dir: PathBuf,
    /// Whether a commit survives a crash of the machine. False is for tests: it saves the waiting for the disk.
    pub durable: bool,
}
