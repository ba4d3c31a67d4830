//! A chat in the terminal. Start a broker, then run this in two terminals:
//!
//! ```text
//! cargo run -p throng-client --example chat -- alice
//! cargo run -p throng-client --example chat -- bob
//! ```
//! What you type is said in the room; `/quit` or Ctrl-D leaves. Stop the broker and start it again
//! to see the chat come back by itself.

use std::error::Error;
use std::io::BufRead as _;
use std::process::ExitCode;
use std::thread;

use throng_client::{
    Client, Code, Config, Development, Error as ClientError, Event, Reason, ReconnectPolicy, Unsent,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const USAGE: &str = "usage: chat <user> [--room lobby] [--address 127.0.0.1:7400] [--app dev] \
                     [--secret throng-development]";

struct Options {
    user: String,
    room: String,
    address: String,
    app: String,
    secret: String,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut options = Self {
            user: String::new(),
            room: "lobby".to_owned(),
            address: "127.0.0.1:7400".to_owned(),
            app: "dev".to_owned(),
            secret: "throng-development".to_owned(),
        };
        while let Some(word) = words.next() {
            let option = match &*word {
                "--room" => &mut options.room,
                "--address" => &mut options.address,
                "--app" => &mut options.app,
                "--secret" => &mut options.secret,
                user if options.user.is_empty() && !user.starts_with('-') => {
                    options.user = word;
                    continue;
                }
                _ => return None,
            };
            *option = words.next()?;
        }
        (!options.user.is_empty()).then_some(options)
    }

    fn config(&self, who: Development) -> Config {
        Config::new(&self.address).app(&self.app).client_name("throng-chat").credentials(who)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(options) = Options::parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match chat(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn chat(options: &Options) -> Result<(), Box<dyn Error>> {
    let who = Development::new(&options.secret).user(&options.user);
    let (client, mut events) = Client::connect(options.config(who)).await?;
    enter(&client, options).await?;
    let mut lines = typed_lines();
    loop {
        tokio::select! {
            line = lines.recv() => match line.as_deref() {
                None | Some("/quit") => break,
                Some("") => {}
                Some(text) => say(&client, &options.room, text).await,
            },
            event = events.recv() => match event {
                Some(event) => show(&event),
                None => return Err("the chat is over".into()),
            },
        }
    }
    client.close().await;
    println!("* bye");
    Ok(())
}

/// Joins the room, and opens it first where it is not there yet.
async fn enter(client: &Client, options: &Options) -> Result<(), ClientError> {
    let room = &options.room;
    let joined = match client.join(room).await {
        Err(ClientError::Refused(refused)) if refused.code == Code::NO_SUCH_ROOM => {
            open(options).await?;
            client.join(room).await?
        }
        joined => joined?,
    };
    println!("* you are in {room}, one of {}; /quit leaves", joined.members);
    Ok(())
}

/// Opens the room as the app's backend would. With the secret of a development app anybody can be
/// the backend; in production it is a program of its own.
async fn open(options: &Options) -> Result<(), ClientError> {
    let backend = Development::new(&options.secret).server("chat-backend");
    let config = options.config(backend.device(&options.user));
    let (client, _) = Client::connect(config.reconnect(ReconnectPolicy::NEVER)).await?;
    match client.create_room(&options.room).await {
        Err(ClientError::Refused(refused)) if refused.code == Code::ROOM_EXISTS => Ok(()),
        created => created.map(|_| ()),
    }
}

async fn say(client: &Client, room: &str, text: &str) {
    match client.publish((room, "text", text)).await {
        Ok(_) => {}
        Err(ClientError::Refused(refused)) if refused.code == Code::RATE_LIMITED => {
            let wait = refused.retry_after.unwrap_or_default();
            println!("* too fast, not said: {text:?}; try again in {wait:?}");
        }
        Err(ClientError::Unsent(Unsent::NotConnected)) => {
            println!("* not connected, not said: {text:?}");
        }
        Err(ClientError::ConnectionLost) => {
            println!("* the connection was lost; perhaps said, perhaps not: {text:?}");
        }
        Err(error) => println!("* not said: {text:?}: {error}"),
    }
}

fn show(event: &Event) {
    match event {
        Event::Message(message) => {
            // Others decide what is in it; a terminal shall not obey it.
            let text = String::from_utf8_lossy(&message.payload).replace(char::is_control, " ");
            println!("{}: {text}", message.sender);
        }
        Event::Disconnected { reason, retry_in } => {
            println!("* disconnected: {}; trying again in {retry_in:.1?}", words(reason));
        }
        Event::ReconnectFailed { reason, retry_in } => {
            println!("* {}; trying again in {retry_in:.1?}", words(reason));
        }
        Event::Reconnected { attempts, .. } => println!("* connected again (attempt {attempts})"),
        Event::Missed(missed) => match missed.entries {
            Some(count) => println!("* in {} again, {count} missed", missed.room),
            None => println!("* in {} again, which is a new room", missed.room),
        },
        Event::Notice(notice) => println!("* {:?}", notice.change),
        Event::RejoinFailed { room, failure, .. } => {
            println!("* not in {room} any more: {failure}");
        }
        Event::RoomDestroyed(gone) => println!("* {} is gone: {:?}", gone.room, gone.reason),
        Event::Kicked(kicked) => println!("* removed from {}: {}", kicked.room, kicked.extension),
        Event::LeftRoom(left) => println!("* out of {}: {:?}", left.room, left.reason),
        Event::Closed { reason } => println!("* closed: {reason}"),
        other => println!("* {other:?}"),
    }
}

/// Why, without the times: they are shown beside it.
fn words(reason: &Reason) -> String {
    match reason {
        Reason::SentAway { refused, .. } => refused.code.sentence().to_owned(),
        other => other.to_string(),
    }
}

/// Lines from the terminal, read on a thread of their own because reading them blocks.
fn typed_lines() -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
