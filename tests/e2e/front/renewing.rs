//! A certificate that is renewed under the same path while the broker runs.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_harness::binary::Binary;
use throng_harness::client::{APP, SECRET};
use throng_harness::sockets::Crowd;
use throng_harness::tls;
use throng_protocol::value::PublishOptions;

use crate::both::on_both;

const NONE: PublishOptions = PublishOptions::from_bits(0);
const RENEWED: &str = "new connections are shown the certificate as it is now";
const KEPT: &str = "the certificate stays as it is";

on_both! {
    a_new_certificate_is_shown_to_who_comes_then_and_a_bad_one_is_named_and_changes_nothing
}

/// A folder with a certificate and its key, gone at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("throng-test-{}-{name}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).expect("there is a place for temporary files");
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("it is text").to_owned()
    }

    /// Puts a certificate of the tests and a key of theirs in place, under the names that stay.
    fn show(&self, certificate: &str, key: &str) {
        for (from, to) in [(certificate, "certificate.pem"), (key, "certificate.key")] {
            fs::copy(tls::file(from), self.path(to)).expect("the place is ours");
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(self.path(to), private).expect("the place is ours");
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether who trusts that certificate alone finishes a handshake.
fn is_shown(broker: &Binary, certificate: &str) -> bool {
    let socket = TcpStream::connect(broker.tls_address()).expect("it listens");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("an option");
    let mut client = tls::over(socket, &tls::trusting(certificate));
    client.conn.complete_io(&mut client.sock).is_ok()
}

fn a_new_certificate_is_shown_to_who_comes_then_and_a_bad_one_is_named_and_changes_nothing(
    io: Wanted,
) {
    let folder = Folder::new(&format!("renewing-{io:?}"));
    folder.show("first.pem", "first.key");
    let configuration =
        format!("[development]\nkey = \"{APP}\"\nsecret = \"{SECRET}\"\ncreate_on_join = true\n");
    let (certificate, key) = (folder.path("certificate.pem"), folder.path("certificate.key"));
    let flags = ["--tls-listen", "127.0.0.1:0"];
    let files = ["--tls-certificate", &certificate, "--tls-key", &key];
    let broker = Binary::start(io, &configuration, &[&flags[..], &files].concat());
    let mut crowd = Crowd::new_tls(broker.tls_address(), "first.pem");
    let old = crowd.open_in("old", "stage");

    folder.show("second.pem", "second.key");
    broker.renew(RENEWED);
    assert!(!is_shown(&broker, "first.pem") && is_shown(&broker, "second.pem"));
    crowd.trust("second.pem");
    let new = crowd.open_in("new", "stage");
    crowd.publish(old, "stage", 1_000, NONE);
    crowd.publish(new, "stage", 1_000, NONE);
    crowd.until("both hear the other", |crowd| crowd.checker.deliveries() == 2);

    for (bad, bad_key, named) in [
        ("first.pem", "second.key", "is not that of"),
        ("first.key", "first.key", "holds no certificate"),
        ("first.pem", "first.pem", "holds no private key"),
    ] {
        folder.show(bad, bad_key);
        broker.renew(KEPT);
        let log = broker.log();
        let line = log.lines().rfind(|line| line.contains(KEPT)).expect("it was said");
        assert!(line.contains(named) && line.contains(&folder.path("certificate")), "{line}");
        assert!(!is_shown(&broker, "first.pem") && is_shown(&broker, "second.pem"));
    }
    crowd.open_in("newest", "stage");
    crowd.publish(old, "stage", 1_000, NONE);
    crowd.until("all hear it", |crowd| crowd.checker.deliveries() == 4);
}
