//! What a room keeps, in a form that can be kept: attributes and the elements of its queue.
//!
//! They come in answers, in notices, and behind a join. Making one checks that keys, values and
//! owners are within their bounds.

use bytes::Bytes;
use throng_protocol::limits::{KEY_BYTES_MAX, VALUE_BYTES_MAX};
use throng_protocol::value::{self, AttributeOptions, KeyList, QueueOptions, Term};

use crate::error::ProtocolError;
use crate::id::Id;
use crate::reply::id_if_any;

/// An attribute of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// Which.
    pub key: String,
    /// Its value.
    pub value: Bytes,
    /// Who owns it; `None` for a server.
    pub owner: Option<Id>,
    /// Its revision: each write of any key of the room has a higher one. For
    /// [`crate::ask::WriteAttributes::compare_and_set`].
    pub revision: u64,
    /// When it was written last, microseconds since the Unix epoch.
    pub set_at: u64,
    /// How much longer it is there; for ever if it does not expire.
    pub left: Term,
    /// Whether it goes when its owner leaves.
    pub auto_delete: bool,
}

/// An element of a room's queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueElement {
    /// Which.
    pub key: String,
    /// Its value.
    pub value: Bytes,
    /// Who offered it last; `None` for a server.
    pub owner: Option<Id>,
    /// When that was, microseconds since the Unix epoch.
    pub set_at: u64,
    /// Whether it goes when its owner leaves.
    pub transient: bool,
}

impl Attribute {
    fn from_wire(attribute: value::Attribute<'_>) -> Result<Self, ProtocolError> {
        Ok(Self {
            key: key(attribute.key)?,
            value: bytes(attribute.value)?,
            owner: id_if_any("owner", attribute.owner)?,
            revision: attribute.revision,
            set_at: attribute.set_at,
            left: attribute.left,
            auto_delete: attribute.options.has(AttributeOptions::AUTO_DELETE),
        })
    }

    pub(crate) fn all(attributes: value::Attributes<'_>) -> Result<Vec<Self>, ProtocolError> {
        attributes.iter().map(Self::from_wire).collect()
    }
}

impl QueueElement {
    fn from_wire(element: value::QueueElement<'_>) -> Result<Self, ProtocolError> {
        Ok(Self {
            key: key(element.key)?,
            value: bytes(element.value)?,
            owner: id_if_any("owner", element.owner)?,
            set_at: element.set_at,
            transient: element.options.has(QueueOptions::TRANSIENT),
        })
    }

    pub(crate) fn all(elements: value::QueueElements<'_>) -> Result<Vec<Self>, ProtocolError> {
        elements.iter().map(Self::from_wire).collect()
    }
}

/// Keys that came in.
pub(crate) fn keys(list: KeyList<'_>) -> Result<Vec<String>, ProtocolError> {
    list.iter().map(key).collect()
}

fn key(key: &str) -> Result<String, ProtocolError> {
    if key.len() <= KEY_BYTES_MAX { Ok(key.to_owned()) } else { Err(ProtocolError::Bounds("key")) }
}

fn bytes(value: &[u8]) -> Result<Bytes, ProtocolError> {
    if value.len() <= VALUE_BYTES_MAX {
        Ok(Bytes::copy_from_slice(value))
    } else {
        Err(ProtocolError::Bounds("value"))
    }
}
