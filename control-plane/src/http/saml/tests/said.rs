//! What the log says, for tests that look at it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;

/// Hears what this thread logs, for as long as it lives. Tests run on one thread.
pub(super) struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

struct Ear(Arc<Mutex<Vec<u8>>>);

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(super) fn heard() -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let ear = text.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || Ear(ear.clone()))
            .finish();
        Self { text, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// The codes of the refusals since the last time, each with the id of its request.
    pub(super) fn refusals(&self) -> Vec<(String, String)> {
        let text = std::mem::take(&mut *self.text.lock().unwrap());
        let text = String::from_utf8(text).unwrap();
        let part = |line: &str, name: &str, end: &[char]| {
            let rest = line.split_once(name).unwrap_or_else(|| panic!("{name} is not in {line}")).1;
            rest.split(end).next().unwrap().to_owned()
        };
        text.lines()
            .filter(|line| line.contains("single sign-on refused"))
            .map(|line| {
                (
                    part(line, "flow.reason=\"", &[':', '"']),
                    part(line, "flow.purpose=\"log_in\" request.id=", &[' ']),
                )
            })
            .collect()
    }

    /// The one refusal since the last time.
    pub(super) fn refusal(&self) -> String {
        let mut all = self.refusals();
        assert_eq!(all.len(), 1, "{all:?}");
        let (code, request) = all.remove(0);
        assert!(request.starts_with("req_"), "{request}");
        code
    }
}
