//! The metering hook alone, under the Node.js that n8n runs on.

use std::process::Command;

use serde_json::Value;
use tenantry_provisioner::n8n::{METERING_HOOK, NODE_PACKAGE};

use crate::world::{VERSION, part};

/// Runs the hook on each `[run, workflow, id]` of `calls` and returns the recorded lines.
fn record(calls: &str, file_exists: bool) -> Vec<Value> {
    let directory = tempfile::tempdir().unwrap();
    let (hook, file) = (directory.path().join("hook.cjs"), directory.path().join("executions.jsonl"));
    std::fs::write(&hook, METERING_HOOK).unwrap();
    if file_exists {
        std::fs::write(&file, "").unwrap();
    }
    let script = format!(
        "const h=require(process.argv[1]).workflow.postExecute[0];\
         (async()=>{{for(const c of {calls})await h(...c);console.log('fine')}})()"
    );
    let node =
        part("TENANTRY_N8N_RUNTIMES").join(VERSION).join("node_modules").join(NODE_PACKAGE).join("bin/node");
    let output = Command::new(node)
        .arg("-e")
        .arg(script)
        .arg(&hook)
        .env("TENANTRY_USAGE_FILE", &file)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "fine\n", "{output:?}");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_counts_is_what_n8n_counts() {
    let lines = record(
        "[
            [{mode:'webhook',status:'success',startedAt:new Date(0),stoppedAt:new Date(5)},{id:'w',name:'n'},'1'],
            [{mode:'webhook',status:'waiting',startedAt:new Date(0)},{id:'w'},'2'],
            [{mode:'integrated',status:'success'},{id:'w'},'3'],
            [{mode:'trigger',status:'error'},{id:'w'},'4'],
            [{mode:'trigger',status:'canceled'},{id:'w'},'5'],
            [{mode:'manual',status:'success'},{id:'w'},'6'],
            [{mode:'trigger',status:'crashed'},{id:'w'},'7'],
        ]",
        true,
    );
    let billable: Vec<(&str, bool)> = lines
        .iter()
        .map(|line| (line["id"].as_str().unwrap(), line["billable"].as_bool().unwrap()))
        .collect();
    assert_eq!(billable, [("1", true), ("3", false), ("4", true), ("5", false), ("6", false), ("7", true)]);
    assert_eq!(lines[0]["start"], "1970-01-01T00:00:00.000Z");
    assert_eq!(lines[0]["stop"], "1970-01-01T00:00:00.005Z");
    assert_eq!((&lines[0]["wf"], &lines[0]["name"]), (&Value::from("w"), &Value::from("n")));
}

#[test]
fn nothing_makes_the_hook_fail() {
    let odd =
        "[[undefined],[null,null,null],[{},{},'1'],[{status:'success',startedAt:'nonsense'},undefined,'2']]";
    assert_eq!(record(odd, true).len(), 2);
    assert!(record(odd, false).is_empty(), "a missing file is not made: the meter makes it");
}
