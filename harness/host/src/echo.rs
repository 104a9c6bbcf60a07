//! Passing plugin output on to the user while it runs (`--no-capture`).

use std::sync::OnceLock;

type Sink = Box<dyn Fn(&[u8]) + Send + Sync>;

static SINK: OnceLock<Sink> = OnceLock::new();

/// Hands every later line of plugin stderr to `sink`. The first call counts.
pub fn set(sink: impl Fn(&[u8]) + Send + Sync + 'static) {
    let _ = SINK.set(Box::new(sink));
}

pub(crate) fn line(bytes: &[u8]) {
    if let Some(sink) = SINK.get() {
        sink(bytes);
    }
}
