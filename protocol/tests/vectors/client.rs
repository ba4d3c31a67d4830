//! The client in `docs/protocol.md` is taken out of the document and run against a broker that
//! plays the golden conversation, so that what people copy from there works.
//!
//! Where there is no `python3` the test says so and passes; set `THRONG_PYTHON` to name one.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::cases::{self, Frame};
use crate::document;

/// What stands before the client in the document.
const MARKER: &str = "<!-- client.py -->\n```python\n";

/// The client's source.
fn source() -> String {
    let text = document::text();
    let start = text.find(MARKER).expect("the document has a client") + MARKER.len();
    let length = text[start..].find("\n```").expect("the client ends");
    text[start..=start + length].to_owned()
}

/// Plays the broker's side of the conversation, and says what the client sent.
fn play(mut socket: TcpStream) -> Vec<(Vec<u8>, Vec<u8>)> {
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("the time is not zero");
    let mut heard = Vec::new();
    let files = cases::files();
    let file = files.iter().find(|file| file.name == "conversation.txt");
    for case in &file.expect("it is one of the files").cases {
        let bytes = case.frame.bytes();
        if matches!(case.frame, Frame::Client(_)) {
            let mut said = vec![0; bytes.len()];
            socket.read_exact(&mut said).expect("the client says its part");
            heard.push((said, bytes));
        } else {
            // One byte at a time, the worst that a network may do.
            for byte in bytes {
                socket.write_all(&[byte]).expect("the client listens");
            }
        }
    }
    heard
}

/// Waits for the client to connect, unless it ends before it did.
fn accept(listener: &TcpListener, child: &mut Child) -> TcpStream {
    listener.set_nonblocking(true).expect("a listener may be asked not to wait");
    for _ in 0..2_000 {
        if let Ok((socket, _)) = listener.accept() {
            socket.set_nonblocking(false).expect("a socket may be asked to wait");
            return socket;
        }
        if child.try_wait().expect("it can be waited for").is_some() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let mut complaints = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        child.kill().expect("it can be ended");
        stderr.read_to_string(&mut complaints).expect("it wrote text");
    }
    panic!("the client did not connect: {complaints}");
}

#[test]
fn the_python_client_of_the_document_holds_the_conversation_of_the_vectors() {
    let python = env::var("THRONG_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port().to_string();
    let arguments = ["127.0.0.1", &port, "dev", "throng-development", "ann", "lobby", "hi all"];
    let child = Command::new(&python)
        .arg("-c")
        .arg(source())
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("there is no {python} here: the client of the document was not run");
        return;
    };
    let socket = accept(&listener, &mut child);
    for (said, meant) in play(socket) {
        assert_eq!(said, meant);
    }
    let output = child.wait_with_output().expect("the client ends with the connection");
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    assert_eq!(
        printed.lines().collect::<Vec<_>>(),
        [
            "welcome ann, session 42",
            "joined lobby at seq 41",
            "accepted as seq 42",
            "42 ann: hi all",
            "go away: code 800, retry after 1234 ms",
        ]
    );
}
