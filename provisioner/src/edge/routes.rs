//! Where a host name leads.

use std::collections::HashMap;
use std::sync::RwLock;

use async_trait::async_trait;
use tenantry_kernel::InstanceId;

/// What stands behind a host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// No such instance.
    Unknown,
    /// The instance exists but takes no traffic. Both texts are shown to the public.
    NotReady { phase: String, detail: Option<String> },
    /// The instance listens on this port of 127.0.0.1.
    Ready { port: u16, instance: InstanceId },
    /// It cannot be said just now.
    Unavailable,
}

/// Answers for every request: it has to be quick.
#[async_trait]
pub trait Routes: Send + Sync {
    /// `slug` and `region` are lower-case DNS labels.
    async fn resolve(&self, slug: &str, region: &str) -> Route;
}

/// The routes in memory. A reader sees a whole table, the old one or the new one.
///
/// Until the first [`set`](Self::set) or [`replace_all`](Self::replace_all) every answer is
/// [`Route::Unavailable`]: an edge that has not heard from the database yet must not tell a customer that
/// his instance does not exist.
#[derive(Debug, Default)]
pub struct RouteTable(RwLock<Option<HashMap<String, Route>>>);

impl RouteTable {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn set(&self, slug: &str, region: &str, route: Route) {
        self.write(|table| {
            table.get_or_insert_default().insert(key(slug, region), route);
        });
    }

    pub fn remove(&self, slug: &str, region: &str) {
        self.write(|table| {
            if let Some(table) = table {
                table.remove(&key(slug, region));
            }
        });
    }

    /// Replaces the whole table in one step: what is not in `routes` (slug, region, route) is gone.
    pub fn replace_all(&self, routes: impl IntoIterator<Item = (String, String, Route)>) {
        // Built before the lock is taken, so readers wait for a pointer swap only.
        let fresh = routes.into_iter().map(|(slug, region, route)| (key(&slug, &region), route)).collect();
        self.write(|table| *table = Some(fresh));
    }

    /// The route of one name, without waiting.
    pub fn get(&self, slug: &str, region: &str) -> Route {
        let table = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        match table.as_ref() {
            None => Route::Unavailable,
            Some(table) => table.get(&key(slug, region)).cloned().unwrap_or(Route::Unknown),
        }
    }

    fn write(&self, change: impl FnOnce(&mut Option<HashMap<String, Route>>)) {
        change(&mut self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()));
    }
}

#[async_trait]
impl Routes for RouteTable {
    async fn resolve(&self, slug: &str, region: &str) -> Route {
        self.get(slug, region)
    }
}

/// Neither part can hold a dot, so the joined name is unique.
fn key(slug: &str, region: &str) -> String {
    format!("{slug}.{region}").to_ascii_lowercase()
}
