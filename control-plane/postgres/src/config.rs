//! The two configuration files, written whole by us at each start.

use std::fmt::Write;
use std::path::Path;

/// What `postgresql.conf` depends on.
pub(crate) struct Settings<'a> {
    pub(crate) socket_dir: &'a Path,
    pub(crate) durable: bool,
}

/// `postgresql.conf`. Everything that is not here is PostgreSQL's default.
pub(crate) fn server(settings: &Settings<'_>) -> String {
    let mut text = format!(
        "\
# Written by Tenantry at each start: changes here are lost. Use DATABASE_URL for a server of your own.

# Local processes only, through a socket; pg_hba.conf says who.
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
password_encryption = 'scram-sha-256'

# An n8n instance holds three to eight connections, and one machine runs dozens of instances.
max_connections = 300
# Kept for the product's own roles, so that instances cannot shut it out.
reserved_connections = 60
shared_buffers = '128MB'
dynamic_shared_memory_type = posix

# One file a weekday, overwritten after a week: the log never fills the disk.
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_rotation_age = '1d'
log_rotation_size = 0
log_truncate_on_rotation = on
log_line_prefix = '%m [%p] %u@%d '
log_timezone = 'UTC'
timezone = 'UTC'
datestyle = 'iso, mdy'
lc_messages = 'C'
default_text_search_config = 'pg_catalog.simple'
",
        port = crate::PORT,
        socket = quote(&settings.socket_dir.to_string_lossy()),
    );
    if !settings.durable {
        text.push_str(
            "
# For tests: a crash of the machine may lose or damage this cluster.
fsync = off
synchronous_commit = off
full_page_writes = off
",
        );
    }
    text
}

/// The product's own roles, which the migrations create.
const PRODUCT_ROLES: [&str; 4] =
    ["tenantry_migrator", "tenantry_app", "tenantry_system", "tenantry_provisioner"];

/// `pg_hba.conf`: the first matching line decides, and no matching line is a refusal.
pub(crate) fn access() -> String {
    let mut text = "\
# Written by Tenantry at each start: changes here are lost.
# type  database  user  method

# The superuser sets the server up; its password is in a file that only the product can read.
local  all  postgres  scram-sha-256

# The product's roles reach the product's database, and the instances' databases as far as those grant it.
"
    .to_owned();
    for role in PRODUCT_ROLES {
        let _ = writeln!(text, "local  all  {role}  scram-sha-256");
    }
    text.push_str(
        "
# The role of an n8n instance (ins_...) reaches the database of its own name and no other, whatever is granted.
local  sameuser  /^ins_  scram-sha-256
",
    );
    text
}

fn quote(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\'', "''")
}
