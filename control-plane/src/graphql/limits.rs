//! What one request may ask for at the most. The guide for users of the API lists these too.

use std::time::Duration;

/// How deep fields may nest. The deepest query of our own clients needs nine.
pub const MAX_DEPTH: usize = 14;
/// How many fields an answer may count, page sizes and aliases included, over all operations of a batch.
pub const MAX_COMPLEXITY: usize = 5_000;
/// The largest request body, in bytes.
pub const MAX_BODY: usize = 256 * 1024;
/// How many operations one HTTP request may have.
pub const MAX_BATCH: usize = 10;
/// How many mutations one operation may make, aliases counted.
pub const MAX_MUTATIONS: usize = 10;
/// How many directives one field may carry.
pub const MAX_DIRECTIVES: usize = 8;
/// How many words a document may have.
pub const MAX_TOKENS: usize = 20_000;
/// How deep brackets of any kind may nest in a document.
pub const MAX_NESTING: usize = 60;
/// How many fragments a document may have.
pub const MAX_FRAGMENTS: usize = 100;
/// How many selections a document may have once its fragments are put in.
pub const MAX_SELECTIONS: usize = 10_000;
/// How many items a mutation on many things may have.
pub const MAX_ITEMS: usize = 50;
/// How long an HTTP request may take.
pub const MAX_TIME: Duration = Duration::from_secs(15);
