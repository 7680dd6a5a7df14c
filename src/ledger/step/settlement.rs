//! How a job's answer is divided into steps.

use std::ops::Range;

use crate::ledger::ids::{JobId, ResultRef};
use crate::ledger::table::SETTLED_AT_ONCE;

/// The ranges of leads that are settled in one step each. `leads` are all that travel with a job, in
/// order: those of one job are divided by the rows that their answers stand in, and small jobs that
/// travel together share a step as far as they fit whole.
#[must_use]
pub fn settlement_steps(leads: &[ResultRef]) -> Vec<Range<usize>> {
    let most = usize::try_from(SETTLED_AT_ONCE).unwrap_or(usize::MAX);
    let mut steps: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    while let Some(ResultRef { job, .. }) = leads.get(start) {
        let of_job = leads.iter().skip(start).take_while(|at| at.job == *job).count();
        let count = of_job.min(most);
        let end = start.saturating_add(count);
        let is_whole =
            |job: &JobId| count == of_job && leads.first().is_none_or(|at| at.job != *job);
        match steps.last_mut() {
            Some(step) if end.saturating_sub(step.start) <= most && is_whole(job) => step.end = end,
            _ => steps.push(start..end),
        }
        start = end;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::ids::BatchId;

    fn leads(jobs: &[u32]) -> Vec<ResultRef> {
        let of_job = |(batch, count): (u64, &u32)| {
            let job = JobId { batch: BatchId::new(batch).unwrap(), ordinal: 0 };
            (0..*count).map(move |index| ResultRef { job, index })
        };
        (1..).zip(jobs).flat_map(of_job).collect()
    }

    #[test]
    fn the_leads_of_one_job_are_divided_by_the_rows_of_their_answers() {
        assert_eq!(settlement_steps(&leads(&[250])), [0..100, 100..200, 200..250]);
        assert_eq!(settlement_steps(&leads(&[100])).len(), 1);
        assert!(settlement_steps(&[]).is_empty());
    }

    #[test]
    fn jobs_that_travel_together_are_never_divided() {
        assert_eq!(settlement_steps(&leads(&[1, 98, 1, 2])), [0..100, 100..102]);
        assert_eq!(settlement_steps(&leads(&[60, 60, 60])), [0..60, 60..120, 120..180]);
    }
}
