//! The moment between being started and becoming the program that is measured.
//!
//! The child pins itself, asks the kernel to be killed when its parent dies, and then becomes
//! the program: both outlast that step, and the number of the process stays the same. So the
//! program needs no code for it, and nothing runs between fork and exec in the parent.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use crate::args::Leash;

/// Becomes the program. Comes back only with the reason why not.
pub fn run(args: &Leash) -> anyhow::Error {
    match prepare(args) {
        Ok(mut command) => {
            let error = command.exec();
            anyhow::Error::from(error).context(format!("cannot run {:?}", args.command[0]))
        }
        Err(error) => error,
    }
}

fn prepare(args: &Leash) -> anyhow::Result<Command> {
    args.cores.pin()?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // A parent that died before the line above will not be noticed by the kernel any more.
    let parent = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    anyhow::ensure!(parent == Some(args.parent), "the parent is gone already");
    let (program, rest) = args.command.split_first().expect("the command line demands a program");
    let mut command = Command::new(program);
    command.args(rest);
    Ok(command)
}
