//! People, as the directory describes them.

mod model;
mod read;
pub(crate) mod repo;
mod write;

pub(crate) use model::ScimUser;
pub(super) use read::{candidates, page};
