//! What must not compile: every way round the gate that a hurried change might take.
//!
//! The cases are `tests/ui/*.rs`. A line that must be refused ends with `//~` and the error. They are compiled against the
//! workspace's own build, which is there when the tests run: a build of its own, as `trybuild` makes, costs minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[test]
fn no_way_round_the_gate_compiles() {
    let crates = built();
    let out = tempfile::tempdir().unwrap();
    let mut cases = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")).unwrap() {
        let case = entry.unwrap().path();
        assert_eq!(refusals(&case, &crates, out.path()), expected(&case), "{}", case.display());
        cases += 1;
    }
    assert_eq!(cases, 9);
}

/// Lines, and why they are refused.
type Refusals = BTreeSet<(u64, String)>;

fn expected(case: &Path) -> Refusals {
    let text = fs::read_to_string(case).unwrap();
    let numbered = (1..).zip(text.lines());
    numbered.filter_map(|(line, text)| Some((line, text.split_once("//~ ")?.1.to_owned()))).collect()
}

fn refusals(case: &Path, crates: &BTreeMap<String, PathBuf>, out: &Path) -> Refusals {
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--error-format=json", "--out-dir"]);
    rustc.arg(out).arg(case);
    for name in ["tenantry_kernel", "tenantry_authz", "tenantry_store"] {
        let library = &crates[name];
        rustc.arg("--extern").arg(format!("{name}={}", library.display()));
        rustc.arg("-L").arg(format!("dependency={}", library.parent().unwrap().display()));
    }
    let output = rustc.output().unwrap();
    let said: Vec<Value> = lines(&output.stderr);
    let errors = said.iter().filter(|said| said["level"] == "error" && said["spans"][0].is_object());
    let found: Refusals = errors.map(|error| (line(error), why(error))).collect();
    assert_eq!(output.status.success(), found.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    found
}

fn line(error: &Value) -> u64 {
    let spans = error["spans"].as_array().unwrap();
    spans.iter().find(|span| span["is_primary"] == true).unwrap()["line_start"].as_u64().unwrap()
}

fn why(error: &Value) -> String {
    let message = error["message"].as_str().unwrap();
    error["code"]["code"].as_str().map_or_else(|| message.to_owned(), |code| format!("{code}: {message}"))
}

/// The workspace's libraries as they were built with the tests: cargo names them, and builds only what is missing.
fn built() -> BTreeMap<String, PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--workspace", "--all-targets", "--message-format=json"]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    // With the variables of this test, build scripts would run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "LD_LIBRARY_PATH"].iter().any(|start| name.starts_with(start)) {
            cargo.env_remove(name);
        }
    }
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let library = |message: &Value| {
        let of_a_library = message["target"]["kind"][0] == "lib" && message["profile"]["test"] == false;
        let name = message["target"]["name"].as_str()?.to_owned();
        let files = message["filenames"].as_array()?;
        let file = files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".rmeta"))?;
        of_a_library.then(|| (name, PathBuf::from(file)))
    };
    lines(&output.stdout).iter().filter_map(library).collect()
}

fn lines(text: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(text);
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
