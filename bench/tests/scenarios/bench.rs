//! A run of the program, and what its report says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;

/// The report of a run.
pub struct Run(Value);

/// The program with a scenario and its flags, beside a broker.
pub fn start(flags: &[&str]) -> Output {
    /// A load polls and takes its core for itself, so two at a time would only starve.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let broker = broker().to_str().unwrap();
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    Command::new(env!("CARGO_BIN_EXE_throng-bench"))
        .args(flags)
        .args(["--broker", broker])
        .output()
        .unwrap()
}

/// The report of a run that must end well. On a machine that is busy with something else the
/// broker may refuse a message because it has fallen behind, and says so; that is no fault here.
pub fn run(scenario: &str, flags: &[&str]) -> Run {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.json");
    let json = ["--json", path.to_str().unwrap()];
    let output = start(&[&[scenario], flags, &json].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let words = format!("{:?}\n{text}\n{errors}", output.status);
    assert!(text.starts_with("throng-bench"), "{words}");
    let run = Run(serde_json::from_str(&std::fs::read_to_string(path).expect(&words)).unwrap());
    let expected = i32::from(run.has_refusals());
    assert_eq!(output.status.code(), Some(expected), "{words}");
    run
}

impl Run {
    /// The names of its targets.
    pub fn targets(&self) -> Vec<&str> {
        let targets = self.0["targets"].as_array().unwrap();
        targets.iter().map(|target| target["name"].as_str().unwrap()).collect()
    }

    /// Its rounds.
    pub fn rounds(&self) -> &[Value] {
        self.0["rounds"].as_array().unwrap()
    }

    fn has_refusals(&self) -> bool {
        self.rounds().iter().any(|round| round["flaws"]["refused"].as_u64() > Some(0))
    }

    /// Asserts that there are so many rounds, and that nothing went wrong in any.
    pub fn assert_sound(&self, rounds: usize) {
        assert_eq!(self.rounds().len(), rounds, "{}", self.0);
        for round in self.rounds() {
            for flaw in ["lost", "duplicated", "disordered"] {
                assert_eq!(round["flaws"][flaw], 0, "{flaw}: {round}");
            }
        }
    }

    /// Asserts that every round has this figure, and that it is not 0.
    pub fn assert_above_zero(&self, figure: &str) {
        for round in self.rounds() {
            let value = round["figures"][figure].as_f64();
            assert!(value.is_some_and(|value| value > 0.0), "{figure}: {round}");
        }
    }
}

/// The broker's binary, built like this program and beside it. Cargo builds the binaries of the
/// package under test alone, so a run of this package's tests has to ask for the broker's.
fn broker() -> &'static Path {
    static BROKER: OnceLock<PathBuf> = OnceLock::new();
    BROKER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_throng-bench")).parent().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "throng-broker", "--bin", "throng"]);
        cargo.arg("--target-dir").arg(folder.parent().unwrap());
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
        assert!(status.success(), "the broker can be built");
        folder.join("throng")
    })
}
