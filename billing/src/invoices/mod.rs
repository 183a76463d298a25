//! Invoices of the built-in biller. For now: the preview of the running period.

mod model;
mod service;

pub use model::InvoicePreview;
