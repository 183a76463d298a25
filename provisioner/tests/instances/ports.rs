//! Ports for the instances of one test. Tests run in processes of their own, side by side: a stretch of ports is
//! taken by a lock on a file, which the kernel frees.

use std::fs::File;
use std::ops::Range;
use std::time::Duration;

/// Below those of a product that runs here (from 20000) and of the system's outgoing connections.
const FIRST: u16 = 19_200;
const STRETCHES: u16 = 20;
const PORTS: u16 = 40;

pub(crate) struct Ports {
    first: u16,
    _lock: File,
}

impl Ports {
    pub(crate) async fn take() -> Self {
        loop {
            for number in 0..STRETCHES {
                let path = std::env::temp_dir().join(format!("tenantry-test-ports-{number}"));
                // Another user's file is another user's stretch.
                let Ok(file) = File::create(path) else { continue };
                if file.try_lock().is_ok() {
                    return Self { first: FIRST + number * PORTS, _lock: file };
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) fn pool(&self) -> Range<u16> {
        self.first..self.first + PORTS
    }
}
