//! Latencies as percentile files, one for each target, point and latency, in the text form that
//! plotters of HdrHistogram read.
//!
//! The rounds of a target are put together: a file shows what a member saw over all of them.
//! Values are in microseconds.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hdrhistogram::Histogram;

use super::model::Report;

/// Steps towards each halving of what is left above.
const STEPS_PER_HALVING: u32 = 5;

/// What a histogram of three digits has in each bucket.
const SUB_BUCKETS: u32 = 2048;

/// Writes all files of a report; gives their names.
///
/// # Errors
/// When one cannot be written.
pub fn write(report: &Report, prefix: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for (target, point, name, histogram) in report.merged_histograms() {
        let path = path(prefix, &target, point, name);
        std::fs::write(&path, text(&histogram))
            .with_context(|| format!("cannot write {}", path.display()))?;
        written.push(path);
    }
    Ok(written)
}

fn path(prefix: &Path, target: &str, point: Option<f64>, name: &str) -> PathBuf {
    let at = point.map(|point| format!("-{point}")).unwrap_or_default();
    let mut path = prefix.as_os_str().to_owned();
    path.push(format!("-{target}-{name}{at}.hgrm"));
    path.into()
}

/// The table of percentiles, in microseconds.
fn text(histogram: &Histogram<u64>) -> String {
    let us = |ns: u64| ns as f64 / 1e3;
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut count = 0;
    for step in histogram.iter_quantiles(STEPS_PER_HALVING) {
        count += step.count_since_last_iteration();
        let quantile = step.quantile_iterated_to();
        let value = us(step.value_iterated_to());
        let _ = write!(text, "{value:>12.3} {quantile:>2.12} {count:>10}");
        if quantile < 1.0 {
            let _ = write!(text, " {:>14.2}", 1.0 / (1.0 - quantile));
        }
        text.push('\n');
    }
    let (mean, deviation) = (histogram.mean() / 1e3, histogram.stdev() / 1e3);
    let (max, total) = (us(histogram.max()), histogram.len());
    let _ = writeln!(text, "#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]");
    let _ = writeln!(text, "#[Max     = {max:>12.3}, Total count    = {total:>12}]");
    let _ = writeln!(
        text,
        "#[Buckets = {:>12}, SubBuckets     = {:>12}]",
        histogram.buckets(),
        SUB_BUCKETS
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_file_holds_all_rounds_of_its_target_in_microseconds() {
        let directory = tempfile::tempdir().unwrap();
        let prefix = directory.path().join("run");
        let report = sample::beside(&[(1.0, 2.0), (1.0, 2.0)]);
        let written = write(&report, &prefix).unwrap();
        let names: Vec<_> =
            written.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["run-broker-each.hgrm", "run-raw-each.hgrm"]);
        let text = std::fs::read_to_string(&written[0]).unwrap();
        assert!(text.contains("Total count    =          200"), "{text}");
        let last = text.lines().rfind(|line| !line.starts_with('#')).unwrap();
        let fields: Vec<_> = last.split_whitespace().collect();
        assert_eq!(fields[1..], ["1.000000000000", "200"]);
        assert!((999.0..1_002.0).contains(&fields[0].parse::<f64>().unwrap()), "{last}");
    }

    #[test]
    fn each_point_of_a_sweep_has_a_file_of_its_own() {
        let prefix = Path::new("run");
        assert_eq!(
            path(prefix, "broker", Some(2.5), "each"),
            Path::new("run-broker-each-2.5.hgrm")
        );
    }

    #[test]
    fn what_cannot_be_written_names_the_file() {
        let report = sample::beside(&[(1.0, 2.0)]);
        let error = write(&report, Path::new("/nowhere/at-all/run")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/at-all/run-broker-each.hgrm"), "{error}");
    }
}
