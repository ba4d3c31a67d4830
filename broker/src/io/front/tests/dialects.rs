//! What clients of TLS may do beside speaking: older versions, tickets, new keys on the way.

use rustls::HandshakeKind;
use rustls::version::{TLS12, TLS13};

use super::*;

on_both! {
    who_knows_tls_1_2_only_is_served by rules(DoorLimits::default(), &[]);
    who_comes_back_shows_a_ticket_until_the_certificate_is_renewed by
        rules(DoorLimits::default(), &[]);
    keys_change_on_the_way_as_often_as_a_client_likes by rules(DoorLimits::default(), &[]);
    a_flood_of_the_smallest_records_is_heard_to_the_end by rules(DoorLimits::default(), &[]);
    a_handshake_without_end_is_given_up by rules(DoorLimits::default(), &[]);
}

impl<I: Io> World<I> {
    /// Sends back that many bytes of a connection that comes now, and sees it off.
    #[track_caller]
    fn echo(&mut self, count: usize) {
        let id = self.accept();
        let mut left = count;
        while left > 0 {
            self.front.resume(id, Receive::Once);
            let Seen::Received(_, bytes) = self.next() else { panic!("received expected") };
            left -= bytes.len();
            self.send(id, &bytes);
            assert_eq!(self.next(), Seen::Sent(id));
        }
        self.front.resume(id, Receive::Always);
        assert_eq!(self.next(), Seen::Closed(id));
    }
}

/// A client that says so many bytes and hears them back, then leaves. How its handshake went.
fn ask_for_echo(address: SocketAddr, config: &Arc<ClientConfig>, count: usize) -> HandshakeKind {
    let mut client = tls_over(TcpStream::connect(address).unwrap(), config);
    client.write_all(&pattern(count)).unwrap();
    let mut answer = vec![0; count];
    client.read_exact(&mut answer).unwrap();
    assert!(answer == pattern(count));
    client.conn.handshake_kind().unwrap()
}

fn who_knows_tls_1_2_only_is_served<I: Io>(mut world: World<I>) {
    let address = world.tls;
    for certificate in ["first.pem", "second.pem"] {
        let key = certificate.replace("pem", "key");
        let files = CertificateFiles { certificate: file(certificate), key: file(&key) };
        world.front.rules.certificates.as_ref().unwrap().renew_from(&files).unwrap();
        let client = thread::spawn(move || {
            ask_for_echo(address, &trusting_by(certificate, &[&TLS12]), 200_000)
        });
        world.echo(200_000);
        assert_eq!(client.join().unwrap(), HandshakeKind::Full);
    }
}

fn who_comes_back_shows_a_ticket_until_the_certificate_is_renewed<I: Io>(mut world: World<I>) {
    let address = world.tls;
    for version in [&TLS12, &TLS13] {
        let config = trusting_by("first.pem", &[version]);
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Full] {
            let config = Arc::clone(&config);
            let client = thread::spawn(move || ask_for_echo(address, &config, 100));
            world.echo(100);
            assert_eq!(client.join().unwrap(), expected, "{version:?}");
            if expected == HandshakeKind::Resumed {
                world.front.rules.certificates.as_ref().unwrap().renew().unwrap();
            }
        }
    }
}

fn keys_change_on_the_way_as_often_as_a_client_likes<I: Io>(mut world: World<I>) {
    const TIMES: usize = 100;
    let address = world.tls;
    let client = thread::spawn(move || {
        let mut client = tls_over(TcpStream::connect(address).unwrap(), &trusting("first.pem"));
        for time in 0..TIMES {
            client.write_all(&pattern(100)).unwrap();
            if time % 3 == 0 {
                let mut answer = [0; 100];
                client.read_exact(&mut answer).unwrap();
                assert!(answer[..] == pattern(100));
            }
            client.conn.refresh_traffic_keys().unwrap();
        }
        let mut rest = vec![0; TIMES / 3 * 2 * 100];
        client.read_exact(&mut rest).unwrap();
    });
    world.echo(TIMES * 100);
    client.join().unwrap();
}

fn a_flood_of_the_smallest_records_is_heard_to_the_end<I: Io>(mut world: World<I>) {
    const RECORDS: usize = 20_000;
    let address = world.tls;
    let client = thread::spawn(move || {
        let mut client = tls_over(TcpStream::connect(address).unwrap(), &trusting("first.pem"));
        // Each in a record of its own, many of them in a segment.
        client.write_all(b".").unwrap();
        let mut records = Vec::new();
        for byte in pattern(RECORDS - 1) {
            client.conn.writer().write_all(&[byte]).unwrap();
            client.conn.write_tls(&mut records).unwrap();
        }
        client.sock.write_all(&records).unwrap();
        client
    });
    let id = world.accept();
    let heard = world.receive(id, RECORDS);
    assert!(heard[1..] == pattern(RECORDS - 1));
    drop(client.join().unwrap());
}

fn a_handshake_without_end_is_given_up<I: Io>(mut world: World<I>) {
    let mut client = TcpStream::connect(world.tls).unwrap();
    let id = world.accept();
    world.front.resume(id, Receive::Always);
    // The first message is said to be of 65,535 bytes, in two records that both are allowed.
    client.write_all(&[22, 3, 1, 0x30, 0, 1, 0, 0xff, 0xff]).unwrap();
    client.write_all(&[0; 0x3000 - 4]).unwrap();
    world.assert_quiet();
    client.write_all(&[22, 3, 1, 0x40, 0]).unwrap();
    client.write_all(&[0; 0x2000]).unwrap();
    assert_eq!(world.next(), Seen::Closed(id));
    assert_eq!(world.front.handshakes.unfinished(), 0);
}
