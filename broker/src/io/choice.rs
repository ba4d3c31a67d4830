//! Which back end this machine allows: io_uring if a small conversation over it works, else
//! epoll, with the reason in words.
//!
//! Called once at start. Containers often deny io_uring, and kernels differ in what of it they
//! have, so nothing is concluded from versions: the real back end accepts, receives, sends and
//! closes one loopback connection. Owns nothing afterwards.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use super::{Clock, Completion, Entrance, Io, RingSize, Uring, listen};
use crate::event::{Outgoing, Receive};

/// How long each step of the conversation may take.
const STEP: Duration = Duration::from_secs(1);

const QUESTION: &[u8] = b"is anyone there";
const ANSWER: &[u8] = b"yes";

/// A back end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// [`super::Uring`].
    Uring,
    /// [`super::Epoll`].
    Epoll,
}

impl Backend {
    /// Its name in logs and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uring => "uring",
            Self::Epoll => "epoll",
        }
    }
}

/// What the operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wanted {
    /// The better one that works.
    #[default]
    Auto,
    /// io_uring or nothing.
    Uring,
    /// epoll.
    Epoll,
}

/// What it came to.
#[derive(Debug)]
pub struct Choice {
    /// The back end.
    pub backend: Backend,
    /// Why, for one line of the log.
    pub reason: String,
}

/// Chooses a back end for rings of that size.
///
/// # Errors
/// When io_uring is wanted and does not work, and when there are too few descriptors to find
/// out: then there are too few to serve anyone.
pub fn choose(wanted: Wanted, size: RingSize) -> io::Result<Choice> {
    let epoll = |reason| Choice { backend: Backend::Epoll, reason };
    if wanted == Wanted::Epoll {
        return Ok(epoll("as configured".to_owned()));
    }
    let Err(error) = converse(size) else {
        let reason = "a test connection over it worked".to_owned();
        return Ok(Choice { backend: Backend::Uring, reason });
    };
    let reason = reason_of(&error);
    let out_of_descriptors = matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE));
    if wanted == Wanted::Uring || out_of_descriptors {
        return Err(io::Error::new(error.kind(), format!("io_uring does not work here: {reason}")));
    }
    Ok(epoll(format!("io_uring does not work here: {reason}")))
}

fn reason_of(error: &io::Error) -> String {
    let advice = match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES | libc::ENOSYS) => {
            "the kernel or a seccomp filter blocks it (containers do by default; see also \
             kernel.io_uring_disabled)"
        }
        Some(libc::ENOMEM) => "too little memory may be locked, even for small rings (ulimit -l)",
        Some(libc::EINVAL | libc::EOPNOTSUPP) => "the kernel is too old, 6.0 is needed",
        Some(libc::EMFILE | libc::ENFILE) => "too few descriptors to find out (ulimit -n)",
        _ => return error.to_string(),
    };
    format!("{advice}: {error}")
}

/// One connection from its beginning to its end. Tells how many entries the ring came to.
fn converse(size: RingSize) -> io::Result<u32> {
    let listeners = listen::open((Ipv4Addr::LOCALHOST, 0).into(), 1)?;
    let address = listeners.address;
    let listening = listeners.listening(Entrance::Plain);
    let mut uring = Uring::new(Clock::start(), listening.collect(), size)?;
    let mut client = TcpStream::connect_timeout(&address, STEP)?;
    client.set_read_timeout(Some(STEP))?;

    let Completion::Accepted { connection, .. } = next(&mut uring)? else {
        return Err(unexpected("an accept"));
    };
    uring.resume(connection, Receive::Always);
    for _ in 0..2 {
        client.write_all(QUESTION)?;
        let Completion::Received { buffer, .. } = next(&mut uring)? else {
            return Err(unexpected("a receive"));
        };
        if uring.received(buffer) != QUESTION {
            return Err(unexpected("the bytes of a receive"));
        }
        uring.release(buffer);
        uring.send(connection, Outgoing::Own(ANSWER.to_vec()));
        let Completion::Sent { .. } = next(&mut uring)? else {
            return Err(unexpected("a send"));
        };
        let mut answer = [0; ANSWER.len()];
        client.read_exact(&mut answer)?;
        if answer != ANSWER {
            return Err(unexpected("the bytes of a send"));
        }
    }
    uring.close(connection);
    let Completion::Closed { .. } = next(&mut uring)? else {
        return Err(unexpected("a close"));
    };
    Ok(uring.entries())
}

fn next(uring: &mut Uring) -> io::Result<Completion> {
    let deadline = uring.now().instant + STEP;
    let mut completions = Vec::new();
    uring.wait(Some(deadline), &mut completions)?;
    match completions.pop() {
        Some(completion) if completions.is_empty() => Ok(completion),
        _ => Err(unexpected("one completion at a time")),
    }
}

fn unexpected(what: &str) -> io::Error {
    io::Error::other(format!("it does not behave as documented: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_configured_is_not_questioned() {
        let choice = choose(Wanted::Epoll, RingSize::default()).unwrap();
        assert_eq!(choice.backend, Backend::Epoll);
    }

    #[test]
    fn every_choice_names_a_reason() {
        let choice = choose(Wanted::Auto, RingSize::default()).unwrap();
        assert!(!choice.reason.is_empty());
        let refused = io::Error::from_raw_os_error(libc::EPERM);
        assert!(reason_of(&refused).contains("seccomp"), "{}", reason_of(&refused));
    }
}
