//! How sessions end: when their token's time is over, when it is revoked, and when their user is
//! banned from the app; each within a second, by the clock of whoever is cut.

use std::time::{Duration, Instant};

use throng_broker::io::choice::Wanted;
use throng_harness::client::Act;
use throng_harness::passes::Pass;
use throng_protocol::Code;
use throng_protocol::value::Moderation;

use super::{config, pass, server_pass};
use crate::both::on_both;
use crate::rooms::{Hall, STAGE};

on_both! {
    a_session_ends_within_a_second_of_its_token
    a_revocation_cuts_within_a_second_and_before_its_answer
    a_revoked_credential_is_cut_and_its_namesake_is_not
    a_ban_from_the_app_cuts_within_a_second
}

const SECOND: Duration = Duration::from_secs(1);

/// Why a client was sent away, once it is.
fn until_ended(hall: &mut Hall, client: usize) -> Code {
    hall.crowd.until("it is sent away", |crowd| crowd.clients[client].ended.is_some());
    hall.crowd.clients[client].ended.flatten().expect("it is told why")
}

fn a_session_ends_within_a_second_of_its_token(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let begun = Instant::now();
    let ann = hall.crowd.open_with(&pass("ann").lasting(SECOND * 2));
    hall.join(ann, STAGE);
    assert_eq!(until_ended(&mut hall, ann), Code::TOKEN_EXPIRED);
    let lived = begun.elapsed();
    // The token was made a moment before, and counts whole milliseconds.
    assert!(lived >= SECOND * 2 - Duration::from_millis(100) && lived < SECOND * 3, "{lived:?}");
}

fn a_revocation_cuts_within_a_second_and_before_its_answer(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let users: Vec<String> = (0..20).map(|n| format!("user-{n}")).collect();
    let old: Vec<Pass> = users.iter().map(|user| pass(user)).collect();
    let inside: Vec<usize> = old.iter().map(|pass| hall.crowd.open_with(pass)).collect();
    let named: Vec<&str> = users.iter().map(String::as_str).collect();
    let begun = Instant::now();
    let server = hall.server;
    assert_eq!(hall.code(server, |own| own.revoke((false, &named), 0)), Code::NONE);
    for client in inside {
        assert_eq!(until_ended(&mut hall, client), Code::TOKEN_REVOKED);
    }
    assert!(begun.elapsed() < SECOND, "{:?}", begun.elapsed());
    for pass in old {
        let client = hall.crowd.connect_with(&pass);
        assert_eq!(until_ended(&mut hall, client), Code::UNAUTHORIZED);
    }
    std::thread::sleep(Duration::from_millis(2));
    hall.crowd.open_with(&pass("user-0"));
}

fn a_revoked_credential_is_cut_and_its_namesake_is_not(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let server = hall.crowd.open_with(&server_pass("ann"));
    let user = hall.crowd.open_with(&pass("ann"));
    assert_eq!(hall.code(user, |own| own.revoke((false, &["ann"]), 0)), Code::NOT_ALLOWED);
    let own = hall.server;
    assert_eq!(hall.code(own, |own| own.revoke((true, &["ann"]), 0)), Code::NONE);
    assert_eq!(until_ended(&mut hall, server), Code::TOKEN_REVOKED);
    hall.join(user, STAGE);
}

fn a_ban_from_the_app_cuts_within_a_second(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let phone = hall.crowd.open_with(&pass("ann"));
    let desk = hall.crowd.open_with(&Pass { device: "desk".into(), ..pass("ann") });
    let begun = Instant::now();
    hall.act(Act::lasting("", Moderation::Ban, 60), &["ann"]);
    for client in [phone, desk] {
        assert_eq!(until_ended(&mut hall, client), Code::BANNED_FROM_APP);
    }
    assert!(begun.elapsed() < SECOND, "{:?}", begun.elapsed());
    let again = hall.crowd.connect_with(&pass("ann"));
    assert_eq!(until_ended(&mut hall, again), Code::BANNED_FROM_APP, "a good token, and no way in");
}
