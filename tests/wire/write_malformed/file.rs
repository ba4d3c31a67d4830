//! One case and how its file looks.

use std::fmt;

/// One thing that is sent, and what must come back.
#[derive(Debug, Clone)]
pub struct Case {
    /// The name of the file.
    pub name: String,
    /// What is wrong, in a sentence.
    pub why: String,
    /// `first` on a new connection, or the role of the session that sends it.
    pub when: &'static str,
    /// What is sent, in pieces for the reader.
    pub pieces: Vec<Vec<u8>>,
    /// What comes back, in order.
    pub answers: Vec<String>,
}

/// On a new connection.
pub const FIRST: &str = "first";
/// On an open session of a client.
pub const CLIENT: &str = "client";
/// On an open session of a server.
pub const SERVER: &str = "server";

impl Case {
    /// A case with one answer.
    pub fn new(name: &str, when: &'static str, pieces: Vec<Vec<u8>>, answer: &str) -> Self {
        let answers = vec![answer.to_owned()];
        Self { name: name.to_owned(), why: String::new(), when, pieces, answers }
    }

    /// The same, with what is wrong.
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// The same, with one more answer.
    pub fn then(mut self, answer: &str) -> Self {
        self.answers.push(answer.to_owned());
        self
    }
}

/// Runs of one byte from this length on are written short.
const RUN_MIN: usize = 8;

fn hex(piece: &[u8]) -> String {
    let mut words = vec![String::new()];
    for run in piece.chunk_by(|a, b| a == b) {
        let last = words.last_mut().expect("there is always one");
        if run.len() >= RUN_MIN {
            words.push(format!("{:02x}*{}", run[0], run.len()));
            words.push(String::new());
        } else {
            run.iter().for_each(|byte| last.push_str(&format!("{byte:02x}")));
        }
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}", self.why)?;
        writeln!(f, "name    {}", self.name)?;
        writeln!(f, "when    {}", self.when)?;
        let pieces: Vec<_> = self.pieces.iter().map(|piece| hex(piece)).collect();
        writeln!(f, "hex     {}", pieces.join(" "))?;
        self.answers.iter().try_for_each(|answer| writeln!(f, "answer  {answer}"))
    }
}
