//! Files that hold bytes for people: lines of a word and what it says, and hex in which a run
//! of one byte is short.
//!
//! The golden vectors of the protocol and the malformed corpus are written so. Read by tests and
//! by the tool that makes the first seeds; nothing is ever written from here.

/// One entry: `word  rest` lines. Lines that begin with a blank or `#` are for the reader only.
#[derive(Debug, Clone)]
pub struct Case<'t>(Vec<(&'t str, &'t str)>);

impl<'t> Case<'t> {
    /// The entries of a text, parted by empty lines.
    pub fn all(text: &'t str) -> impl Iterator<Item = Self> {
        text.split("\n\n").map(Self::one).filter(|case| !case.0.is_empty())
    }

    /// A text that is one entry.
    #[must_use]
    pub fn one(text: &'t str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with([' ', '#']));
        let parts = lines.filter_map(|line| line.split_once(' '));
        Self(parts.map(|(word, rest)| (word, rest.trim())).collect())
    }

    /// What the first line of that word says.
    #[must_use]
    pub fn get(&self, word: &str) -> Option<&'t str> {
        self.0.iter().find(|(own, _)| *own == word).map(|(_, rest)| *rest)
    }

    /// What every line of that word says, in order.
    pub fn all_of(&self, word: &str) -> impl Iterator<Item = &'t str> {
        self.0.iter().filter(move |(own, _)| *own == word).map(|(_, rest)| *rest)
    }
}

/// Hex to bytes. Blanks mean nothing; `61*300` is the byte 61, 300 times.
///
/// # Errors
/// The piece that is not hex.
pub fn bytes_of(hex: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for piece in hex.split_whitespace() {
        let bad = || format!("{piece:?} is not hex");
        let (digits, times) = match piece.split_once('*') {
            Some((byte, times)) => (byte, times.parse().map_err(|_| bad())?),
            None => (piece, 1),
        };
        if digits.len() % 2 != 0 || !digits.is_ascii() || (times != 1 && digits.len() != 2) {
            return Err(bad());
        }
        let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
        let read = pairs.map(|pair| u8::from_str_radix(pair, 16).map_err(|_| bad()));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        bytes.extend(std::iter::repeat_n(read, times).flatten());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_one_byte_is_as_long_as_it_says() {
        assert_eq!(bytes_of("00ff 61*3 0a"), Ok(vec![0, 255, 0x61, 0x61, 0x61, 10]));
        assert!(bytes_of("0").is_err() && bytes_of("0g").is_err() && bytes_of("6162*2").is_err());
    }

    #[test]
    fn entries_are_parted_by_empty_lines_and_say_words() {
        let text = "# head\n\nname  a\nhex   00\n  00  a note\n\nname  b\n";
        let all: Vec<_> = Case::all(text).collect();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].get("name"), all[0].get("hex")), (Some("a"), Some("00")));
        assert_eq!(all[1].get("hex"), None);
    }
}
