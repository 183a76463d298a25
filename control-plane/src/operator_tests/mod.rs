//! The operators' API over a real database: lists that stay right and cheap at ten thousand instances, searches,
//! retries, and who may see what.

mod first_page;
mod lists;
mod malformed;
mod paging;
mod retries;
mod rights;
mod search;
pub(crate) mod statements;
mod support;
