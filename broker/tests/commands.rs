//! The commands as they are typed: what they print, where, and with which code they end. What a
//! running broker does when it is told to read its keys again.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// A folder that is gone at the end of the test.
struct Folder(PathBuf);

impl Folder {
    /// One with a configuration: an app with a key in a file of its own.
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("throng-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder can be made");
        let folder = Self(folder);
        folder.new_secret("one.secret");
        folder.write("throng.toml", &configuration(&["one"]));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder is ours");
        fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).expect("it is ours");
    }

    fn new_secret(&self, name: &str) {
        self.write(name, &printed(throng(&["token", "secret"])));
    }

    /// `throng token VERB --config FILE WORDS`.
    fn token(&self, verb: &str, words: &[&str]) -> Command {
        let mut command = throng(&["token", verb, "--config"]);
        command.arg(self.path("throng.toml")).args(words);
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn configuration(keys: &[&str]) -> String {
    let keys = keys
        .iter()
        .map(|id| format!("[[app.token_keys]]\nid = \"{id}\"\nfile = \"{id}.secret\"\n"));
    let begin = "[node]\nlisten = \"127.0.0.1:0\"\nworkers = 1\n[[app]]\nkey = \"game\"\n";
    begin.to_owned() + &keys.collect::<String>()
}

fn throng(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throng"));
    command.args(words).env_clear().stdin(Stdio::null());
    command
}

/// What a command prints that ends well and complains of nothing.
fn printed(mut command: Command) -> String {
    let output = command.output().expect("the program runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("it prints text")
}

fn code_and_complaint(output: &Output) -> (Option<i32>, String) {
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.code(), String::from_utf8(output.stderr.clone()).expect("it prints text"))
}

const ANN: [&str; 6] = ["--app", "game", "--user", "ann", "--device", "phone"];

#[test]
fn a_token_that_is_made_is_good_by_whichever_way_it_is_checked() {
    let folder = Folder::new("good");
    let token = printed(folder.token("mint", &ANN));
    assert_eq!(token.lines().count(), 1, "the token and nothing else");
    let said = printed(folder.token("verify", &[token.trim()]));
    assert!(said.contains("user     ann\n") && said.contains("rooms    (all)\n"), "{said}");
    for words in [&[][..], &["-"]] {
        let mut command = folder.token("verify", words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(token.as_bytes()).unwrap();
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let file = folder.path("one.secret");
    let file = ["--secret-file", file.to_str().unwrap()];
    printed(throng(&[&["token", "verify", token.trim()], &file[..]].concat()));
    let mint = [&["token", "mint", "--key-id", "one"], &file[..], &ANN].concat();
    printed(folder.token("verify", &[printed(throng(&mint)).trim()]));
}

#[test]
fn a_token_that_is_not_good_ends_with_1_and_the_reason() {
    let folder = Folder::new("bad");
    let token = printed(folder.token("mint", &ANN));
    folder.new_secret("one.secret");
    let output = folder.token("verify", &[token.trim()]).output().unwrap();
    let expected = "error: it was not signed with that secret\n".to_owned();
    assert_eq!(code_and_complaint(&output), (Some(1), expected));
    let words = [&ANN[..], &["--expires-in", "25h"]].concat();
    let (code, complaint) = code_and_complaint(&folder.token("mint", &words).output().unwrap());
    assert!(code == Some(1) && complaint.contains("token_life_max"), "{complaint}");
    folder.write("throng.toml", "[[app]]\n");
    let output = folder.token("mint", &ANN).output().unwrap();
    assert_eq!(code_and_complaint(&output).0, Some(2), "a bad configuration is one, here too");
}

/// A broker that is ended with the test.
struct Running(Child);

impl Running {
    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.0.id().to_string()])
            .status()
            .expect("there is a kill");
        assert!(sent.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_broker_reads_its_keys_again_when_told_and_keeps_them_if_that_fails() {
    let folder = Folder::new("again");
    let mut command = throng(&["--config"]);
    command.arg(folder.path("throng.toml")).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut broker = Running(command.spawn().unwrap());
    let mut log = BufReader::new(broker.0.stderr.take().unwrap()).lines();
    let mut await_line = |words: &str| {
        let line = log.by_ref().map(Result::unwrap).find(|line| line.contains(words));
        line.unwrap_or_else(|| panic!("it ended and did not say {words}"))
    };
    await_line("serving");
    broker.signal("-HUP");
    await_line("the keys are the same");
    folder.new_secret("two.secret");
    folder.write("throng.toml", &configuration(&["one", "two"]));
    broker.signal("-HUP");
    let line = await_line("new keys");
    assert!(line.contains("app=\"game\"") && line.contains("tokens one two"), "{line}");
    folder.write("throng.toml", &configuration(&["three"]).replace("workers = 1", "workers = 2"));
    broker.signal("-HUP");
    await_line("cannot read");
    await_line("everything stays as it is");
    folder.write("throng.toml", &configuration(&["two"]).replace("workers = 1", "workers = 2"));
    broker.signal("-HUP");
    await_line("node.workers is set differently, which takes a restart");
    broker.signal("-TERM");
    assert_eq!(broker.0.wait().unwrap().code(), Some(0));
}
