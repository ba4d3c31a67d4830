//! Descriptors: none leaks, and running out of them is survived. These tests count descriptors
//! and lower their limit, so each runs in a process of its own.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::Command;
use std::time::Instant as Monotonic;

use socket2::SockRef;

use super::*;

on_both! {
    no_ending_leaks_a_descriptor
    out_of_descriptors_nothing_spins_and_the_others_go_on
    options_are_in_force_on_what_was_accepted
}

/// Runs the calling test again, alone in a process with that many descriptors. True inside.
fn in_own_process<B: Tested>(test: &str, descriptors_max: usize) -> bool {
    const INSIDE: &str = "THRONG_TEST_IN_OWN_PROCESS";
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let back_end = B::name();
    let (_, module) = module_path!().split_once("::").unwrap();
    let output = Command::new("sh")
        .args(["-c", "ulimit -n \"$0\" && exec \"$@\"", &descriptors_max.to_string()])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::{back_end}::{test}"), "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}\n{complained}");
    false
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn no_ending_leaks_a_descriptor<B: Tested>(mut world: World<B>) {
    if !in_own_process::<B>("no_ending_leaks_a_descriptor", 512) {
        return;
    }
    let before = descriptors();
    for round in 0..200 {
        let (client, id) = world.open();
        match round % 5 {
            0 => world.io.close(id),
            1 => drop(client),
            2 => {
                SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
                drop(client);
            }
            3 => {
                world.send(id, pattern(8 << 20));
                assert_eq!(world.next_within(Duration::from_millis(2)), None);
                world.io.close(id);
            }
            _ => {
                world.io.pause(id);
                assert_eq!(world.next_within(Duration::from_millis(2)), None);
                drop(world.io.detach(id).unwrap());
                continue;
            }
        }
        assert_eq!(world.next(), Seen::Closed(id));
    }
    assert_eq!(descriptors(), before);

    let _waiting = TcpStream::connect(world.address).unwrap();
    let _open: Vec<_> = (0..5).map(|_| world.connect()).collect();
    let with_clients = descriptors() - 5;
    drop(world);
    assert!(descriptors() < with_clients, "the listener, the queue and the sockets are gone");
}

/// Time this thread has spent on a core.
fn busy() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

fn out_of_descriptors_nothing_spins_and_the_others_go_on<B: Tested>(mut world: World<B>) {
    if !in_own_process::<B>("out_of_descriptors_nothing_spins_and_the_others_go_on", 64) {
        return;
    }
    let (mut old, old_id) = world.open();
    busy();
    let mut fillers = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        fillers.push(file);
    }
    // One for the client, one to read the time spent; none for the other end.
    fillers.truncate(fillers.len() - 1);
    let mut late = TcpStream::connect(world.address).unwrap();
    late.set_read_timeout(Some(PATIENCE)).unwrap();

    let begin = Monotonic::now();
    let mut waits = 0;
    while begin.elapsed() < Duration::from_millis(500) {
        assert!(!world.step(Duration::from_millis(250)));
        waits += 1;
    }
    assert!(waits <= 4, "{waits} waits ended for nothing");
    old.write_all(b"hello").unwrap();
    assert_eq!(world.receive(old_id, 5), b"hello");

    fillers.truncate(fillers.len() - 4);
    let Seen::Accepted(late_id) = world.next() else { panic!("accepted expected") };
    // Half a second of spinning would show here, even on a machine with much else to do.
    assert!(busy() < Duration::from_millis(60), "spun for {:?}", busy());
    world.send(late_id, b"sorry");
    assert_eq!(world.next(), Seen::Sent(late_id));
    let mut answer = [0; 5];
    late.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"sorry");
}

fn options_are_in_force_on_what_was_accepted<B: Tested>(mut world: World<B>) {
    let (_client, id) = world.connect();
    let socket = world.io.detach(id).unwrap();
    let socket = B::descriptor(&socket);
    let socket = SockRef::from(&socket);
    assert!(socket.tcp_nodelay().unwrap());
    assert_eq!(socket.tcp_notsent_lowat().unwrap(), 16 * 1024);
    assert_eq!(socket.send_buffer_size().unwrap(), 2 * 64 * 1024);
}
