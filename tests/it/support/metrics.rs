//! Metrics as Prometheus reads them.

use std::collections::BTreeMap;

use super::client::Client;

/// Every series of one scrape with its value; a series is a name with its labels.
#[derive(Clone, Debug)]
pub(crate) struct Scrape {
    pub(crate) text: String,
    pub(crate) series: BTreeMap<String, f64>,
}

impl Scrape {
    pub(crate) async fn of(operator: &Client) -> Self {
        let answer = operator.get("/metrics").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let values = answer.text.lines().filter(|line| !line.starts_with('#'));
        let series = values.map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        });
        Self { series: series.collect(), text: answer.text }
    }

    /// The value of a series.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        self.series.get(series).copied()
    }

    /// The sum over all series that begin so.
    pub(crate) fn sum(&self, beginning: &str) -> f64 {
        self.series
            .range(beginning.to_owned()..)
            .take_while(|(name, _)| name.starts_with(beginning))
            .map(|(_, value)| value)
            .sum()
    }
}
