//! The meter: what n8n's hook recorded, and what n8n's own table knows beyond it.
//!
//! The hook's file is re-read from its start after a restart of the worker: the ledger counts each execution once,
//! however often it is told. That is why no cursor is kept, and none can be wrong.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use nix::fcntl::OFlag;
use sea_orm::ConnectionTrait;
use serde::Deserialize;
use sqlx::{Connection, Row};
use tenantry_kernel::{Error, InstanceId, Result, Secret, TenantId};
use tenantry_keys::Keys;
use tenantry_store::{Db, DbResultExt, SystemRole, SystemTx, Transaction, stmt};

use super::claim::Claim;
use super::databases::InstanceDatabases;
use crate::driver::{Driver, InstanceRef, usage};
use crate::instances::entity::Model;
use crate::instances::repo;
use crate::ports::{Execution, UsageSink};

/// The active file is rotated beyond this size, so that a restart re-reads little.
const ROTATE_AT: u64 = 4 << 20;
/// What one read takes in at the most.
const CHUNK: u64 = 1 << 20;
const BATCH: usize = 1000;
/// How many chunks of one file a look takes in: a talkative instance must not hold up its neighbours.
const CHUNKS_A_LOOK: usize = 2;
/// The same for an instance that has ended: all of it, unless it is beyond reason.
const CHUNKS_AT_THE_END: usize = 512;
const COMPARE_TIMEOUT: Duration = Duration::from_secs(10);
/// What n8n itself counts as a billable run (see its is-billable-execution).
const BILLABLE_MODES: [&str; 5] = ["cli", "retry", "trigger", "webhook", "evaluation"];
const BILLABLE_STATUSES: [&str; 3] = ["success", "error", "crashed"];

/// How far each file, by device and inode, has been recorded.
type Places = Mutex<HashMap<(u64, u64), u64>>;

/// Reads usage of the instances on this host.
pub(crate) struct Meter {
    driver: Arc<dyn Driver>,
    databases: InstanceDatabases,
    sink: Arc<dyn UsageSink>,
    /// How far each file (by inode) has been recorded by this process.
    read: Arc<Places>,
}

/// A line of the hook's file.
#[derive(Deserialize)]
struct Line {
    id: String,
    wf: Option<String>,
    mode: Option<String>,
    status: String,
    start: Option<DateTime<Utc>>,
    stop: DateTime<Utc>,
    billable: bool,
}

impl Meter {
    pub(crate) fn new(
        driver: Arc<dyn Driver>,
        databases: InstanceDatabases,
        sink: Arc<dyn UsageSink>,
    ) -> Self {
        Self { driver, databases, sink, read: Arc::default() }
    }

    /// Records what the hook has written since the last call, or a part of it where that is much.
    pub(crate) async fn collect(&self, row: &Model, instance: &InstanceRef) -> Result<()> {
        self.read_files(row, instance, CHUNKS_A_LOOK).await
    }

    /// Records all that the hook has written, up to a bound. For an instance that is stopped: its files grow no more.
    pub(crate) async fn drain(&self, row: &Model, instance: &InstanceRef) -> Result<()> {
        self.read_files(row, instance, CHUNKS_AT_THE_END).await
    }

    async fn read_files(&self, row: &Model, instance: &InstanceRef, chunks: usize) -> Result<()> {
        let directory = self.driver.usage_files(instance);
        let files = match files(&directory) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::internal(error)),
        };
        for path in &files {
            self.collect_file(row, path, chunks).await?;
        }
        let active = directory.join(usage::ACTIVE);
        if fs::metadata(&active).is_ok_and(|m| m.len() > ROTATE_AT) {
            usage::rotate(&directory).map_err(Error::internal)?;
            // All but the newest closed segments get no more lines.
            let closed = usage::segments(&directory).map_err(Error::internal)?;
            for (_, path) in closed.iter().rev().skip(2) {
                self.forget_if_read(path).map_err(Error::internal)?;
            }
        }
        Ok(())
    }

    /// Deletes a segment, once every line of it is in the ledger. Its place goes with it: the number of its inode is
    /// given to another file.
    fn forget_if_read(&self, path: &Path) -> io::Result<()> {
        let metadata = fs::symlink_metadata(path)?;
        let id = (metadata.dev(), metadata.ino());
        let mut read = self.read.lock().unwrap_or_else(|e| e.into_inner());
        if read.get(&id) == Some(&metadata.len()) {
            fs::remove_file(path)?;
            read.remove(&id);
        }
        Ok(())
    }

    async fn collect_file(&self, row: &Model, path: &Path, chunks: usize) -> Result<()> {
        for _ in 0..chunks {
            let (path, known) = (path.to_owned(), self.read.clone());
            let chunk = tokio::task::spawn_blocking(move || read_chunk(&path, &known))
                .await
                .map_err(Error::internal)?
                .map_err(Error::internal)?;
            let Some(chunk) = chunk else { return Ok(()) };
            let executions: Vec<Execution> =
                chunk.lines.iter().filter_map(|line| execution(row, line)).collect();
            let strange = chunk.lines.len() - executions.len();
            if strange > 0 {
                tracing::warn!(instance.id = %row.instance_id(), usage.lines = strange, "lines that are not the hook's: ignored");
            }
            for batch in executions.chunks(BATCH) {
                self.sink.record(batch).await?;
            }
            // Only now: what could not be recorded is read again.
            self.read.lock().unwrap_or_else(|e| e.into_inner()).insert(chunk.file, chunk.end);
        }
        Ok(())
    }

    pub(crate) async fn reconcile(&self, claim: &Claim, keys: &Keys) -> Result<()> {
        self.reconcile_row(&claim.db, &claim.row, keys).await
    }

    /// Compares with n8n's own table of executions, which also knows those that the hook could not write.
    /// It is asked with the tenant's own database role.
    pub(crate) async fn reconcile_row(&self, db: &Db, row: &Model, keys: &Keys) -> Result<()> {
        let Some(password) = database_password(db, row, keys).await? else {
            return Ok(());
        };
        // The database is the tenant's: whatever it does there, it holds us up for so long and no longer.
        let asked = tokio::time::timeout(COMPARE_TIMEOUT, self.executions_beyond(row, &password)).await;
        let rows = match asked
            .unwrap_or_else(|_| Err(Error::internal("the instance's database takes too long")))
        {
            Ok(rows) => rows,
            Err(error) => {
                // Before the first boot there is no table; a stopped database server is not news here.
                tracing::debug!(instance.id = %row.instance_id(), error = ?error, "no comparison of usage now");
                return Ok(());
            }
        };
        let executions: Vec<Execution> = rows.finished.iter().map(|e| e.to_execution(row)).collect();
        for batch in executions.chunks(BATCH) {
            self.sink.record(batch).await?;
        }
        if rows.complete_to <= row.reconciled_to {
            return Ok(());
        }
        let tx = SystemTx::begin(db, SystemRole::Provisioner).await?;
        tx.conn()
            .execute_raw(stmt(
                "UPDATE provisioner.instances SET reconciled_to = greatest(reconciled_to, $2) WHERE id = $1 AND epoch = $3",
                [row.id.into(), rows.complete_to.into(), row.epoch.into()],
            ))
            .await
            .db()?;
        tx.commit().await
    }

    async fn executions_beyond(&self, row: &Model, password: &Secret) -> Result<Compared> {
        let mut connection = self.databases.connect_as(row.instance_id(), password).await?;
        let found = sqlx::query(
            // Bounded and of plain types: what calls itself execution_entity may be anything.
            r#"SELECT id::bigint AS id, left(mode::text, 32) AS mode, left(status::text, 32) AS status,
                      left("workflowId"::text, 64) AS workflow,
                      extract(epoch FROM "startedAt"::timestamptz)::float8 AS started,
                      extract(epoch FROM "stoppedAt"::timestamptz)::float8 AS stopped
               FROM public.execution_entity WHERE id > $1 ORDER BY id LIMIT 5000"#,
        )
        .bind(row.reconciled_to)
        .fetch_all(&mut connection)
        .await
        .db()?;
        connection.close().await.db()?;
        let mut compared = Compared { finished: Vec::new(), complete_to: row.reconciled_to };
        let mut gap = false;
        for found in &found {
            let id: i64 = found.try_get("id").db()?;
            let status: String = found.try_get("status").db()?;
            let stopped = found.try_get::<Option<f64>, _>("stopped").db()?.and_then(moment);
            let started = found.try_get::<Option<f64>, _>("started").db()?.and_then(moment);
            let last = stopped.or(started);
            match last {
                Some(stopped_at) if is_final(&status) => compared.finished.push(Finished {
                    id,
                    workflow: found.try_get::<Option<String>, _>("workflow").db()?.unwrap_or_default(),
                    mode: found.try_get("mode").db()?,
                    status,
                    started_at: started.unwrap_or(stopped_at),
                    stopped_at,
                }),
                // Still running or waiting: the comparison starts before it next time.
                _ => gap = true,
            }
            if !gap {
                compared.complete_to = id;
            }
        }
        Ok(compared)
    }
}

/// Seconds since 1970 as a moment, if it is one of this or the next centuries.
fn moment(seconds: f64) -> Option<DateTime<Utc>> {
    if !(0.0..7e9).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    DateTime::from_timestamp_micros((seconds * 1e6) as i64)
}

struct Compared {
    finished: Vec<Finished>,
    complete_to: i64,
}

struct Finished {
    id: i64,
    workflow: String,
    mode: String,
    status: String,
    started_at: DateTime<Utc>,
    stopped_at: DateTime<Utc>,
}

impl Finished {
    fn to_execution(&self, row: &Model) -> Execution {
        Execution {
            tenant: TenantId::from_uuid(row.tenant_id),
            instance: InstanceId::from_uuid(row.id),
            epoch: row.epoch,
            execution_id: self.id,
            workflow_id: self.workflow.clone(),
            mode: self.mode.clone(),
            status: self.status.clone(),
            billable: BILLABLE_MODES.contains(&self.mode.as_str())
                && BILLABLE_STATUSES.contains(&self.status.as_str()),
            started_at: self.started_at,
            stopped_at: self.stopped_at,
        }
    }
}

fn is_final(status: &str) -> bool {
    BILLABLE_STATUSES.contains(&status) || status == "canceled"
}

fn execution(row: &Model, line: &str) -> Option<Execution> {
    let line = serde_json::from_str::<Line>(line).ok()?;
    let execution_id = line.id.parse::<i64>().ok()?;
    Some(Execution {
        tenant: TenantId::from_uuid(row.tenant_id),
        instance: row.instance_id(),
        epoch: row.epoch,
        execution_id,
        workflow_id: line.wf.unwrap_or_default(),
        mode: line.mode.unwrap_or_default(),
        status: line.status,
        billable: line.billable,
        started_at: line.start.unwrap_or(line.stop),
        stopped_at: line.stop,
    })
}

async fn database_password(db: &Db, row: &Model, keys: &Keys) -> Result<Option<Secret>> {
    let tx = SystemTx::begin(db, SystemRole::Provisioner).await?;
    let Some(sealed) = repo::secret(&tx, row.instance_id(), "database_password").await? else {
        return Ok(None);
    };
    let subject = format!("{}/database_password", row.instance_id());
    let tenant = TenantId::from_uuid(row.tenant_id);
    keys.open(&tx, tenant, crate::instances::purpose(&subject), &sealed).await.map(Some)
}

/// Closed segments, oldest first, then the active file.
fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let closed = usage::segments(directory)?.into_iter().map(|(_, path)| path);
    Ok(closed.chain([directory.join(usage::ACTIVE)]).filter(|p| p.exists()).collect())
}

struct Chunk {
    file: (u64, u64),
    end: u64,
    lines: Vec<String>,
}

/// Whole lines from where reading stopped. The file is writable by hostile code: no link is followed, nothing but
/// a regular file is read, and never more than a chunk.
fn read_chunk(path: &Path, known: &Places) -> io::Result<Option<Chunk>> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let mut file: File = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other(format!("{} is not a regular file", path.display())));
    }
    let id = (metadata.dev(), metadata.ino());
    let mut start = known.lock().unwrap_or_else(|e| e.into_inner()).get(&id).copied().unwrap_or(0);
    if metadata.len() < start {
        // Cut short by the instance: read what is there now; the ledger knows what it has.
        start = 0;
    }
    if metadata.len() == start {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(CHUNK).read_to_end(&mut bytes)?;
    let whole = match bytes.iter().rposition(|b| *b == b'\n') {
        Some(last) => last + 1,
        // A line longer than a chunk is none of the hook's: skip it.
        None if bytes.len() as u64 == CHUNK => bytes.len(),
        None => return Ok(None),
    };
    bytes.truncate(whole);
    let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
    Ok(Some(Chunk { file: id, end: start + whole as u64, lines }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_per_file_and_only_whole_lines_are_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("executions.jsonl");
        let places = Places::default();
        fs::write(&path, "one\ntwo\nthr").unwrap();
        let chunk = read_chunk(&path, &places).unwrap().unwrap();
        assert_eq!(chunk.lines, ["one", "two"]);
        places.lock().unwrap().insert(chunk.file, chunk.end);
        assert!(read_chunk(&path, &places).unwrap().is_none(), "half a line waits for its end");
        fs::write(&path, "one\ntwo\nthree\n").unwrap();
        assert_eq!(read_chunk(&path, &places).unwrap().unwrap().lines, ["three"]);
        fs::write(&path, "x\n").unwrap();
        assert_eq!(
            read_chunk(&path, &places).unwrap().unwrap().lines,
            ["x"],
            "cut short: read from the start"
        );
    }

    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("executions.jsonl");
        std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
        assert!(read_chunk(&link, &Places::default()).is_err());
    }
}
