//! Counts the statements that reach PostgreSQL: sqlx logs each one, and this listens.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Hears the statements of this thread, on which a test's runtime runs everything, until it is dropped.
pub(crate) struct Statements {
    heard: Arc<Mutex<Vec<String>>>,
    _guard: DefaultGuard,
}

impl Statements {
    pub(crate) fn listen() -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(Listener(heard.clone()));
        Self { heard, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// What was run since the last call, transactions' begins and ends apart.
    pub(crate) fn take(&self) -> Vec<String> {
        let all = std::mem::take(&mut *self.heard.lock().unwrap());
        all.into_iter().filter(|s| !matches!(s.as_str(), "BEGIN" | "COMMIT" | "ROLLBACK")).collect()
    }
}

struct Listener(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut statement = Statement::default();
            event.record(&mut statement);
            let text = if statement.whole.trim().is_empty() { statement.summary } else { statement.whole };
            self.0.lock().unwrap().push(text.trim().to_owned());
        }
    }
}

#[derive(Default)]
struct Statement {
    summary: String,
    whole: String,
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => self.summary = value.to_owned(),
            "db.statement" => self.whole = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        self.record_str(field, &text);
    }
}
