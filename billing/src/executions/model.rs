use chrono::{DateTime, Utc};

/// One finished execution of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Grows when the instance's database is restored: execution ids then start again from an older value.
    pub epoch: i32,
    pub execution_id: i64,
    pub workflow_id: String,
    pub mode: String,
    pub status: String,
    /// Whether the invoice counts it.
    pub billable: bool,
    pub started_at: DateTime<Utc>,
    pub stopped_at: DateTime<Utc>,
}

impl Execution {
    /// Its id within the instance: n8n's own number, with the epoch before it where that is not the first.
    pub fn id(&self) -> String {
        match self.epoch {
            1 => self.execution_id.to_string(),
            epoch => format!("{epoch}-{}", self.execution_id),
        }
    }
}
