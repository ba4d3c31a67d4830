//! The rings shared with the kernel, as typed operations in and typed completions out.
//!
//! Owns the ring and every byte the kernel may read or write: the receive buffers, and the bytes
//! of each send from [`Ring::send`] until its completion gives them back. So the rest of the back
//! end cannot touch what the kernel holds, and needs no unsafe code. Knows nothing of what a
//! connection is doing; it never closes a socket.
#![allow(unsafe_code)] // Submitting an operation is a promise about memory; it is kept here.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::thread;
use std::time::Duration;

use io_uring::squeue::{Entry, Flags};
use io_uring::types::{CancelBuilder, Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode};

use super::RingSize;
use super::buffers::{Buffers, GROUP};
use super::token::{Kind, Token};
use crate::event::{Outgoing, Receive};
use crate::id::ConnectionId;
use crate::io::BufferId;

/// Completions the ring has room for, for each submission: many operations complete more than
/// once. More than that the kernel keeps aside, at a price.
const COMPLETIONS_PER_ENTRY: u32 = 4;

/// A ring of half this size is not tried for.
const ENTRIES_MIN: u32 = 128;

/// How long the kernel is given to end what is under way when a ring is dropped, each time
/// without any of it ending.
const DROP_IDLE_STEPS_MAX: u32 = 20;
const DROP_STEP: Duration = Duration::from_millis(50);

/// A ring, for one thread.
pub(super) struct Ring {
    uring: IoUring,
    memory: ManuallyDrop<Memory>,
    /// Operations that did not fit; they go first when there is room.
    held_back: VecDeque<Entry>,
    /// Completions taken off the ring and not yet looked at.
    reaped: VecDeque<cqueue::Entry>,
    /// Operations whose last completion was not yet taken from `reaped`.
    outstanding: usize,
}

/// What the kernel may read and write while operations are outstanding.
struct Memory {
    buffers: Buffers,
    /// The bytes being sent, by the slot of the connection.
    sending: Vec<Option<Outgoing>>,
}

/// What an operation came to. `last` says that the operation is over.
pub(super) enum Completed {
    Accept {
        listener: u32,
        socket: io::Result<OwnedFd>,
        last: bool,
    },
    Doorbell {
        last: bool,
    },
    /// No buffer means end of file.
    Receive {
        connection: ConnectionId,
        outcome: io::Result<Option<BufferId>>,
        last: bool,
    },
    Send {
        connection: ConnectionId,
        outcome: io::Result<usize>,
        outgoing: Outgoing,
    },
    Writable {
        connection: ConnectionId,
        outcome: io::Result<()>,
    },
    Cancel {
        connection: ConnectionId,
        outcome: io::Result<()>,
    },
}

impl Ring {
    /// A ring of that size, or a smaller one if memory may not be locked for it, or one with
    /// fewer options on an older kernel.
    pub(super) fn new(mut size: RingSize) -> io::Result<Self> {
        let mut deferred = true;
        loop {
            let outcome = Self::attempt(size, deferred);
            match outcome.as_ref().err().and_then(io::Error::raw_os_error) {
                Some(libc::EINVAL) if deferred => deferred = false,
                Some(libc::ENOMEM) if size.entries > ENTRIES_MIN => {
                    size.entries /= 2;
                    size.buffers = (size.buffers / 2).max(1);
                }
                _ => return outcome,
            }
        }
    }

    fn attempt(size: RingSize, deferred: bool) -> io::Result<Self> {
        let mut builder = IoUring::builder();
        builder
            .dontfork()
            .setup_clamp()
            .setup_submit_all()
            .setup_cqsize(size.entries * COMPLETIONS_PER_ENTRY)
            .setup_coop_taskrun()
            .setup_taskrun_flag()
            .setup_single_issuer();
        if deferred {
            builder.setup_defer_taskrun();
        }
        let uring = builder.build(size.entries)?;
        let buffers = Buffers::new(size, &uring.submitter())?;
        Ok(Self {
            uring,
            memory: ManuallyDrop::new(Memory { buffers, sending: Vec::new() }),
            held_back: VecDeque::new(),
            reaped: VecDeque::new(),
            outstanding: 0,
        })
    }

    /// Operations that fit on the submission ring.
    pub(super) fn entries(&self) -> u32 {
        self.uring.params().sq_entries()
    }

    /// Accepts from a listener until cancelled or failed.
    pub(super) fn accept(&mut self, listener: u32, socket: BorrowedFd<'_>) {
        let accept = opcode::AcceptMulti::new(fd(socket)).flags(libc::SOCK_CLOEXEC);
        self.push(accept.build(), Token::of_listener(listener));
    }

    /// Tells each time that `doorbell` was rung.
    pub(super) fn watch(&mut self, doorbell: BorrowedFd<'_>) {
        let poll = opcode::PollAdd::new(fd(doorbell), poll_flags(libc::POLLIN)).multi(true);
        self.push(poll.build(), Token::of_ring(Kind::Doorbell));
    }

    /// Receives, one time or until cancelled or failed.
    pub(super) fn receive(&mut self, id: ConnectionId, socket: BorrowedFd<'_>, receive: Receive) {
        let entry = match receive {
            Receive::Once => opcode::Recv::new(fd(socket), std::ptr::null_mut(), 0)
                .buf_group(GROUP)
                .build()
                .flags(Flags::BUFFER_SELECT),
            Receive::Always => opcode::RecvMulti::new(fd(socket), GROUP).build(),
        };
        self.push(entry, Token::of(Kind::Receive, id));
    }

    /// Sends what is left after the first `sent_bytes`, or as much of it as fits. The bytes come
    /// back with the completion.
    pub(super) fn send(
        &mut self,
        id: ConnectionId,
        socket: BorrowedFd<'_>,
        outgoing: Outgoing,
        sent_bytes: usize,
    ) {
        let slot = id.slot as usize;
        let sending = &mut self.memory.sending;
        if slot >= sending.len() {
            sending.resize_with(slot + 1, || None);
        }
        assert!(sending[slot].is_none(), "one send per connection at a time");
        // Moving an `Outgoing` leaves its bytes where they are.
        let outgoing = sending[slot].insert(outgoing);
        let rest = &outgoing.as_slice()[sent_bytes..];
        let rest_bytes = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        let send = opcode::Send::new(fd(socket), rest.as_ptr(), rest_bytes)
            .flags(libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL);
        self.push(send.build(), Token::of(Kind::Send, id));
    }

    /// Tells once a full socket takes bytes again, or is broken.
    pub(super) fn await_writable(&mut self, id: ConnectionId, socket: BorrowedFd<'_>) {
        let poll = opcode::PollAdd::new(fd(socket), poll_flags(libc::POLLOUT));
        self.push(poll.build(), Token::of(Kind::Writable, id));
    }

    /// Cancels an operation; it still completes, in whatever way.
    pub(super) fn cancel(&mut self, target: Token) {
        let cancel = opcode::AsyncCancel::new(target.bits());
        self.push(cancel.build(), Token::of(Kind::Cancel, target.connection));
    }

    /// What was received into a buffer.
    pub(super) fn received(&self, buffer: BufferId) -> &[u8] {
        self.memory.buffers.received(buffer)
    }

    /// Gives a buffer back to the kernel.
    pub(super) fn release(&mut self, buffer: BufferId) {
        self.memory.buffers.release(buffer);
    }

    /// How many buffers the kernel can fill now.
    pub(super) fn buffers_free(&self) -> usize {
        self.memory.buffers.free()
    }

    /// Whether the kernel has something to tell that takes no waiting.
    pub(super) fn has_more(&mut self) -> bool {
        let submissions = self.uring.submission();
        let told = submissions.taskrun() || submissions.cq_overflow();
        drop(submissions);
        told || !self.uring.completion().is_empty()
    }

    /// Whether there is any reason to enter the kernel, apart from waiting.
    pub(super) fn has_work(&mut self) -> bool {
        !self.held_back.is_empty() || !self.uring.submission().is_empty() || self.has_more()
    }

    /// Submits everything and waits for a completion, at most for `timeout`, for ever if none.
    /// May return early and with nothing.
    pub(super) fn enter(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        // `push` may have brought some already.
        let timeout = if self.reaped.is_empty() { timeout } else { Some(Duration::ZERO) };
        let outcome = match timeout {
            // Not to wait for what is not yet submitted.
            _ if self.refill() => self.uring.submit(),
            None => self.uring.submit_and_wait(1),
            // Runs what the kernel has put off, if there is any; a timeout of zero would set up
            // a timer first.
            Some(Duration::ZERO) => self.uring.submit(),
            Some(timeout) => {
                let timeout = Timespec::from(timeout);
                let arguments = SubmitArgs::new().timespec(&timeout);
                self.uring.submitter().submit_with_args(1, &arguments)
            }
        };
        self.reap();
        self.judge(outcome)
    }

    /// The next completion of those that the last `enter` brought.
    pub(super) fn next(&mut self) -> Option<Completed> {
        let completion = self.reaped.pop_front()?;
        let last = !cqueue::more(completion.flags());
        if last {
            self.outstanding -= 1;
        }
        let Token { kind, connection } = Token::from_bits(completion.user_data());
        let result = outcome_of(completion.result());
        Some(match kind {
            Kind::Accept => {
                Completed::Accept { listener: connection.slot, socket: result.map(own), last }
            }
            Kind::Doorbell => Completed::Doorbell { last },
            Kind::Receive => {
                let outcome = self.take_buffer(completion.flags(), result);
                Completed::Receive { connection, outcome, last }
            }
            Kind::Send => {
                let sending = &mut self.memory.sending[connection.slot as usize];
                let outgoing = sending.take().expect("a send keeps its bytes until it is over");
                Completed::Send {
                    connection,
                    outcome: result.map(|bytes| bytes as usize),
                    outgoing,
                }
            }
            Kind::Writable => Completed::Writable { connection, outcome: result.map(drop) },
            Kind::Cancel => Completed::Cancel { connection, outcome: result.map(drop) },
        })
    }

    /// Buffers are picked before the kernel knows whether there is something to put in, so even
    /// a failed receive may bring one.
    fn take_buffer(&mut self, flags: u32, result: io::Result<u32>) -> io::Result<Option<BufferId>> {
        let received_bytes = *result.as_ref().unwrap_or(&0);
        let buffers = &mut self.memory.buffers;
        let buffer = cqueue::buffer_select(flags).and_then(|id| buffers.take(id, received_bytes));
        result.map(|_| buffer)
    }

    /// Puts an operation on the submission ring; a full ring is first handed to the kernel.
    fn push(&mut self, entry: Entry, token: Token) {
        self.outstanding += 1;
        let entry = entry.user_data(token.bits());
        if self.held_back.is_empty() {
            if self.offer(&entry) {
                return;
            }
            // A failure here is met again, and told, by the next `enter`.
            let _ = self.uring.submit();
            self.reap();
            if self.offer(&entry) {
                return;
            }
        }
        self.held_back.push_back(entry);
    }

    fn offer(&mut self, entry: &Entry) -> bool {
        // SAFETY: entries are made in this file only. The one pointer in them is that of `send`:
        // to bytes that `Memory::sending` owns, unchanged and unmoved, until the completion is
        // taken in `next`. Receives name no memory but the buffers of `Memory`. `Memory` is
        // dropped only once nothing is outstanding (`drop`), or never.
        unsafe { self.uring.submission().push(entry).is_ok() }
    }

    /// Puts what was held back on the ring. True if some of it still did not fit.
    fn refill(&mut self) -> bool {
        while let Some(entry) = self.held_back.pop_front() {
            if !self.offer(&entry) {
                self.held_back.push_front(entry);
                return true;
            }
        }
        false
    }

    /// Takes all completions off the ring, so that the kernel finds room for more.
    fn reap(&mut self) {
        self.reaped.extend(self.uring.completion());
    }

    /// Which outcomes of entering the kernel end the ring.
    fn judge(&self, outcome: io::Result<usize>) -> io::Result<()> {
        let Err(error) = outcome else { return Ok(()) };
        match error.raw_os_error() {
            // The time is over, a signal came, or completions must first be taken.
            Some(libc::ETIME | libc::EINTR | libc::EBUSY) => Ok(()),
            // No memory for operations just now. Not to spin is all that can be done.
            Some(libc::EAGAIN) => {
                if self.reaped.is_empty() {
                    thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Cancels everything. True once nothing is outstanding.
    fn wind_down(&mut self) -> bool {
        self.outstanding -= self.held_back.len();
        self.held_back.clear();
        let everything = opcode::AsyncCancel2::new(CancelBuilder::any());
        self.push(everything.build(), Token::of_ring(Kind::Cancel));
        let mut idle_steps = 0;
        while idle_steps < DROP_IDLE_STEPS_MAX {
            let before = self.outstanding;
            while self.next().is_some() {}
            if self.outstanding == 0 {
                return true;
            }
            // A step hands out a few completions only; as long as there are some, it goes on.
            idle_steps = if self.outstanding < before { 0 } else { idle_steps + 1 };
            if self.enter(Some(DROP_STEP)).is_err() {
                return false;
            }
        }
        false
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        if self.wind_down() {
            // SAFETY: dropped here and nowhere else. Nothing is outstanding, so the kernel holds
            // no pointer into it that it would follow.
            unsafe { ManuallyDrop::drop(&mut self.memory) };
        } else {
            // The kernel may still write: the memory stays where it is, for good.
            tracing::error!(outstanding = self.outstanding, "operations outlive their ring");
        }
    }
}

/// A doorbell: a counter in the kernel that becomes readable when added to.
pub(super) fn doorbell() -> io::Result<File> {
    // SAFETY: no pointers are passed.
    let raw = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
    if raw < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just opened it for us, nobody else knows it.
    Ok(unsafe { File::from_raw_fd(raw) })
}

fn own(raw: u32) -> OwnedFd {
    let raw = raw.try_into().expect("it was made from a positive i32");
    // SAFETY: the kernel has just opened it for us, and its number came out of the ring once.
    unsafe { OwnedFd::from_raw_fd(raw) }
}

fn fd(of: BorrowedFd<'_>) -> Fd {
    Fd(of.as_raw_fd())
}

fn poll_flags(flags: libc::c_short) -> u32 {
    u32::from(flags.unsigned_abs())
}

fn outcome_of(result: i32) -> io::Result<u32> {
    u32::try_from(result).map_err(|_| io::Error::from_raw_os_error(-result))
}
