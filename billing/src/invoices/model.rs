use chrono::{DateTime, Utc};

use crate::{Currency, InvoiceLine};

/// What the running period would cost if nothing more ran: the base price to the period's end and the usage
/// so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoicePreview {
    pub period_start: DateTime<Utc>,
    /// The next period's start.
    pub period_end: DateTime<Utc>,
    /// Usage is counted up to here.
    pub as_of: DateTime<Utc>,
    pub currency: Currency,
    pub lines: Vec<InvoiceLine>,
    /// The sum of the lines.
    pub total_minor: i64,
}
