//! Keys as somebody stored them: what a file with one may be, which secrets are none, and how a
//! public key is written. All of it refuses and nothing warns: a broker with a known secret lets
//! anyone be anyone.
//!
//! Called when the configuration is read, and by the commands that make and check tokens. Nothing
//! here says or logs what is in a key.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use base64ct::{Base64UrlUnpadded, Encoding};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;

use super::bounds::{KEY_FILE_BYTES_MAX, SECRET_BYTES_MAX};
use crate::app::Secret;
use crate::limits::SECRET_BYTES_MIN;

/// Whether others than the owner and the group may read what has that mode.
pub(super) const fn is_world_readable(mode: u32) -> bool {
    mode & 0o004 != 0
}

/// Whether that is a file and can be read.
///
/// # Errors
/// A sentence on why not.
pub(super) fn check_readable(path: &Path) -> Result<(), String> {
    open(path).map(drop)
}

/// Whether that is a file and can be read, and not by everyone.
///
/// # Errors
/// A sentence on why not.
pub(super) fn check_private(path: &Path) -> Result<(), String> {
    open_private(path).map(drop)
}

/// Reads the secret in a file.
///
/// # Errors
/// A sentence on what is wrong with the file or the secret.
pub fn from_file(path: &Path) -> Result<Secret, String> {
    let text = contents(open_private(path)?, path)?;
    checked(text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line)))
        .map_err(|wrong| format!("{}: {wrong}", path.display()))
}

/// Reads the public key in a file. That may be read by everyone.
///
/// # Errors
/// A sentence on what is wrong with the file or the key.
pub(super) fn public_key_from_file(path: &Path) -> Result<[u8; 32], String> {
    let text = contents(open(path)?, path)?;
    public_key(&text).map_err(|wrong| format!("{}: {wrong}", path.display()))
}

/// What a word has in it that nobody made up in secret.
const KNOWN: [&str; 12] = [
    "changeme",
    "change-me",
    "change_me",
    "change me",
    "example",
    "insert-",
    "password",
    "replace",
    "secret",
    "throng-development",
    "your-",
    "your_",
];

/// Bytes that differ in any secret worth the name; 32 random ones, even as hex digits, have more.
const DIFFERENT_BYTES_MIN: usize = 8;

/// A secret, if it can be one.
///
/// # Errors
/// A sentence on why not, which never holds it.
pub(crate) fn checked(text: &str) -> Result<Secret, String> {
    const ADVICE: &str = "`throng token secret` prints a good one";
    let bytes = text.as_bytes();
    let refuse = |why: String| Err(format!("the secret {why}; {ADVICE}"));
    if !(SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len()) {
        let (length, min, max) = (bytes.len(), SECRET_BYTES_MIN, SECRET_BYTES_MAX);
        return refuse(format!("has {length} bytes; {min} to {max} are allowed"));
    }
    if text.chars().any(char::is_control) {
        return refuse("holds control characters".to_owned());
    }
    let mut seen = [false; 256];
    bytes.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    if seen.iter().filter(|seen| **seen).count() < DIFFERENT_BYTES_MIN {
        return refuse(format!("has fewer than {DIFFERENT_BYTES_MIN} different bytes"));
    }
    let lower = text.to_ascii_lowercase();
    if KNOWN.iter().any(|word| lower.contains(word)) {
        return refuse("is a well-known one, or holds a word that such have".to_owned());
    }
    if is_repeated(bytes) || is_counted(bytes) {
        return refuse("follows a pattern".to_owned());
    }
    Ok(text.into())
}

/// Whether it is something of at most half its length, over and over.
fn is_repeated(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|length| bytes[length..] == bytes[..bytes.len() - length])
}

/// Whether most bytes are one more than the one before, or as hex digits count up:
/// `abcdefgh...`, `00010203...`, which examples have.
fn is_counted(bytes: &[u8]) -> bool {
    let mostly = |steps: usize, of: usize| of > 0 && steps * 4 >= of * 3;
    let letters = bytes.windows(2).filter(|pair| pair[0].checked_add(1) == Some(pair[1])).count();
    let pairs: Option<Vec<u8>> = bytes.chunks_exact(2).map(hex_pair).collect();
    let numbers = pairs.unwrap_or_default();
    let counted = numbers.windows(2).filter(|pair| pair[0].checked_add(1) == Some(pair[1])).count();
    mostly(letters, bytes.len() - 1) || mostly(counted, numbers.len().saturating_sub(1))
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()
}

/// What comes before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410): two
/// sequences, the algorithm 1.3.101.112, and a string of bits, none unused.
const ED25519_PREFIX: [u8; 12] = [0x30, 42, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 33, 0];

/// An Ed25519 public key, as PEM (`PUBLIC KEY`) or as its 32 bytes in base64url without padding.
///
/// # Errors
/// A sentence on why it is none.
pub(super) fn public_key(text: &str) -> Result<[u8; 32], String> {
    if text.contains("-----BEGIN") {
        let key = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes())
            .map_err(|error| format!("there is no PUBLIC KEY in it: {error}"))?;
        return key
            .strip_prefix(&ED25519_PREFIX)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| "the public key is not one of Ed25519".to_owned());
    }
    let mut bytes = [0; 32];
    match Base64UrlUnpadded::decode(text.trim_ascii_end(), &mut bytes) {
        Ok(all) if all.len() == 32 => Ok(bytes),
        _ => {
            Err("it is neither PEM (PUBLIC KEY) nor 32 bytes of base64url without padding"
                .to_owned())
        }
    }
}

/// The text for a public key that [`public_key`] reads back.
pub(super) fn show_public_key(bytes: &[u8; 32]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn open(path: &Path) -> Result<File, String> {
    // Nobody waits for a pipe that nothing is written to.
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = opened.map_err(|error| unreadable(path, &error))?;
    let about = file.metadata().map_err(|error| unreadable(path, &error))?;
    if about.is_file() { Ok(file) } else { Err(format!("{} is no file", path.display())) }
}

fn open_private(path: &Path) -> Result<File, String> {
    let file = open(path)?;
    let about = file.metadata().map_err(|error| unreadable(path, &error))?;
    if is_world_readable(about.mode()) {
        let path = path.display();
        return Err(format!("{path} can be read by everyone on this machine: chmod o-r {path}"));
    }
    Ok(file)
}

fn contents(file: File, path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    // One byte more than allowed shows that there is more.
    let read = file.take(KEY_FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(path, &error))?;
    if bytes.len() > KEY_FILE_BYTES_MAX {
        let path = path.display();
        return Err(format!("{path} is no key: it has more than {KEY_FILE_BYTES_MAX} bytes"));
    }
    let not_text = |_| format!("{} is not UTF-8: write the key as text, in hex", path.display());
    String::from_utf8(bytes).map_err(not_text)
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}
