//! Logs: one line per event on standard error. Standard output is for the output of commands.

use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::{LogFormat, Telemetry};

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// The filter is not valid. A checked configuration has a valid one.
    #[error("the log filter is not valid")]
    Filter(#[source] ParseError),
    /// Logging was started before.
    #[error("logging was already initialised")]
    Again(#[source] TryInitError),
}

/// Starts logging for the whole process.
///
/// # Errors
/// If the filter is not valid, and on a second start.
pub fn start(settings: &Telemetry) -> Result<(), NotStarted> {
    let is_terminal = io::stderr().is_terminal();
    let suited = if is_terminal { LogFormat::Pretty } else { LogFormat::Json };
    let format = settings.log_format.unwrap_or(suited);
    let colours = if is_terminal { Colours::On } else { Colours::Off };
    let filter = EnvFilter::builder().parse(&settings.log_filter).map_err(NotStarted::Filter)?;
    subscriber(format, colours, filter, io::stderr).try_init().map_err(NotStarted::Again)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Colours {
    On,
    Off,
}

fn subscriber<W>(
    format: LogFormat,
    colours: Colours,
    filter: EnvFilter,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match format {
        LogFormat::Json => Box::new(
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).finish(),
        ),
        LogFormat::Pretty => Box::new(lines.with_ansi(colours == Colours::On).finish()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{debug, info};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(format: LogFormat, filter: &str, log: impl FnOnce()) -> Vec<String> {
        let written = Written::default();
        let writer = written.clone();
        let filter = EnvFilter::builder().parse(filter).unwrap();
        let subscriber = subscriber(format, Colours::Off, filter, move || writer.clone());
        tracing::subscriber::with_default(subscriber, log);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_event_is_one_json_object_on_one_line_with_its_fields_on_top() {
        let lines = lines(LogFormat::Json, "info", || {
            info!(batch.id = 7, note = "two\nlines", "settled batch 7");
        });
        let [line] = &lines[..] else { panic!("{lines:?}") };
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["level"], "INFO");
        assert_eq!(event["message"], "settled batch 7");
        assert_eq!(event["batch.id"], 7);
        assert_eq!(event["note"], "two\nlines");
        assert_eq!(event["target"], module_path!());
    }

    #[test]
    fn the_filter_decides_by_level_and_module() {
        let log = || {
            debug!("passed over");
            debug!(target: "tollgate::vendor", "kept");
        };
        let kept = lines(LogFormat::Pretty, "info,tollgate::vendor=debug", log);
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert!(kept[0].ends_with("DEBUG tollgate::vendor: kept"), "{kept:?}");
    }
}
