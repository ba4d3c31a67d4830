//! Mirrors of the frames about tokens.

use wincode::{SchemaRead, SchemaWrite};

use crate::mirror::{Look, compare, mirrors, written};

mirrors! {
    RefreshToken { number: u32, token: Vec<u8>, }
    RevokeTokens { number: u32, users: Vec<u8>, servers: u8, valid_after: u64, }
    TokenRefreshed { number: u32, expires_in_ms: u64, }
}

pub fn mirrored(tag: u8, look: &Look<'_>) -> Option<Vec<u8>> {
    let (number, extensions) = (look.parts.number, look.grown());
    let time = look.parts.longs[0];
    Some(match tag {
        53 => {
            let token = look.parts.payload.clone();
            compare!(look, RefreshToken { tag, number, token, extensions })
        }
        54 => {
            let (users, servers, valid_after) = (look.list(), look.parts.bytes[0], time);
            compare!(look, RevokeTokens { tag, number, users, servers, valid_after, extensions })
        }
        90 => compare!(look, TokenRefreshed { tag, number, expires_in_ms: time, extensions }),
        _ => return None,
    })
}
