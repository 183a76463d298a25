//! Records as lines of a file a tenant, in the directory that the operator has given.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tenantry_kernel::TenantId;
use tenantry_store::audit::Record;

/// Appends records and waits until they are on the disk. A line that a crash has left half-written is taken away first.
pub(super) fn append(directory: &Path, tenant: TenantId, records: &[Record]) -> io::Result<()> {
    let path = directory.join(format!("{tenant}.jsonl"));
    let fresh = !path.exists();
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o640).open(&path)?;
    let whole = whole_lines(&mut file)?;
    file.set_len(whole)?;
    file.seek(SeekFrom::End(0))?;
    let mut bytes = Vec::new();
    for record in records {
        serde_json::to_writer(&mut bytes, record)?;
        bytes.push(b'\n');
    }
    file.write_all(&bytes)?;
    file.sync_all()?;
    if fresh {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// How long the file is up to the end of its last whole line.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    const BLOCK: u64 = 8192;
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        let mut block = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(end - start).read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_written_line_is_found_however_long_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        for (whole, half) in
            [("", ""), ("a\nb\n", ""), ("a\n", "half"), ("", "half"), ("a\n", &"x".repeat(20_000))]
        {
            std::fs::write(&path, format!("{whole}{half}")).unwrap();
            assert_eq!(whole_lines(&mut File::open(&path).unwrap()).unwrap(), whole.len() as u64);
        }
    }
}
