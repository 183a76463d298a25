//! Groups, as the directory has them. What a group's members become is said by the tenant's people: see
//! [`connection`](super::connection).

mod model;
mod read;
pub(crate) mod repo;
mod write;

pub(crate) use model::ScimGroup;
pub(super) use read::{candidates, page};
