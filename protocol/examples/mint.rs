//! Mints a connection token, as the backend of an app does: the example of `docs/protocol.md`,
//! "Tokens".
//!
//! `cargo run -p throng-protocol --example mint -- KEY_ID FILE_OF_THE_SECRET APP USER DEVICE` prints
//! a token for an hour.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use throng_protocol::token::{Claims, Scopes, TokenError, mint};
use throng_protocol::value::Role;

fn token(secret: &[u8], [key_id, app, user, device]: [&str; 4]) -> Result<String, TokenError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let (made, expires) = (millis(now), millis(now + Duration::from_secs(3600)));
    let scopes = Scopes::of(&["lobby", "eu-*"]);
    mint(&Claims { role: Role::Client, made, expires, key_id, app, user, device, scopes }, secret)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [key_id, file, app, user, device] =
        given.iter().map(String::as_str).collect::<Vec<_>>()[..]
    else {
        return Err("KEY_ID FILE_OF_THE_SECRET APP USER DEVICE".into());
    };
    println!("{}", token(&std::fs::read(file)?, [key_id, app, user, device])?);
    Ok(())
}
