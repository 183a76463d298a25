use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tenantry_kernel::{Entropy, OsEntropy};

/// Asks again and again until there is an answer, at most for `limit`.
///
/// # Errors
/// When the time is over: says what was waited for. An error of `ask` ends the wait at once.
pub async fn until<T, F>(what: &str, limit: Duration, mut ask: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if start.elapsed() > limit {
            bail!("waited {} s for {what}", limit.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Eight characters that no other run has.
pub fn random_tag() -> String {
    let mut bytes = [0u8; 4];
    OsEntropy.fill(&mut bytes);
    hex::encode(bytes)
}
