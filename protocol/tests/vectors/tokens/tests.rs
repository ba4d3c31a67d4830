//! The vectors of connection tokens hold, for this crate and for the examples that
//! `docs/protocol.md` gives to those who mint tokens in another language.
//!
//! Where there is no `python3` or `node` a test says so and passes; set `THRONG_PYTHON` or
//! `THRONG_NODE` to name one.

use core::fmt::Write as _;
use std::process::Command;
use std::{env, fs};

use proptest::prelude::*;
use throng_protocol::limits::TOKEN_BYTES_MAX;
use throng_protocol::token::Unverified;

use super::*;
use crate::{document, forge, golden};

fn verified(text: &str, secret: &[u8]) -> Result<(), TokenError> {
    Unverified::read(text.as_bytes())?.verify(secret).map(|_| ())
}

#[test]
fn the_file_is_as_the_tokens_would_write_it() {
    let text = fs::read_to_string(golden::path(FILE)).expect("it is there");
    assert!(text == render(), "if that is meant, run the example `vectors` with --write");
}

#[test]
fn a_token_of_the_file_says_its_claims_and_is_written_so_by_hand() {
    for Token { name, secret, claims } in tokens() {
        let text = mint(&claims, secret).unwrap();
        assert!(text.len() <= TOKEN_BYTES_MAX, "{name}");
        let token = Unverified::read(text.as_bytes()).unwrap();
        assert_eq!((token.key_id(), token.app()), (claims.key_id, claims.app), "{name}");
        assert_eq!(token.verify(secret), Ok(claims), "{name}");
        assert_eq!(forge::signed(&forge::claims_of(&text), secret), text, "{name}");
        assert_eq!(layout(&claims), forge::claims_of(&text), "{name}");
    }
}

/// The layout as the document has it.
fn layout(claims: &Claims<'_>) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let scopes: Vec<&str> = claims.scopes.iter().collect();
    let mut raw = vec![1, claims.role.to_byte()];
    raw.extend(claims.made.to_le_bytes());
    raw.extend(claims.expires.to_le_bytes());
    raw.extend([claims.key_id, claims.app, claims.user, claims.device].map(text).concat());
    raw.push(u8::try_from(scopes.len()).unwrap());
    raw.extend(scopes.into_iter().flat_map(text));
    raw
}

#[test]
fn what_the_file_says_is_refused_is_refused_for_that() {
    for Bad { name, text, why } in bad() {
        assert_eq!(verified(&text, SHORT_SECRET), Err(why), "{name}");
    }
}

/// The piece of the document behind a marker.
fn source(marker: &str, language: &str) -> String {
    let text = document::text();
    let marker = format!("<!-- {marker} -->\n```{language}\n");
    let start = text.find(&marker).unwrap_or_else(|| panic!("no {marker}")) + marker.len();
    let length = text[start..].find("\n```").expect("the example ends");
    text[start..=start + length].to_owned()
}

/// What a script prints, or nothing if there is nobody to run it.
fn run(interpreter: &str, variable: &str, flag: &str, script: &str) -> Option<String> {
    let interpreter = env::var(variable).unwrap_or_else(|_| interpreter.to_owned());
    let Ok(output) = Command::new(&interpreter).args([flag, script]).output() else {
        println!("there is no {interpreter} here: the example of the document was not run");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("it prints text"))
}

/// What the scripts have to print: the text of each token.
fn texts() -> Vec<String> {
    tokens().iter().map(|token| mint(&token.claims, token.secret).unwrap()).collect()
}

fn secret_in_hex(secret: &[u8]) -> String {
    secret.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn the_python_of_the_document_mints_the_tokens_of_the_file() {
    let mut script = source("token.py", "python");
    for Token { secret, claims, .. } in tokens() {
        let Claims { role, made, expires, key_id, app, user, device, scopes } = claims;
        let (secret, role) = (secret_in_hex(secret), role.to_byte());
        writeln!(
            script,
            "print(mint(bytes.fromhex({secret:?}), {key_id:?}, {app:?}, {user:?}, {device:?}, \
             {made}, {expires}, {role}, {scopes:?}))"
        )
        .unwrap();
    }
    if let Some(printed) = run("python3", "THRONG_PYTHON", "-c", &script) {
        assert_eq!(printed.lines().collect::<Vec<_>>(), texts());
    }
}

#[test]
fn the_javascript_of_the_document_mints_the_tokens_of_the_file() {
    let mut script = source("token.js", "javascript");
    for Token { secret, claims, .. } in tokens() {
        let Claims { role, made, expires, key_id, app, user, device, scopes } = claims;
        let (secret, role) = (secret_in_hex(secret), role.to_byte());
        writeln!(
            script,
            "console.log(mint(Buffer.from({secret:?}, 'hex'), {{ keyId: {key_id:?}, app: {app:?}, \
             user: {user:?}, device: {device:?}, made: {made}n, expires: {expires}n, \
             role: {role}, scopes: {scopes:?} }}));"
        )
        .unwrap();
    }
    if let Some(printed) = run("node", "THRONG_NODE", "-e", &script) {
        assert_eq!(printed.lines().collect::<Vec<_>>(), texts());
    }
}

#[test]
fn the_rust_of_the_document_is_that_of_the_example() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/mint.rs");
    let example = fs::read_to_string(path).expect("the example is there");
    assert!(example.contains(source("mint.rs", "rust").trim_end()));
}

#[test]
fn each_single_bit_of_a_token_and_each_character_of_its_text_counts() {
    for Token { name, secret, claims } in tokens() {
        let text = mint(&claims, secret).unwrap();
        let raw = forge::bytes_of(&text);
        for bit in 0..raw.len() * 8 {
            let mut raw = raw.clone();
            raw[bit / 8] ^= 1 << (bit % 8);
            assert!(verified(&forge::text_of(&raw), secret).is_err(), "{name}: bit {bit}");
        }
        for bit in 0..text.len() * 8 {
            let mut text = text.clone().into_bytes();
            text[bit / 8] ^= 1 << (bit % 8);
            let read = Unverified::read(&text);
            let verified = read.as_ref().map(|token| token.verify(secret).is_ok());
            assert_ne!(verified, Ok(true), "{name}: bit {bit} of the text");
        }
        for cut in 0..text.len() {
            assert!(verified(&text[..cut], secret).is_err(), "{name}: cut at {cut}");
            assert!(verified(&text[cut + 1..], secret).is_err(), "{name}: from {cut}");
        }
    }
}

prop_compose! {
    fn claims()(
        texts in ["[A-Za-z0-9+=._:@-]{1,32}", "[A-Za-z0-9+=._:@-]{1,64}", "[A-Za-z0-9+=._:@-]{1,64}",
            "[A-Za-z0-9+=._:@-]{0,64}"],
        (role, made, expires) in (0..3_u8, any::<u64>(), any::<u64>()),
        scopes in prop::collection::vec("([A-Za-z0-9+=._:@-]{1,63}[*]?|[*])", 0..=16),
    ) -> Claims<'static> {
        let text = |text: String| &*String::leak(text);
        let [key_id, app, user, device] = texts.map(text);
        let role = Role::from_byte(role);
        let user = if role == Role::Anonymous { "" } else { user };
        let device = if role == Role::Client && device.is_empty() { "d" } else { device };
        let scopes: Vec<&str> = scopes.into_iter().map(text).collect();
        let scopes = Scopes::of(Vec::leak(scopes));
        Claims { role, made, expires, key_id, app, user, device, scopes }
    }
}

proptest! {
    #[test]
    fn what_is_minted_of_any_claims_says_them_and_only_with_its_secret(
        claims in claims(),
        secret in prop::collection::vec(any::<u8>(), 32..200),
        (flipped, noise) in (any::<usize>(), "[A-Za-z0-9_-]{1,8}"),
    ) {
        let text = mint(&claims, &secret).unwrap();
        let token = Unverified::read(text.as_bytes()).unwrap();
        prop_assert_eq!(token.verify(&secret), Ok(claims));
        let mut other = secret.clone();
        let place = flipped % (8 * secret.len());
        other[place / 8] ^= 1 << (place % 8);
        prop_assert_eq!(token.verify(&other), Err(TokenError::Forged));
        let longer = format!("{text}{noise}");
        prop_assert!(verified(&longer, &secret).is_err());
    }
}
