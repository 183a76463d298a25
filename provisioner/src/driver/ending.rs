//! Why an instance ended, in words for a person.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;

use super::layout::Layout;

const TAIL_BYTES: u64 = 8192;
const TAIL_LINES: usize = 6;
const LINE_CHARS: usize = 300;
/// bubblewrap tells "ended by signal n" as 128 + n, as shells do.
const SIGNALS: i32 = 128;

/// A line of `--json-status-fd`.
#[derive(Deserialize)]
struct Status {
    #[serde(rename = "exit-code")]
    exit_code: Option<i32>,
}

/// A line of n8n's log.
#[derive(Deserialize)]
struct Line {
    level: String,
    message: String,
}

/// The cause, then the last words.
pub(super) fn describe(layout: &Layout, memory_kills: u64) -> String {
    let text = fs::read_to_string(layout.sandbox_status()).unwrap_or_default();
    let code = exit_code(&text);
    let cause = match (memory_kills, code) {
        (1.., _) => "the memory limit was reached: a larger plan gives more memory".to_owned(),
        (0, Some(0)) => "n8n ended by itself".to_owned(),
        (0, Some(code)) if code > SIGNALS => format!("n8n was ended by signal {}", code - SIGNALS),
        (0, Some(code)) => format!("n8n ended with status {code}"),
        // Nobody was left to write it: the machine stopped, or the whole sandbox was killed.
        (0, None) => "n8n was cut off".to_owned(),
    };
    format!("{cause}. Last in its log:\n{}", log_tail(&layout.log()))
}

fn exit_code(text: &str) -> Option<i32> {
    text.lines().filter_map(|line| serde_json::from_str::<Status>(line).ok()?.exit_code).next_back()
}

/// The last lines of the log.
pub(super) fn log_tail(path: &Path) -> String {
    let read = || -> io::Result<String> {
        let mut file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let mut lines: Vec<String> = text.lines().rev().filter_map(readable).take(TAIL_LINES).collect();
    lines.reverse();
    if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n") }
}

/// `level: message` of n8n's JSON; other lines as they are.
fn readable(line: &str) -> Option<String> {
    let text = match serde_json::from_str::<Line>(line) {
        Ok(Line { level, message }) => format!("{level}: {}", message.trim().replace('\n', " ")),
        Err(_) => line.trim().to_owned(),
    };
    (!text.is_empty()).then(|| text.chars().take(LINE_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_exit_code_counts_and_other_documents_do_not() {
        let text = "{ \"child-pid\": 5, \"pid-namespace\": 7 }\n{ \"exit-code\": 137 }\n";
        assert_eq!(exit_code(text), Some(137));
        assert_eq!(exit_code("{ \"child-pid\": 5 }"), None);
    }

    #[test]
    fn n8ns_json_becomes_level_and_message() {
        assert_eq!(
            readable(r#"{"level":"error","message":"boom\nbang","metadata":{}}"#).unwrap(),
            "error: boom bang"
        );
        assert_eq!(readable("bwrap: no such file").unwrap(), "bwrap: no such file");
        assert_eq!(readable("  "), None);
    }
}
