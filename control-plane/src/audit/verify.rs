//! Checks an exported trail without the product: hashes, the chain, signatures, both ends.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, Read};

use serde::Deserialize;
use tenantry_kernel::TenantId;
use tenantry_store::audit::Record;
use tenantry_store::audit::checkpoints::Checkpoint;

use super::lines::{End, FORMAT, Header, Key, Line};
use super::signer::{is_signed, of_pem, thumbprint};

/// Longer lines are none of ours.
const LONGEST: u64 = 16 << 20;

/// What a good file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) tenant: TenantId,
    /// The numbers of the first and last record; `None` for a file without any.
    pub(crate) records: Option<(i64, i64)>,
    pub(crate) checkpoints: u64,
    /// The keys that signed what is in it.
    pub(crate) key_ids: Vec<String>,
}

/// Why a file is not good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The first record that is not as it was, or not there.
    pub(crate) seq: Option<i64>,
    /// Counted from 1.
    pub(crate) line: u64,
    pub(crate) reason: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seq {
            Some(seq) => write!(f, "record {seq} (line {}): {}", self.line, self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

/// What checking came to.
#[derive(Debug)]
pub(crate) enum Verify {
    Good(Verified),
    Broken(Broken),
}

/// Public keys that are believed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keyring(HashMap<String, String>);

/// Which keys are believed.
#[derive(Debug, Clone)]
pub(crate) enum Trust {
    /// Those that the file brings: then the file is whole in itself, and whose it is remains to be seen.
    OfTheFile,
    /// These alone.
    Keys(Keyring),
    /// Those of the file that have one of these fingerprints, and no others. A key's fingerprint is its id.
    Fingerprints(Vec<String>),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    x: String,
}

impl Keyring {
    /// Reads PEM, or a set of JSON Web Keys as the product publishes it. `None` for a text without a key.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let keys: Vec<String> = match serde_json::from_str::<Set>(text) {
            Ok(set) => set.keys.into_iter().map(|key| key.x).collect(),
            Err(_) => vec![of_pem(text)?],
        };
        let ring: HashMap<_, _> = keys.into_iter().map(|x| (thumbprint(&x), x)).collect();
        (!ring.is_empty()).then_some(Self(ring))
    }

    /// The keys that a file brings along. Each must have its own name.
    fn of_header(keys: &[Key]) -> Option<Self> {
        let named = |key: &Key| {
            let known = key.kty == "OKP" && key.crv == "Ed25519" && thumbprint(&key.x) == key.kid;
            known.then(|| (key.kid.clone(), key.x.clone()))
        };
        keys.iter().map(named).collect::<Option<_>>().map(Self)
    }

    fn only(mut self, fingerprints: &[String]) -> Self {
        self.0.retain(|name, _| fingerprints.contains(name));
        self
    }

    fn is_signed(&self, key_id: &str, message: &str, signature: &str) -> bool {
        self.0.get(key_id).is_some_and(|key| is_signed(key, message, signature))
    }
}

/// Checks a file.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn verify(file: impl BufRead, trust: &Trust) -> io::Result<Verify> {
    let keys = match trust {
        Trust::Keys(keys) => Some(keys.clone()),
        Trust::OfTheFile | Trust::Fingerprints(_) => None,
    };
    let mut checker = Checker { file, line: 0, state: None, trust, keys };
    Ok(match checker.run()? {
        Ok(verified) => Verify::Good(verified),
        Err(broken) => Verify::Broken(broken),
    })
}

struct Checker<'a, F> {
    file: F,
    line: u64,
    state: Option<State>,
    trust: &'a Trust,
    keys: Option<Keyring>,
}

/// What was read so far.
struct State {
    header: Header,
    /// The last record, or what is before the first.
    seq: i64,
    hash: String,
    checkpoints: u64,
    key_ids: Vec<String>,
}

type Checked<T> = Result<T, Broken>;

impl<F: BufRead> Checker<'_, F> {
    fn run(&mut self) -> io::Result<Checked<Verified>> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            self.line += 1;
            let read = (&mut self.file).take(LONGEST).read_until(b'\n', &mut bytes)?;
            let outcome = if read == 0 { Err(self.cut()) } else { self.take(&bytes) };
            match outcome {
                Ok(None) => {}
                Ok(Some(verified)) => {
                    let mut rest = [0; 1];
                    let more = self.file.read(&mut rest)? > 0;
                    self.line += 1;
                    return Ok(if more {
                        Err(self.broken("there is more after the end"))
                    } else {
                        Ok(verified)
                    });
                }
                Err(broken) => return Ok(Err(broken)),
            }
        }
    }

    /// Where the next record should be, something is wrong.
    fn broken(&self, reason: impl Into<String>) -> Broken {
        Broken { seq: self.state.as_ref().map(|s| s.seq + 1), line: self.line, reason: reason.into() }
    }

    fn cut(&self) -> Broken {
        self.broken("the file ends here, and its signed end is missing")
    }

    fn take(&mut self, bytes: &[u8]) -> Checked<Option<Verified>> {
        let Some(text) = bytes.strip_suffix(b"\n") else {
            return Err(self.cut());
        };
        let line: Line = match serde_json::from_slice(text) {
            Ok(line) => line,
            Err(_) => return Err(self.unreadable(text)),
        };
        // The same value can be written in several ways, and only one of them is what was exported.
        let mut again = Vec::with_capacity(bytes.len());
        if line.write(&mut again).is_err() || again != bytes {
            return Err(self.unreadable(text));
        }
        match line {
            Line::Header(header) => self.header(header).map(|()| None),
            Line::Record(record) => self.record(&record).map(|()| None),
            Line::Checkpoint(checkpoint) => self.checkpoint(&checkpoint).map(|()| None),
            Line::End(end) => self.end(&end).map(Some),
        }
    }

    fn unreadable(&self, text: &[u8]) -> Broken {
        if self.state.is_none() {
            return self.broken("this is not the header of an exported audit trail");
        }
        if text.starts_with(br#"{"end":"#) {
            return self.broken("the signed end is damaged");
        }
        if text.starts_with(br#"{"checkpoint":"#) {
            return self.of_last("the checkpoint of this record is damaged");
        }
        self.broken("it cannot be read, or is not written as it was exported")
    }

    /// With the last record that was read, something is wrong.
    fn of_last(&self, reason: &str) -> Broken {
        Broken { seq: self.state.as_ref().map(|s| s.seq), line: self.line, reason: reason.to_owned() }
    }

    fn header(&mut self, header: Header) -> Checked<()> {
        if self.state.is_some() || header.format != FORMAT {
            return Err(self.broken("this is not the header of an exported audit trail"));
        }
        let brought = Keyring::of_header(&header.keys);
        let brought = brought.ok_or_else(|| self.broken("a key in the header is not what its name says"))?;
        let believed = match self.trust {
            Trust::Fingerprints(pinned) => brought.only(pinned),
            Trust::OfTheFile | Trust::Keys(_) => brought,
        };
        let keys = self.keys.get_or_insert(believed);
        let mut state = State {
            seq: header.anchor.seq,
            hash: header.anchor.hash.clone(),
            header,
            checkpoints: 0,
            key_ids: Vec::new(),
        };
        if let Some(anchor) = state.header.anchor.checkpoint.clone() {
            let fits = state.is_of_last(&anchor);
            if !fits || !keys.is_signed(&anchor.key_id, &anchor.message(), &anchor.signature) {
                return Err(
                    self.broken("the checkpoint before the first record is not signed by a known key")
                );
            }
            state.signed_by(&anchor.key_id);
        }
        self.state = Some(state);
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Checked<()> {
        let Some(state) = &self.state else {
            return Err(self.broken("this is not the header of an exported audit trail"));
        };
        let wanted = state.seq + 1;
        if record.digest().ok().as_deref() != Some(record.hash.as_str()) {
            return Err(self.broken("what it says does not fit its hash: it was changed"));
        }
        if record.seq != wanted {
            return Err(
                self.broken(format!("it is missing or out of its place: here is record {}", record.seq))
            );
        }
        if record.tenant != state.header.tenant {
            return Err(self.broken("it is of another tenant"));
        }
        if record.prev_hash != state.hash {
            return Err(self.broken("it does not follow the record before it: one of the two was exchanged"));
        }
        if let Some(state) = &mut self.state {
            state.seq = record.seq;
            state.hash.clone_from(&record.hash);
        }
        Ok(())
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Checked<()> {
        let (Some(state), Some(keys)) = (&self.state, &self.keys) else {
            return Err(self.broken("this is not the header of an exported audit trail"));
        };
        if !keys.is_signed(&checkpoint.key_id, &checkpoint.message(), &checkpoint.signature) {
            return Err(self.of_last("the checkpoint of this record is not signed by a known key"));
        }
        if !state.is_of_last(checkpoint) {
            return Err(self.of_last("it is not the record that its checkpoint was made of"));
        }
        if let Some(state) = &mut self.state {
            state.checkpoints += 1;
            state.signed_by(&checkpoint.key_id);
        }
        Ok(())
    }

    fn end(&mut self, end: &End) -> Checked<Verified> {
        let (Some(state), Some(keys)) = (&mut self.state, &self.keys) else {
            return Err(self.broken("this is not the header of an exported audit trail"));
        };
        let header = &state.header;
        let wrong =
            |seq: i64, reason: &str| Broken { seq: Some(seq), line: self.line, reason: reason.to_owned() };
        if !keys.is_signed(&end.key_id, &end.message(), &end.signature) {
            return Err(wrong(state.seq + 1, "the end is not signed by a known key"));
        }
        if end.tenant != header.tenant
            || (end.from, end.to, end.made_at) != (header.from, header.to, header.made_at)
        {
            return Err(wrong(
                header.anchor.seq + 1,
                "the header is not the one that the end was signed with",
            ));
        }
        if end.anchor_seq != header.anchor.seq || end.anchor_hash != header.anchor.hash {
            return Err(wrong(
                end.anchor_seq + 1,
                "it is missing: the file begins later than what was exported",
            ));
        }
        if end.last_seq != state.seq {
            return Err(wrong(state.seq + 1, "it is missing: the file ends earlier than what was exported"));
        }
        if end.last_hash != state.hash {
            return Err(wrong(state.seq, "it is not the record that was exported"));
        }
        state.signed_by(&end.key_id);
        let first = state.header.anchor.seq + 1;
        Ok(Verified {
            tenant: state.header.tenant,
            records: (state.seq >= first).then_some((first, state.seq)),
            checkpoints: state.checkpoints,
            key_ids: state.key_ids.clone(),
        })
    }
}

impl State {
    fn is_of_last(&self, checkpoint: &Checkpoint) -> bool {
        checkpoint.tenant == self.header.tenant && checkpoint.seq == self.seq && checkpoint.hash == self.hash
    }

    fn signed_by(&mut self, key_id: &str) {
        if !self.key_ids.iter().any(|known| known == key_id) {
            self.key_ids.push(key_id.to_owned());
        }
    }
}
