//! What is asked and answered about tokens. What a token itself is made of is in
//! `connection-tokens.txt`.

use super::{Case, File, NONE, bytes_of, ids, reply, request, some_extensions};
use throng_protocol::limits::CREDENTIAL_BYTES_MAX;
use throng_protocol::reply::TokenRefreshed;
use throng_protocol::request::{RefreshToken, RevokeTokens};
use throng_protocol::value::{IdList, Switch};

const HEAD: &str = "Tokens: requests 53 and 54, and reply 90.";

pub fn file() -> File {
    File { name: "tokens.txt", head: HEAD, cases: cases(), oddities: Vec::new() }
}

fn cases() -> Vec<Case> {
    let (none, some) = (NONE, some_extensions());
    let minimal = RevokeTokens {
        users: IdList::EMPTY,
        servers: Switch::Off,
        valid_after: 0,
        extensions: none,
    };
    let users = RevokeTokens { users: ids(&["ann", "bob"]), ..minimal };
    let full = RevokeTokens {
        users: ids(&["backend-1"]),
        servers: Switch::On,
        valid_after: u64::MAX,
        extensions: some,
    };
    let longest = bytes_of(b'A', CREDENTIAL_BYTES_MAX);
    vec![
        request("refresh-token-minimal", 0, RefreshToken { token: b"", extensions: none }),
        request("refresh-token-full", u32::MAX, RefreshToken { token: longest, extensions: some }),
        request("revoke-tokens-minimal", 0, minimal),
        request("revoke-tokens", 7, users),
        request("revoke-tokens-full", u32::MAX, full),
        reply("token-refreshed-minimal", 0, TokenRefreshed { expires_in_ms: 0, extensions: none }),
        reply("token-refreshed", 7, TokenRefreshed { expires_in_ms: 3_600_000, extensions: none }),
        reply(
            "token-refreshed-full",
            u32::MAX,
            TokenRefreshed { expires_in_ms: u64::MAX, extensions: some },
        ),
    ]
}
