//! Sessions: a browser's log-in, as the server keeps it. The cookie is the transport's.

mod alive;
mod model;
mod own;
pub(crate) mod repo;
mod service;

pub use model::{Authenticated, NewToken, UserSession};
