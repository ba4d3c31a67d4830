//! Every figure there is: its name, unit, direction and column, in one place.
//!
//! Scenarios fill them in, tables and charts show them, objectives and comparisons name them.
//! A name never changes its meaning: files of earlier runs are read by it.

use super::{Better, Figure};

/// Shorthand for the table below.
const fn figure(
    name: &'static str,
    unit: &'static str,
    better: Better,
    decimals: u8,
    title: &'static str,
) -> Figure {
    Figure { name, unit, better, decimals, title }
}

use Better::{Higher, Lower, Neither};

// Server.

/// CPU time of the server for one delivery.
pub const CPU_NS: Figure = figure("server_ns_per_delivery", "ns/delivery", Lower, 1, "CPU");
/// Cores' worth of time the server used.
pub const SERVER_CORES: Figure = figure("server_cores_busy", "cores", Neither, 2, "server busy");
/// Share of its cores' time the host took away.
pub const STOLEN: Figure = figure("stolen_share", "share", Neither, 0, "stolen");
/// Resident memory of the server at the end.
pub const RSS: Figure = figure("rss_bytes", "bytes", Lower, 1, "RSS");
/// By how much that grew.
pub const RSS_GROWTH: Figure = figure("rss_growth_bytes", "bytes", Lower, 1, "RSS growth");
/// Resident memory for one more connection.
pub const RSS_PER_CONNECTION: Figure =
    figure("rss_bytes_per_connection", "bytes/connection", Lower, 0, "memory");
/// System calls of the server for one delivery.
pub const SYSTEM_CALLS: Figure =
    figure("system_calls_per_delivery", "/delivery", Lower, 3, "system calls");
/// CPU time of the server to let one client in.
pub const CPU_PER_CONNECTION: Figure =
    figure("server_ns_per_connection", "ns/connection", Lower, 0, "CPU");
/// Cores' worth of time the server used while nothing was said.
pub const HOLDING: Figure = figure("holding_cores_busy", "cores", Lower, 4, "holding");
/// CPU time of the server for one refused message.
pub const REFUSED_NS: Figure =
    figure("server_ns_per_refused", "ns/refused", Lower, 0, "CPU refused");
/// CPU time of the server for one accepted message.
pub const ACCEPTED_NS: Figure =
    figure("server_ns_per_accepted", "ns/accepted", Lower, 0, "CPU accepted");
// Rates.

/// Deliveries a second, to all members together.
pub const DELIVERIES: Figure = figure("deliveries_per_second", "/s", Higher, 0, "deliveries");
/// Messages a second that were given to the server.
pub const PUBLISHES: Figure = figure("published_per_second", "/s", Higher, 0, "published");
/// Messages a second that the server accepted.
pub const ACCEPTED: Figure = figure("accepted_per_second", "/s", Higher, 0, "accepted");
/// Messages a second that came due.
pub const OFFERED: Figure = figure("offered_per_second", "/s", Neither, 0, "offered");
/// Messages a second that were refused.
pub const REFUSED: Figure = figure("refused_per_second", "/s", Neither, 0, "refused");
/// The highest rate that met the objective.
pub const RATE: Figure = figure("rate_per_second", "/s", Higher, 0, "highest rate");
/// What the server took in a closed loop.
pub const SATURATION: Figure = figure("saturation_per_second", "/s", Higher, 0, "saturation");
/// Clients a second that got in.
pub const CONNECTS: Figure = figure("connects_per_second", "/s", Higher, 0, "connects");
/// Deliveries the load got out of one read, on average.
pub const PER_READ: Figure = figure("deliveries_per_read", "/read", Neither, 1, "deliveries");
// Shares.

/// Deliveries, as a share of what the server brings at saturation.
pub const GOODPUT: Figure = figure("goodput_share", "share", Higher, 1, "goodput");
/// Share of the protected messages that came through.
pub const SURVIVED_PROTECTED: Figure =
    figure("survived_protected_share", "share", Higher, 1, "protected");
/// Share of the messages of class high that came through.
pub const SURVIVED_HIGH: Figure = figure("survived_high_share", "share", Higher, 1, "high");
/// Share of the messages of class low that came through.
pub const SURVIVED_LOW: Figure = figure("survived_low_share", "share", Higher, 1, "low");
/// Share of the messages that were dropped on purpose, with an answer.
pub const SHED: Figure = figure("shed_share", "share", Neither, 1, "shed");
/// Share of the deliveries that were skipped for a member, who was told.
pub const SKIPPED: Figure = figure("skipped_share", "share", Neither, 1, "skipped");
// Latency from the time a message was due.

/// Half of the deliveries were faster.
pub const P50: Figure = figure("p50_us", "us", Lower, 0, "p50");
/// Nine in ten were faster.
pub const P90: Figure = figure("p90_us", "us", Lower, 0, "p90");
/// 99 in 100 were faster.
pub const P99: Figure = figure("p99_us", "us", Lower, 0, "p99");
/// 999 in 1,000 were faster.
pub const P999: Figure = figure("p999_us", "us", Lower, 0, "p99.9");
/// The slowest delivery.
pub const MAX: Figure = figure("max_us", "us", Lower, 0, "max");
/// Half of the messages were at all members faster.
pub const LAST_P50: Figure = figure("last_p50_us", "us", Lower, 0, "last p50");
/// 99 in 100 messages were at all members faster.
pub const LAST_P99: Figure = figure("last_p99_us", "us", Lower, 0, "last p99");
/// 99 in 100 were faster, in the part of the run before the trouble.
pub const BEFORE_P99: Figure = figure("before_p99_us", "us", Lower, 0, "p99 before");
/// From the end of the overload until latency is what it was.
pub const RECOVERY: Figure = figure("recovery_ms", "ms", Lower, 0, "recovery");
/// 99 in 100 during the trouble, over 99 in 100 before it.
pub const P99_RATIO: Figure = figure("p99_ratio", "times", Lower, 2, "p99 over before");
/// From the first client that was cut off until the last one is in again.
pub const ALL_BACK: Figure = figure("all_back_ms", "ms", Lower, 0, "all back");
// Service time, from the time a message was given to the socket.

/// Half of the deliveries were faster.
pub const SERVICE_P50: Figure = figure("service_p50_us", "us", Lower, 0, "service p50");
/// Nine in ten were faster.
pub const SERVICE_P90: Figure = figure("service_p90_us", "us", Lower, 0, "service p90");
/// 99 in 100 were faster.
pub const SERVICE_P99: Figure = figure("service_p99_us", "us", Lower, 0, "service p99");
/// 999 in 1,000 were faster.
pub const SERVICE_P999: Figure = figure("service_p999_us", "us", Lower, 0, "service p99.9");
/// The slowest delivery.
pub const SERVICE_MAX: Figure = figure("service_max_us", "us", Lower, 0, "service max");
// The load.

/// Share of the load's turns' time that found work.
pub const LOAD_BUSY: Figure = figure("load_busy_share", "share", Neither, 0, "load busy");
/// 99 in 100 messages were given to the socket with less delay by the load's own fault.
pub const LATE_P99: Figure = figure("late_p99_us", "us", Neither, 0, "late p99");
// What went wrong.

/// Deliveries that never came.
pub const LOST: Figure = figure("lost", "messages", Lower, 0, "lost");
/// Deliveries that came twice.
pub const DUPLICATED: Figure = figure("duplicated", "messages", Lower, 0, "duplicated");
/// Deliveries that came after a later one.
pub const REORDERED: Figure = figure("reordered", "messages", Lower, 0, "reordered");
/// Members whose connection the server ended.
pub const CUT_OFF: Figure = figure("cut_off", "members", Neither, 0, "cut off");

/// All of them.
pub const ALL: &[&Figure] = &[
    &CPU_NS,
    &SERVER_CORES,
    &STOLEN,
    &RSS,
    &RSS_GROWTH,
    &RSS_PER_CONNECTION,
    &SYSTEM_CALLS,
    &CPU_PER_CONNECTION,
    &HOLDING,
    &REFUSED_NS,
    &ACCEPTED_NS,
    &DELIVERIES,
    &PUBLISHES,
    &ACCEPTED,
    &OFFERED,
    &REFUSED,
    &RATE,
    &SATURATION,
    &CONNECTS,
    &PER_READ,
    &GOODPUT,
    &SURVIVED_PROTECTED,
    &SURVIVED_HIGH,
    &SURVIVED_LOW,
    &SHED,
    &SKIPPED,
    &P50,
    &P90,
    &P99,
    &P999,
    &MAX,
    &LAST_P50,
    &LAST_P99,
    &BEFORE_P99,
    &RECOVERY,
    &P99_RATIO,
    &ALL_BACK,
    &SERVICE_P50,
    &SERVICE_P90,
    &SERVICE_P99,
    &SERVICE_P999,
    &SERVICE_MAX,
    &LOAD_BUSY,
    &LATE_P99,
    &LOST,
    &DUPLICATED,
    &REORDERED,
    &CUT_OFF,
];

/// The figure of that name.
pub fn by_name(name: &str) -> Option<&'static Figure> {
    ALL.iter().copied().find(|figure| figure.name == name)
}

/// Whether it counts what went wrong. Of such a figure the worst round counts, not the median.
pub fn is_flaw(figure: &Figure) -> bool {
    [&LOST, &DUPLICATED, &REORDERED].contains(&figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_figures_share_a_name() {
        for (place, figure) in ALL.iter().enumerate() {
            let first = ALL.iter().position(|other| other.name == figure.name);
            assert_eq!(first, Some(place), "{}", figure.name);
        }
    }

    #[test]
    fn every_figure_is_explained_in_the_documents() {
        let document = include_str!("../../../../docs/benchmarks.md");
        for Figure { name, unit, .. } in ALL {
            assert!(document.contains(&format!("| `{name}` | {unit} |")), "{name}");
        }
    }

    #[test]
    fn a_figure_of_time_names_its_unit_last() {
        for figure in ALL.iter().filter(|figure| ["us", "ms"].contains(&figure.unit)) {
            assert!(figure.name.ends_with(&format!("_{}", figure.unit)), "{}", figure.name);
        }
    }
}
