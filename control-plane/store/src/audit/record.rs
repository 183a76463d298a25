use chrono::{DateTime, Utc};
use sea_orm::{DbErr, QueryResult};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tenantry_kernel::{Error, Result, TenantId};

/// What the first record has before it.
pub const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One row of the trail. As JSON it is what exports and streams carry, the order of its fields included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// By which rules the hash is made.
    pub version: i16,
    pub tenant: TenantId,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub resource: String,
    pub result: String,
    pub origin: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    pub details: Value,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub prev_hash: String,
    pub hash: String,
}

/// What a hash of version 1 is made of.
#[derive(Serialize)]
struct First<'a> {
    tenant: TenantId,
    seq: i64,
    at: DateTime<Utc>,
    actor: &'a str,
    action: &'a str,
    resource: &'a str,
    result: &'a str,
    origin: Option<&'a str>,
    request_id: &'a str,
    details: &'a Value,
    prev_hash: &'a str,
}

/// What a hash of version 2 is made of.
#[derive(Serialize)]
struct Second<'a> {
    version: i16,
    #[serde(flatten)]
    first: First<'a>,
    user_agent: Option<&'a str>,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
}

impl Record {
    /// The hash that the row must have.
    ///
    /// # Errors
    /// `Internal` for a version that this program does not know.
    pub fn digest(&self) -> Result<String> {
        let first = First {
            tenant: self.tenant,
            seq: self.seq,
            at: self.at,
            actor: &self.actor,
            action: &self.action,
            resource: &self.resource,
            result: &self.result,
            origin: self.origin.as_deref(),
            request_id: &self.request_id,
            details: &self.details,
            prev_hash: &self.prev_hash,
        };
        // serde_json keeps struct order, and values come with their keys in order: the same row gives the same bytes.
        let bytes = match self.version {
            1 => serde_json::to_vec(&first),
            2 => serde_json::to_vec(&Second {
                version: 2,
                first,
                user_agent: self.user_agent.as_deref(),
                before: self.before.as_ref(),
                after: self.after.as_ref(),
            }),
            other => return Err(Error::internal(format!("audit records of version {other} are not known"))),
        };
        Ok(hex::encode(Sha256::digest(bytes.map_err(Error::internal)?)))
    }

    /// Who was refused, or whether it went well, in one word for filters and syslog.
    pub fn is_ok(&self) -> bool {
        // Rows of version 1 may say `done`.
        matches!(self.result.as_str(), super::OK | "done")
    }

    pub(super) fn of_row(row: &QueryResult) -> std::result::Result<Self, DbErr> {
        Ok(Self {
            version: row.try_get("", "version")?,
            tenant: TenantId::from_uuid(row.try_get("", "tenant_id")?),
            seq: row.try_get("", "seq")?,
            at: row.try_get("", "at")?,
            actor: row.try_get("", "actor")?,
            action: row.try_get("", "action")?,
            resource: row.try_get("", "resource")?,
            result: row.try_get("", "result")?,
            origin: row.try_get("", "origin")?,
            user_agent: row.try_get("", "user_agent")?,
            request_id: row.try_get("", "request_id")?,
            details: row.try_get("", "details")?,
            before: row.try_get("", "before")?,
            after: row.try_get("", "after")?,
            prev_hash: row.try_get("", "prev_hash")?,
            hash: row.try_get("", "hash")?,
        })
    }
}

/// The first record at which a chain read from its start is broken, if any.
pub fn first_break(records: &[Record]) -> Result<Option<i64>> {
    break_after((0, FIRST), records)
}

/// As [`first_break`], of records read from behind one of this number and hash.
pub fn break_after((seq, hash): (i64, &str), records: &[Record]) -> Result<Option<i64>> {
    let mut last = (seq, hash);
    for record in records {
        if record.seq != last.0 + 1 || record.prev_hash != last.1 || record.digest()? != record.hash {
            return Ok(Some(record.seq));
        }
        last = (record.seq, &record.hash);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(version: i16) -> Record {
        Record {
            version,
            tenant: "ten_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
            seq: 1,
            at: "2026-11-10T12:00:00.123456Z".parse().unwrap(),
            actor: "usr_01h455vb4pex5vsknk084sn02q".to_owned(),
            action: "instance.create".to_owned(),
            resource: "ins_01h455vb4pex5vsknk084sn02q".to_owned(),
            result: "ok".to_owned(),
            origin: Some("192.0.2.1".to_owned()),
            user_agent: None,
            request_id: "req_01h455vb4pex5vsknk084sn02q".to_owned(),
            details: json!({ "slug": "a", "aa": [1, null] }),
            before: None,
            after: None,
            prev_hash: FIRST.to_owned(),
            hash: String::new(),
        }
    }

    /// Rows written before there were versions stay valid for good: their hash is of exactly these bytes.
    #[test]
    fn a_row_of_version_1_is_hashed_as_it_always_was() {
        let bytes = concat!(
            r#"{"tenant":"ten_01h455vb4pex5vsknk084sn02q","seq":1,"at":"2026-11-10T12:00:00.123456Z","#,
            r#""actor":"usr_01h455vb4pex5vsknk084sn02q","action":"instance.create","#,
            r#""resource":"ins_01h455vb4pex5vsknk084sn02q","result":"ok","origin":"192.0.2.1","#,
            r#""request_id":"req_01h455vb4pex5vsknk084sn02q","details":{"aa":[1,null],"slug":"a"},"#,
            r#""prev_hash":"0000000000000000000000000000000000000000000000000000000000000000"}"#,
        );
        assert_eq!(record(1).digest().unwrap(), hex::encode(Sha256::digest(bytes)));
    }

    #[test]
    fn every_field_of_version_2_is_under_the_hash() {
        let original = record(2);
        let changes: [fn(&mut Record); 8] = [
            |r| r.user_agent = Some("curl".to_owned()),
            |r| r.before = Some(json!({})),
            |r| r.after = Some(json!({})),
            |r| r.version = 1,
            |r| r.origin = None,
            |r| r.request_id.push('x'),
            |r| r.result = "denied".to_owned(),
            |r| r.prev_hash.replace_range(0..1, "1"),
        ];
        for change in changes {
            let mut changed = original.clone();
            change(&mut changed);
            assert_ne!(changed.digest().unwrap(), original.digest().unwrap(), "{changed:?}");
        }
        assert!(record(3).digest().is_err());
    }
}
