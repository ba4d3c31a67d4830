//! The `throng` binary as a process of its own: its log, its memory, its time on the cores.
//!
//! For what cannot be seen from inside one process with the test. Each ends with its test.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use throng_broker::io::choice::Wanted;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `throng serve`.
#[derive(Debug)]
pub struct Binary {
    child: Child,
    folder: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
}

/// The binary, built beside the program that runs. Cargo builds the binaries of the package under
/// test alone, so a run of these tests has to ask for the broker's.
///
/// # Panics
/// When it cannot be built.
#[must_use]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let own = std::env::current_exe().expect("a test knows where it is");
        let folder = own.ancestors().nth(2).expect("tests lie in `deps`").to_owned();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "throng-broker", "--bin", "throng"]);
        cargo.arg("--target-dir").arg(folder.parent().expect("a profile's folder is in a target"));
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(status.is_ok_and(|status| status.success()), "the broker can be built");
        folder.join("throng")
    })
}

impl Binary {
    /// Starts one on a free port with a configuration file, and waits until it listens.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(io: Wanted, configuration: &str, flags: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("throng-test-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("there is a place for temporary files");
        let (file, log, said) =
            (folder.join("throng.toml"), folder.join("log"), folder.join("out"));
        // A broker takes no secret from a file that everyone can read.
        let mut private = fs::OpenOptions::new();
        let private = private.write(true).create_new(true).mode(0o600).open(&file);
        let written = private.and_then(|mut file| file.write_all(configuration.as_bytes()));
        written.expect("the place is ours");
        let create = |path| fs::File::create(path).expect("the place is ours");
        let child = Command::new(program())
            .arg("serve")
            .arg("--config")
            .arg(&file)
            .args(["--listen", "127.0.0.1:0", "--workers", "2", "--pin", "false"])
            .args(["--io", if io == Wanted::Uring { "uring" } else { "epoll" }])
            .args(flags)
            .stdin(Stdio::null())
            .stdout(create(&said))
            .stderr(create(&log))
            .spawn()
            .expect("the broker can be run");
        let mut binary = Self { child, folder, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        binary.address = binary.wait_until_it_listens(&said);
        binary
    }

    /// Reads where it listens off what it says.
    fn wait_until_it_listens(&self, said: &Path) -> SocketAddr {
        let began = Instant::now();
        loop {
            let words = fs::read_to_string(said).expect("the place is ours");
            let rest = words.strip_prefix("Throng listens on ");
            let address = rest.and_then(|rest| rest.split_once(' ')?.0.parse().ok());
            if let Some(address) = address {
                return address;
            }
            assert!(began.elapsed() < PATIENCE, "the broker does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens for TLS.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn tls_address(&self) -> SocketAddr {
        const BEFORE: &str = "Throng listens for TLS on ";
        let words = fs::read_to_string(self.folder.join("out")).expect("the place is ours");
        let line = words.lines().find_map(|line| line.strip_prefix(BEFORE)?.strip_suffix('.'));
        line.and_then(|address| address.parse().ok()).expect("it was told to")
    }

    /// Has it read its keys and its certificate again, and waits until it logs these words once
    /// more.
    ///
    /// # Panics
    /// When it never does.
    pub fn renew(&self, words: &str) {
        let said = || self.log().matches(words).count();
        let (before, began) = (said(), Instant::now());
        let sent = Command::new("kill").args(["-HUP", &self.pid().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "there is a kill");
        while said() == before {
            assert!(began.elapsed() < PATIENCE, "never said: {words}; but: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// All it has logged.
    ///
    /// # Panics
    /// When the log is gone.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).expect("the place is ours")
    }

    /// Bytes of its memory that are resident.
    ///
    /// # Panics
    /// When it is gone.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.expect("the kernel tells it") * 1024
    }

    /// How long its threads have been on a core.
    ///
    /// # Panics
    /// When it is gone.
    #[must_use]
    pub fn busy(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid())).expect("it runs");
        let of_thread = |folder: &Path| {
            let stat = fs::read_to_string(folder.join("schedstat")).ok()?;
            stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
        };
        let all = threads.filter_map(Result::ok).filter_map(|thread| of_thread(&thread.path()));
        all.sum()
    }

    /// How many descriptors it has open.
    ///
    /// # Panics
    /// When it is gone.
    #[must_use]
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("it runs").count()
    }

    /// Has the kernel give it no more than so many descriptors from now on.
    ///
    /// # Panics
    /// When that cannot be set.
    pub fn allow_descriptors(&self, descriptors: usize) {
        let status = Command::new("prlimit")
            .args(["--pid", &self.pid().to_string(), &format!("--nofile={descriptors}:")])
            .status();
        assert!(status.is_ok_and(|status| status.success()), "util-linux has prlimit");
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
