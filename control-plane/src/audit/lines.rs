//! The format of exports: one JSON text a line. A header; the records, each checkpoint behind the record that it is of;
//! an end that says what there should have been, signed. The guide `docs/guides/audit.md` describes it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use tenantry_kernel::{Error, Result, TenantId};
use tenantry_store::audit::Record;
use tenantry_store::audit::checkpoints::{Checkpoint, PublicKey};

/// The format's name and version.
pub(super) const FORMAT: &str = "tenantry-audit-v1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Line {
    Header(Header),
    Record(Box<Record>),
    Checkpoint(Checkpoint),
    End(End),
}

impl Line {
    /// The line as it stands in a file, its end included.
    pub(super) fn write(&self, to: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(&mut *to, self).map_err(Error::internal)?;
        to.push(b'\n');
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Header {
    pub(super) format: String,
    pub(super) tenant: TenantId,
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) to: Option<DateTime<Utc>>,
    pub(super) made_at: DateTime<Utc>,
    pub(super) anchor: Anchor,
    pub(super) keys: Vec<Key>,
}

/// What is before the first record of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Anchor {
    pub(super) seq: i64,
    pub(super) hash: String,
    /// Where there is one: always, when what is before is no longer kept.
    pub(super) checkpoint: Option<Checkpoint>,
}

/// A public key, as in RFC 8037.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) kid: String,
    pub(super) kty: String,
    pub(super) crv: String,
    pub(super) x: String,
}

impl From<&PublicKey> for Key {
    fn from(key: &PublicKey) -> Self {
        Self {
            kid: key.key_id.clone(),
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x: key.public_key.clone(),
        }
    }
}

/// What the file holds, signed, so that nothing can be cut off at either end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct End {
    pub(super) tenant: TenantId,
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) to: Option<DateTime<Utc>>,
    pub(super) anchor_seq: i64,
    pub(super) anchor_hash: String,
    pub(super) last_seq: i64,
    pub(super) last_hash: String,
    pub(super) made_at: DateTime<Utc>,
    pub(super) key_id: String,
    pub(super) signature: String,
}

impl End {
    /// What is signed: one line a value.
    pub(super) fn message(&self) -> String {
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let moment = |at: Option<DateTime<Utc>>| at.map_or_else(|| "-".to_owned(), text);
        [
            "tenantry-audit-export-v1".to_owned(),
            self.tenant.to_string(),
            moment(self.from),
            moment(self.to),
            self.anchor_seq.to_string(),
            self.anchor_hash.clone(),
            self.last_seq.to_string(),
            self.last_hash.clone(),
            text(self.made_at),
            self.key_id.clone(),
            String::new(),
        ]
        .join("\n")
    }
}
