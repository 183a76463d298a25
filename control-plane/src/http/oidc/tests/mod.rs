//! Log-ins at real providers, through their own pages.

mod binding;
mod journeys;

use crate::http::sso::{agent, peers, world};
use world::{Acme, PLAIN_SECRET, PORTAL, SECRET, as_somebody};
