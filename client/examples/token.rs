//! A client that comes in with tokens, and a new one whenever the last is nearly over.
//!
//! Here one program plays both parts. In earnest the secret stays with the app's backend, which
//! knows its users; the client asks it for a token, over whatever they speak with each other.
//!
//! `cargo run -p throng-client --example token -- ADDRESS APP KEY_ID FILE_OF_THE_SECRET USER`

use std::error::Error;
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use throng_client::blocking::Client;
use throng_client::{Config, Event, TokenSource};
use throng_protocol::token::{Claims, Scopes, TokenError, mint};
use throng_protocol::value::Role;

/// How long each token holds.
const LIFE: Duration = Duration::from_secs(60);

/// What a backend does: it lets a user in, on one device, to two kinds of rooms, for a minute.
fn mint_for(user: &str, app: &str, (key_id, secret): (&str, &[u8])) -> Result<String, TokenError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let claims = Claims {
        role: Role::Client,
        made: millis(now),
        expires: millis(now + LIFE),
        key_id,
        app,
        user,
        device: "laptop",
        scopes: Scopes::of(&["lobby", "stage-*"]),
    };
    mint(&claims, secret)
}

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [address, app, key_id, file, user] = <[String; 5]>::try_from(given)
        .map_err(|_| "usage: token ADDRESS APP KEY_ID FILE_OF_THE_SECRET USER")?;
    let secret = fs::read(file)?;
    let config = Config::new(address).app(app.clone());
    // Asked before each connection, and before the token of the present one is over.
    let source = TokenSource::new(move || {
        let token = mint_for(&user, &app, (&key_id, &secret));
        async { token }
    });
    let (client, events) = Client::connect(config.credentials(source))?;
    client.join("lobby")?;
    for event in events {
        match event {
            Event::Message(it) => {
                println!("{}: {}", it.sender, String::from_utf8_lossy(&it.payload));
            }
            other => println!("- {other:?}"),
        }
    }
    Ok(())
}
