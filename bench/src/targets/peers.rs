//! The peers: servers out of Debian's packages, each set up to do the same work as well as it
//! can. Nothing is kept on disk, nothing is bounded that would drop a message or cut off a
//! reader, nobody waits for more bytes before a send. What is set stands in every report.
//!
//! Nothing is installed here. A missing program is an error that names its package.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, anyhow};

/// Where servers stand that are not in everyone's `PATH`.
const MORE_PLACES: [&str; 2] = ["/usr/sbin", "/usr/bin"];

/// A program and where it comes from.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    package: &'static str,
    /// What makes it tell its version.
    version_flag: &'static str,
    /// How it is set up, in words.
    setup: &'static str,
}

/// Redis.
pub const REDIS: Program = Program {
    name: "redis-server",
    package: "redis-server",
    version_flag: "--version",
    setup: "nothing saved, no append-only file, no bound on what waits for a subscriber, one I/O \
            thread; RESP 2, SUBSCRIBE and PUBLISH",
};

/// NATS.
pub const NATS: Program = Program {
    name: "nats-server",
    package: "nats-server",
    version_flag: "--version",
    setup: "core only, no JetStream, 1 GiB may wait for a subscriber, one minute to write, as many \
            threads as cores; SUB and PUB without answers",
};

/// Mosquitto.
pub const MOSQUITTO: Program = Program {
    name: "mosquitto",
    package: "mosquitto",
    version_flag: "-h",
    setup: "anonymous, nothing persistent, no bound on queued messages or bytes, TCP_NODELAY; \
            MQTT 3.1.1, quality of service 0",
};

impl Program {
    /// Where it is.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn find(&self) -> anyhow::Result<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let more = MORE_PLACES.iter().map(PathBuf::from);
        let mut places = std::env::split_paths(&path).chain(more);
        let found = places.find_map(|place| {
            let program = place.join(self.name);
            program.is_file().then_some(program)
        });
        found.ok_or_else(|| {
            anyhow!(
                "{} is not installed; on Debian: sudo apt-get install {}",
                self.name,
                self.package
            )
        })
    }

    /// Its version and how it is set up.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn describe(&self) -> anyhow::Result<String> {
        let output = Command::new(self.find()?).arg(self.version_flag).output();
        let output = output.with_context(|| format!("cannot run {}", self.name))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.lines().next().and_then(version).unwrap_or("of unknown version");
        Ok(format!("{} {version}; {}", self.name, self.setup))
    }
}

/// The first word that looks like a version.
fn version(line: &str) -> Option<&str> {
    line.split(|letter: char| letter.is_whitespace() || letter == '=')
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.contains('.') && word.starts_with(|first: char| first.is_ascii_digit()))
}

/// The command line of Redis.
///
/// # Errors
/// When it is not installed.
pub fn redis(address: SocketAddr, directory: &Path) -> anyhow::Result<Vec<OsString>> {
    let port = address.port().to_string();
    let mut command: Vec<OsString> = vec![REDIS.find()?.into()];
    command.extend(["--bind".into(), address.ip().to_string().into()]);
    command.extend(["--port".into(), port.into()]);
    command.extend(["--dir".into(), directory.into()]);
    for (name, value) in [
        ("--save", ""),
        ("--appendonly", "no"),
        ("--protected-mode", "no"),
        ("--daemonize", "no"),
        ("--io-threads", "1"),
        ("--tcp-backlog", "511"),
        ("--maxclients", "60000"),
        ("--client-output-buffer-limit", "pubsub 0 0 0"),
    ] {
        command.extend([name.into(), value.into()]);
    }
    Ok(command)
}

/// The command line of NATS; its configuration is written to the directory.
///
/// # Errors
/// When it is not installed, or its configuration cannot be written.
pub fn nats(address: SocketAddr, directory: &Path) -> anyhow::Result<Vec<OsString>> {
    let config = format!(
        "listen: \"{address}\"\n\
         max_connections: 65536\n\
         max_pending: 1GB\n\
         max_payload: 1MB\n\
         write_deadline: \"60s\"\n\
         ping_interval: \"1h\"\n"
    );
    let path = write(directory, "nats.conf", &config)?;
    Ok(vec![NATS.find()?.into(), "--config".into(), path.into()])
}

/// The command line of mosquitto; its configuration is written to the directory.
///
/// # Errors
/// When it is not installed, or its configuration cannot be written.
pub fn mosquitto(address: SocketAddr, directory: &Path) -> anyhow::Result<Vec<OsString>> {
    let mut config = String::new();
    writeln!(config, "listener {} {}", address.port(), address.ip())?;
    config += "allow_anonymous true\n\
               persistence false\n\
               set_tcp_nodelay true\n\
               max_connections -1\n\
               max_inflight_messages 0\n\
               max_queued_messages 0\n\
               max_queued_bytes 0\n\
               log_dest stderr\n\
               log_type error\n\
               log_type warning\n";
    let path = write(directory, "mosquitto.conf", &config)?;
    Ok(vec![MOSQUITTO.find()?.into(), "-c".into(), path.into()])
}

fn write(directory: &Path, name: &str, config: &str) -> anyhow::Result<PathBuf> {
    let path = directory.join(name);
    std::fs::write(&path, config).with_context(|| format!("cannot write {name}"))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say_of_themselves() {
        let said = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64";
        assert_eq!(version(said), Some("7.0.15"));
        assert_eq!(version("nats-server: v2.9.10"), Some("2.9.10"));
        assert_eq!(version("mosquitto version 2.0.11"), Some("2.0.11"));
        assert_eq!(version("nothing of the kind"), None);
    }

    #[test]
    fn a_missing_program_is_told_with_its_package() {
        let nothing =
            Program { name: "no-such-server", package: "no-such", version_flag: "", setup: "" };
        let error = nothing.find().unwrap_err().to_string();
        assert!(error.contains("apt-get install no-such"), "{error}");
    }
}
