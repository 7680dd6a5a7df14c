//! Waiting for what will surely be, with a limit.

use std::time::Duration;

/// How long anything may take before a test gives up.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits until a condition holds, looking again and again.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let looking = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        loop {
            look.tick().await;
            if holds().await {
                return;
            }
        }
    };
    let in_time = tokio::time::timeout(LIMIT, looking).await;
    assert!(in_time.is_ok(), "waited {LIMIT:?} in vain: {what}");
}
