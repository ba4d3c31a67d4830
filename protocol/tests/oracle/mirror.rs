//! What mirrors are made of: the macros that declare and compare them, and the parts that several
//! frames share.

use std::fmt::Debug;

use wincode::{SchemaRead, SchemaWrite};

use super::parts::Parts;

/// A frame: the parts it was made of, and the body we wrote.
pub struct Look<'a> {
    pub parts: &'a Parts,
    pub ours: &'a [u8],
}

/// Declares mirrors: the tag, the number of a request or reply where there is one, the fields.
macro_rules! mirrors {
    ($($name:ident { $($field:ident: $kind:ty,)* })+) => {
        $(#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
        struct $name {
            tag: u8,
            $($field: $kind,)*
            extensions: Vec<u8>,
        })+
    };
}

/// Writes a value with wincode.
macro_rules! written {
    ($value:expr) => {
        wincode::config::serialize(
            &$value,
            wincode::config::DefaultConfig::default().with_varint_encoding(),
        )
        .expect("it fits in memory")
    };
}

/// Compares a mirror with a frame of ours, both ways. Gives what wincode wrote.
macro_rules! compare {
    ($look:expr, $mirror:expr) => {{
        let mirror = $mirror;
        let theirs = written!(mirror);
        let read = wincode::config::deserialize_exact(
            $look.ours,
            wincode::config::DefaultConfig::default().with_varint_encoding(),
        );
        crate::mirror::same(&read.expect("wincode reads what we wrote"), &mirror);
        theirs
    }};
}

pub(crate) use {compare, mirrors, written};

/// Fixes the type that is read to that of the mirror.
pub fn same<T: PartialEq + Debug>(read: &T, mirror: &T) {
    assert_eq!(read, mirror);
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub struct About {
    title: String,
    announcement: String,
    live_url: String,
    extension: String,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub struct Profile {
    nickname: String,
    avatar: String,
    extension: String,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub struct Policy {
    kind: u8,
    seconds: u32,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct Pair {
    number: u16,
    bytes: Vec<u8>,
}

impl Look<'_> {
    pub fn text(&self, place: usize) -> String {
        self.parts.texts[place].clone()
    }

    pub fn about(&self) -> About {
        let [_, _, title, announcement, live_url, extension, ..] = self.parts.texts.clone();
        About { title, announcement, live_url, extension }
    }

    pub fn profile(&self) -> Profile {
        let [.., nickname, avatar, extension] = self.parts.texts.clone();
        Profile { nickname, avatar, extension }
    }

    pub fn policy(&self) -> Policy {
        Policy { kind: self.parts.bytes[3], seconds: self.parts.ints[4] }
    }

    /// Lists and extensions are byte strings that hold values one after the other: those, too,
    /// come from wincode.
    pub fn list(&self) -> Vec<u8> {
        self.parts.ids.iter().flat_map(|id| written!(*id)).collect()
    }

    pub fn grown(&self) -> Vec<u8> {
        let pairs = self.parts.extensions.iter();
        let pairs = pairs.map(|(number, bytes)| Pair { number: *number, bytes: bytes.clone() });
        pairs.flat_map(|pair| written!(pair)).collect()
    }
}
