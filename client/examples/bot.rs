//! The smallest backend: opens a room and says something in it every second.
//!
//! Run it beside the chat example: `cargo run -p throng-client --example bot`

use std::thread;
use std::time::Duration;

use throng_client::blocking::Client;
use throng_client::{Code, Config, Development, Error};

fn main() -> Result<(), Error> {
    let config = Config::new("127.0.0.1:7400")
        .app("dev")
        .credentials(Development::new("throng-development").server("bot"));
    // The events are dropped at once: this one only speaks.
    let (client, _) = Client::connect(config)?;
    match client.create_room("lobby") {
        Err(Error::Refused(refused)) if refused.code == Code::ROOM_EXISTS => {}
        created => println!("opened lobby, epoch {}", created?.epoch),
    }
    for count in 1.. {
        let text = format!("this is my message number {count}");
        match client.publish(("lobby", "text", &text)) {
            Ok(accepted) => println!("{} {text}", accepted.seq),
            Err(error) => println!("- {error}"),
        }
        thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}
