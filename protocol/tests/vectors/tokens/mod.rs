//! Connection tokens: the values that `protocol/vectors/connection-tokens.txt` stands for.
//!
//! The file is written by the example `vectors` and read by nobody but the tests beside this.

#[cfg(test)]
mod tests;

use core::fmt::Write as _;

use throng_protocol::token::{Claims, Scopes, TokenError, mint};
use throng_protocol::value::Role;

/// The file's name.
pub const FILE: &str = "connection-tokens.txt";

const HEAD: &str = "\
# Connection tokens, as docs/protocol.md has them under \"Tokens\".
#
# First such that are made of claims: name, the secret in hex, the claims in their order (times in
# milliseconds), and the text. Then such that a broker refuses, with the secret and why; all but
# those named `forged` are signed with it, so that only the why is wrong with them.
# Written by: cargo run -p throng-protocol --example vectors -- --write
";

/// The secret of 32 bytes: 00 01 .. 1f.
pub const SHORT_SECRET: &[u8] = &[
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    26, 27, 28, 29, 30, 31,
];

/// A secret longer than a block of the hash, which is hashed before it is used.
pub const LONG_SECRET: &[u8] = &[0xaa; 100];

const ANN: Claims<'static> = Claims {
    role: Role::Client,
    made: 1_793_500_000_000,
    expires: 1_793_503_600_000,
    key_id: "2026-11",
    app: "game",
    user: "ann",
    device: "phone",
    scopes: Scopes::EVERY_ROOM,
};

/// A token and what it is made of.
pub struct Token {
    pub name: &'static str,
    pub secret: &'static [u8],
    pub claims: Claims<'static>,
}

/// A text that is no token, and why.
pub struct Bad {
    pub name: &'static str,
    pub text: String,
    pub why: TokenError,
}

fn letters(letter: char, count: usize) -> &'static str {
    String::leak(core::iter::repeat_n(letter, count).collect())
}

/// The tokens.
pub fn tokens() -> Vec<Token> {
    let server = Claims { role: Role::Server, user: "backend-1", device: "", ..ANN };
    let visitor = Claims { role: Role::Anonymous, user: "", device: "", ..ANN };
    let scope = String::leak(format!("{}*", letters('s', 63)));
    let largest = Claims {
        made: u64::MAX - 1,
        expires: u64::MAX,
        key_id: letters('k', 32),
        app: letters('a', 64),
        user: letters('u', 64),
        device: letters('d', 64),
        scopes: Scopes::of(Vec::leak(vec![&*scope; 16])),
        ..ANN
    };
    let scoped = Claims { scopes: Scopes::of(&["lobby", "eu-*"]), ..ANN };
    let all = Claims { scopes: Scopes::of(&["*"]), user: "A-z_9+=.:@", ..ANN };
    let token = |name, secret, claims| Token { name, secret, claims };
    vec![
        token("client", SHORT_SECRET, ANN),
        token("client-scoped", SHORT_SECRET, scoped),
        token("client-every-room", SHORT_SECRET, all),
        token("anonymous", SHORT_SECRET, visitor),
        token("server", SHORT_SECRET, server),
        token("client-long-secret", LONG_SECRET, ANN),
        token("client-largest", SHORT_SECRET, largest),
    ]
}

/// The texts that are none.
pub fn bad() -> Vec<Bad> {
    use crate::forge::{signed, text_of};
    let good = mint(&ANN, SHORT_SECRET).expect("its claims are within their bounds");
    let raw = crate::forge::claims_of(&good);
    let with = |at: usize, byte: u8| {
        let mut raw = raw.clone();
        raw[at] = byte;
        signed(&raw, SHORT_SECRET)
    };
    let after = |text: &str| {
        let position = raw.windows(text.len()).position(|bytes| bytes == text.as_bytes());
        position.expect("the claim is in the token")
    };
    let bad = |name, text, why| Bad { name, text, why };
    let other = mint(&ANN, LONG_SECRET).expect("its claims are within their bounds");
    let mut forged = crate::forge::bytes_of(&good);
    let last = forged.len() - 1;
    forged[last] ^= 1;
    vec![
        bad("forged-other-secret", other, TokenError::Forged),
        bad("forged-last-bit", text_of(&forged), TokenError::Forged),
        bad("empty", String::new(), TokenError::Truncated),
        bad("padded", format!("{good}="), TokenError::Base64),
        bad("line-end", format!("{good}\n"), TokenError::Base64),
        bad("not-canonical", crate::forge::not_canonical(&good), TokenError::Base64),
        bad("version", with(0, 2), TokenError::Version(2)),
        bad("role", with(1, 3), TokenError::Claim("role")),
        bad("anonymous-with-a-user", with(1, 1), TokenError::Claim("user")),
        bad("alphabet", with(after("ann"), b'/'), TokenError::Claim("user")),
        bad("not-utf-8", with(after("phone"), 0xff), TokenError::Claim("device")),
        bad("trailing", signed(&[&raw[..], &[0]].concat(), SHORT_SECRET), TokenError::Trailing),
    ]
}

/// The file as it should be.
pub fn render() -> String {
    let mut out = HEAD.to_owned();
    for Token { name, secret, claims } in tokens() {
        let text = mint(&claims, secret).expect("its claims are within their bounds");
        let scopes: Vec<_> = claims.scopes.iter().collect();
        let lines = [
            ("name", name.to_owned()),
            ("secret", crate::golden::hex(secret)),
            ("role", format!("{:?} ({})", claims.role, claims.role.to_byte())),
            ("made", claims.made.to_string()),
            ("expires", claims.expires.to_string()),
            ("key_id", claims.key_id.to_owned()),
            ("app", claims.app.to_owned()),
            ("user", claims.user.to_owned()),
            ("device", claims.device.to_owned()),
            ("scopes", scopes.join(" ")),
            ("text", text),
        ];
        put(&mut out, &lines);
    }
    for Bad { name, text, why } in bad() {
        let text = text.replace('\n', "\\n");
        let secret = crate::golden::hex(SHORT_SECRET);
        let why = why.to_string();
        put(
            &mut out,
            &[("name", name.to_owned()), ("secret", secret), ("text", text), ("why", why)],
        );
    }
    out
}

fn put(out: &mut String, lines: &[(&str, String)]) {
    out.push('\n');
    for (key, value) in lines {
        writeln!(out, "{}", format!("{key:<8} {value}").trim_end())
            .expect("a String takes every write");
    }
}
