use std::sync::Arc;

use tenantry_kernel::{Clock, Entropy};
use tenantry_store::Db;

/// The billing service. Cheap to clone.
///
/// Its methods live beside the nouns they serve: plans, subscriptions, usage, invoices.
#[derive(Clone)]
pub struct Billing {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Billing {
    pub fn new(db: Db, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { db, clock, entropy }
    }
}
