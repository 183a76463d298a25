//! Documents that are named by their SHA-256 instead of being sent: automatic persisted queries (Apollo's protocol),
//! and the operator's list of the only operations that may run.
//!
//! Both are content-addressed: a name always means the text that has this hash, so nobody can put another document
//! under somebody's name. What is remembered is bounded, and a node forgets what was not used for longest; a client
//! that is told so sends the text again. Nodes need not share it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::tokens::normal_form;

/// How many bytes of documents a node remembers.
const MOST_BYTES: usize = 4 << 20;
/// The largest document that is remembered.
const MOST_OF_ONE: usize = 32 << 10;

type Hash = [u8; 32];

fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

/// Documents that clients have sent.
#[derive(Clone, Default)]
pub(super) struct Remembered(Arc<Mutex<Shelf>>);

#[derive(Default)]
struct Shelf {
    of: HashMap<Hash, (Arc<str>, u64)>,
    by_use: BTreeMap<u64, Hash>,
    clock: u64,
    bytes: usize,
}

impl Remembered {
    pub(super) fn get(&self, hash: &Hash) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner()).get(hash)
    }

    pub(super) fn put(&self, text: &Arc<str>) {
        if text.len() <= MOST_OF_ONE {
            self.0.lock().unwrap_or_else(|e| e.into_inner()).put(hash(text), text);
        }
    }
}

impl Shelf {
    fn get(&mut self, hash: &Hash) -> Option<Arc<str>> {
        let (text, used) = self.of.get_mut(hash)?;
        self.by_use.remove(used);
        self.clock += 1;
        *used = self.clock;
        self.by_use.insert(self.clock, *hash);
        Some(text.clone())
    }

    fn put(&mut self, hash: Hash, text: &Arc<str>) {
        if self.get(&hash).is_some() {
            return;
        }
        self.clock += 1;
        self.bytes += text.len();
        self.by_use.insert(self.clock, hash);
        self.of.insert(hash, (text.clone(), self.clock));
        while self.bytes > MOST_BYTES {
            let Some((_, oldest)) = self.by_use.pop_first() else { return };
            if let Some((text, _)) = self.of.remove(&oldest) {
                self.bytes -= text.len();
            }
        }
    }
}

/// The operations that may run, where the operator allows no others.
#[derive(Debug, Default)]
pub(crate) struct AllowList {
    by_hash: HashMap<Hash, Arc<str>>,
    /// Of the documents' normal forms: how a client lays a document out does not matter.
    forms: HashSet<Hash>,
}

impl AllowList {
    /// Reads a manifest, or all `*.json` of a directory. A manifest is an object of SHA-256 to document (as GraphQL Code
    /// Generator writes `persisted-documents.json`), or Apollo's persisted query manifest.
    ///
    /// # Errors
    /// What cannot be read, holds no operation, or has a hash that is not the document's.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let mut list = Self::default();
        list.add(path)?;
        anyhow::ensure!(!list.by_hash.is_empty(), "{} lists no operation: nothing could run", path.display());
        Ok(list)
    }

    /// Adds what another manifest lists.
    pub(crate) fn add(&mut self, path: &Path) -> anyhow::Result<()> {
        let files = if path.is_dir() {
            let entries = std::fs::read_dir(path).with_context(|| path.display().to_string())?;
            let mut files = Vec::new();
            for entry in entries {
                let file = entry?.path();
                if file.extension().is_some_and(|extension| extension == "json") {
                    files.push(file);
                }
            }
            files
        } else {
            vec![path.to_owned()]
        };
        for file in files {
            let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            self.add_manifest(&text).with_context(|| file.display().to_string())?;
        }
        Ok(())
    }

    fn add_manifest(&mut self, text: &str) -> anyhow::Result<()> {
        let manifest: Map<String, Value> = serde_json::from_str(text).context("it is not a JSON object")?;
        if let Some(Value::Array(operations)) = manifest.get("operations") {
            for operation in operations {
                let of = |name: &str| operation.get(name).and_then(Value::as_str);
                let (id, body) = of("id").zip(of("body")).context("an operation has an id and a body")?;
                self.add_operation(id, body)?;
            }
            return Ok(());
        }
        for (id, body) in &manifest {
            self.add_operation(id, body.as_str().context("a document is text")?)?;
        }
        Ok(())
    }

    fn add_operation(&mut self, id: &str, body: &str) -> anyhow::Result<()> {
        let own = hash(body);
        anyhow::ensure!(
            id.trim_start_matches("sha256:").eq_ignore_ascii_case(&hex::encode(own)),
            "{id} is not the SHA-256 of its document"
        );
        self.forms.insert(hash(&normal_form(body)));
        self.by_hash.insert(own, Arc::from(body));
        Ok(())
    }

    fn allows(&self, text: &str) -> bool {
        self.forms.contains(&hash(&normal_form(text)))
    }
}

/// The document of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) text: Arc<str>,
    /// Whether it is to be remembered once it proves valid.
    pub(super) remember: bool,
}

/// Why a document does not run. Each is an answer of Apollo's protocol or of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// Send the text too.
    NotFound,
    /// Neither a version nor a hash that we know.
    Unsupported,
    /// The hash is another text's.
    Mismatch,
    /// Not on the operator's list.
    NotAllowed,
}

/// Finds the document that a request means.
///
/// # Errors
/// [`Unknown`].
pub(super) fn find(
    (query, extensions): (Option<&str>, Option<&Map<String, Value>>),
    remembered: &Remembered,
    allowed: Option<&AllowList>,
) -> Result<Named, Unknown> {
    let query = query.filter(|text| !text.is_empty());
    let by_name = match extensions.and_then(|it| it.get("persistedQuery")) {
        None | Some(Value::Null) => None,
        Some(name) => Some(hash_of(name).ok_or(Unknown::Unsupported)?),
    };
    let (text, remember) = match (query, by_name) {
        (Some(text), None) => (Arc::from(text), false),
        (Some(text), Some(name)) if hash(text) == name => (Arc::from(text), true),
        (Some(_), Some(_)) => return Err(Unknown::Mismatch),
        (None, Some(name)) => {
            let listed = allowed.and_then(|list| list.by_hash.get(&name)).cloned();
            (listed.or_else(|| remembered.get(&name)).ok_or(Unknown::NotFound)?, false)
        }
        (None, None) => (Arc::from(""), false),
    };
    if allowed.is_some_and(|list| !list.allows(&text)) {
        return Err(Unknown::NotAllowed);
    }
    Ok(Named { text, remember })
}

fn hash_of(name: &Value) -> Option<Hash> {
    if name.get("version")?.as_i64()? != 1 {
        return None;
    }
    hex::decode(name.get("sha256Hash")?.as_str()?).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn named(text: &str) -> Map<String, Value> {
        let name = json!({ "persistedQuery": { "version": 1, "sha256Hash": hex::encode(hash(text)) } });
        name.as_object().unwrap().clone()
    }

    #[test]
    fn a_name_means_the_text_with_that_hash_and_no_other() {
        let shelf = Remembered::default();
        let name = named("{ a }");
        assert_eq!(find((None, Some(&name)), &shelf, None), Err(Unknown::NotFound));
        assert_eq!(find((Some("{ b }"), Some(&name)), &shelf, None), Err(Unknown::Mismatch));
        let found = find((Some("{ a }"), Some(&name)), &shelf, None).unwrap();
        assert!(found.remember);
        shelf.put(&found.text);
        assert_eq!(&*find((None, Some(&name)), &shelf, None).unwrap().text, "{ a }");
        for bad in [
            json!({}),
            json!(1),
            json!({ "version": 2, "sha256Hash": hex::encode(hash("{ a }")) }),
            json!({ "version": 1 }),
            json!({ "version": 1, "sha256Hash": "00" }),
            json!({ "version": 1, "sha256Hash": 5 }),
        ] {
            let bad = json!({ "persistedQuery": bad });
            assert_eq!(find((None, bad.as_object()), &shelf, None), Err(Unknown::Unsupported), "{bad}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_unused_goes_first() {
        let shelf = Remembered::default();
        let text = |n: usize| Arc::<str>::from(format!("{n} {}", "x".repeat(16 << 10)));
        let (kept, lost) = (text(0), text(1));
        shelf.put(&kept);
        shelf.put(&lost);
        for n in 2..400 {
            shelf.put(&text(n));
            assert!(shelf.get(&hash(&kept)).is_some(), "used all the time");
        }
        assert_eq!(shelf.get(&hash(&lost)), None);
        let held = shelf.0.lock().unwrap();
        assert!(held.bytes <= MOST_BYTES && held.of.len() == held.by_use.len());
        assert_eq!(held.bytes, held.of.values().map(|(text, _)| text.len()).sum::<usize>());
        drop(held);
        let huge = Arc::<str>::from("x".repeat(MOST_OF_ONE + 1));
        shelf.put(&huge);
        assert_eq!(shelf.get(&hash(&huge)), None);
    }

    #[test]
    fn with_a_list_nothing_else_runs_by_name_or_by_text() {
        let dir = tempfile::tempdir().unwrap();
        let body = "query A { a }";
        let apollo = json!({ "operations": [{ "id": hex::encode(hash("{ b }")), "body": "{ b }" }] });
        std::fs::write(dir.path().join("a.json"), json!({ hex::encode(hash(body)): body }).to_string())
            .unwrap();
        std::fs::write(dir.path().join("b.json"), apollo.to_string()).unwrap();
        let list = AllowList::read(dir.path()).unwrap();
        let shelf = Remembered::default();
        let run = |query: Option<&str>, name: Option<&str>| {
            find((query, name.map(named).as_ref()), &shelf, Some(&list)).map(|found| found.text.to_string())
        };
        assert_eq!(run(None, Some(body)).unwrap(), body);
        assert!(run(Some("query A{a __typename}"), None).is_ok(), "as another client lays it out");
        assert!(run(Some("{ b }"), None).is_ok());
        shelf.put(&Arc::from("{ c }"));
        assert_eq!(run(None, Some("{ c }")), Err(Unknown::NotAllowed), "remembered is not allowed");
        assert_eq!(run(Some("{ c }"), Some("{ c }")), Err(Unknown::NotAllowed));
        assert_eq!(run(Some("query A { a } query B { b }"), None), Err(Unknown::NotAllowed));
        assert_eq!(run(None, None), Err(Unknown::NotAllowed));
    }

    #[test]
    fn a_list_that_lies_or_is_empty_stops_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("list.json");
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"00":"{ a }"}"#,
            r#"{"operations":[{"id":"00","body":"{ a }"}]}"#,
            r#"{"operations":[{}]}"#,
        ] {
            std::fs::write(&file, bad).unwrap();
            assert!(AllowList::read(&file).is_err(), "{bad}");
        }
        assert!(AllowList::read(&dir.path().join("none")).is_err());
    }
}
