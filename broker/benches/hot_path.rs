//! Times of the pieces of work on the way of a message: `cargo bench -p throng-broker`.
//!
//! They say where time goes on this machine today. What must not change unseen is counted in
//! instructions instead (`examples/instructions`), because those repeat.

mod node;
mod work;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for work in work::ALL {
        let mut run = (work.prepare)();
        criterion.bench_function(work.name, |bencher| bencher.iter(|| run(1)));
    }
    criterion.final_summary();
}
