//! What a room keeps, as clients are told of it: its attributes and its queue, and what a notice
//! changes of them.
//!
//! Clients fill it from what follows a join and from pages; [`crate::claims`] leads it on from notice
//! to notice. How much longer something is there is left out, since it is another at every moment;
//! so is what was written under [`QUIET`] names, of which nobody is told.

use std::collections::{BTreeMap, BTreeSet};

use throng_protocol::push::Notice;
use throng_protocol::value::{
    self, AttributeOptions, NoticeKind, QueueElement, QueueOptions, QueuePermission, Term,
};

/// Keys that begin so are written without telling anybody, and are no part of the model.
pub const QUIET: &str = "quiet";

/// What the value of an attribute begins with that was written only if the key had a revision, which
/// follows.
pub const IF_AT: &str = "if-at-";

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its value.
    pub value: Vec<u8>,
    /// Who owns it, or nothing.
    pub owner: String,
    /// Its revision.
    pub revision: u64,
    /// When it was written last, microseconds.
    pub set_at: u64,
    /// Whether it goes by itself.
    pub expires: bool,
    /// Whether it goes with its owner.
    pub options: AttributeOptions,
}

/// An element of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Which.
    pub key: String,
    /// Its value.
    pub value: Vec<u8>,
    /// Who offered it last, or nothing.
    pub owner: String,
    /// When that was, microseconds.
    pub set_at: u64,
    /// Whether it goes with its owner.
    pub options: QueueOptions,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// How many elements there may be.
    pub size: u16,
    /// Who may write to it.
    pub permission: QueuePermission,
    /// Its elements, in order.
    pub elements: Vec<Element>,
}

/// The attributes of a room, by key.
pub type Attributes = BTreeMap<String, Attribute>;

/// What a room keeps, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// Its attributes.
    pub attributes: Option<Attributes>,
    /// Its queue, if it has one.
    pub queue: Option<Option<Queue>>,
    /// Keys of attributes and of elements that may be gone without a notice: those of members whom
    /// the closing of the room put out, when nobody was left to be told.
    doubtful: (BTreeSet<String>, BTreeSet<String>),
}

/// Some attributes as they are told, without those of which nobody is told.
pub fn attributes<'a>(
    rows: value::Attributes<'a>,
) -> impl Iterator<Item = (String, Attribute)> + use<'a> {
    rows.iter().filter(|row| !row.key.starts_with(QUIET)).map(|row| {
        let own = Attribute {
            value: row.value.to_vec(),
            owner: row.owner.to_owned(),
            revision: row.revision,
            set_at: row.set_at,
            expires: row.left != Term::FOREVER,
            options: row.options,
        };
        (row.key.to_owned(), own)
    })
}

/// Some elements as they are told, without those of which nobody is told.
pub fn elements<'a>(rows: value::QueueElements<'a>) -> impl Iterator<Item = Element> + use<'a> {
    rows.iter().filter(|row| !row.key.starts_with(QUIET)).map(element)
}

fn element(row: QueueElement<'_>) -> Element {
    Element {
        key: row.key.to_owned(),
        value: row.value.to_vec(),
        owner: row.owner.to_owned(),
        set_at: row.set_at,
        options: row.options,
    }
}

impl Kept {
    /// What a session is told that a room keeps, with what it wanted to know.
    #[must_use]
    pub fn new(attributes: Option<Attributes>, queue: Option<Option<Queue>>) -> Self {
        Self { attributes, queue, ..Self::default() }
    }

    /// A notice changes it.
    ///
    /// # Panics
    /// When it cannot, as things are.
    pub fn apply(&mut self, notice: &Notice<'_>) {
        match notice.what {
            NoticeKind::AttributesChanged => {
                if let Some(own) = &mut self.attributes {
                    change_attributes(own, &self.doubtful.0, notice);
                }
            }
            NoticeKind::QueueSet => {
                if let Some(own) = &mut self.queue {
                    set_queue(own, notice);
                }
            }
            NoticeKind::QueueCleared => {
                if let Some(own) = &mut self.queue {
                    let queue = own.as_mut().expect("only a queue that is there is cleared");
                    queue.elements.clear();
                }
            }
            NoticeKind::QueueChanged => {
                if let Some(own) = &mut self.queue {
                    change_queue(own.as_mut().expect("a queue that changes is there"), notice);
                }
            }
            NoticeKind::RoomClosed => self.doubt_bound(),
            _ => {}
        }
    }

    fn doubt_bound(&mut self) {
        let (of_attributes, of_elements) = &mut self.doubtful;
        let attributes = self.attributes.iter().flatten();
        let bound = attributes.filter(|(_, own)| own.options.has(AttributeOptions::AUTO_DELETE));
        of_attributes.extend(bound.map(|(key, _)| key.clone()));
        let elements = self.queue.iter().flatten().flat_map(|queue| &queue.elements);
        let bound = elements.filter(|own| own.options.has(QueueOptions::TRANSIENT));
        of_elements.extend(bound.map(|own| own.key.clone()));
    }

    /// Whether somebody is told the attributes that there are.
    #[must_use]
    pub fn fits_attributes(&self, told: &Attributes) -> bool {
        let Some(own) = &self.attributes else { return true };
        told.iter().all(|(key, row)| own.get(key) == Some(row))
            && own.keys().all(|key| told.contains_key(key) || self.doubtful.0.contains(key))
    }

    /// Whether somebody is told the queue that there is.
    #[must_use]
    pub fn fits_queue(&self, told: Option<&Queue>) -> bool {
        match (&self.queue, told) {
            (None, _) | (Some(None), None) => true,
            (Some(Some(own)), Some(told)) => {
                let stays = |element: &&Element| {
                    !self.doubtful.1.contains(&element.key) || told.elements.contains(element)
                };
                (own.size, own.permission) == (told.size, told.permission)
                    && own.elements.iter().filter(stays).eq(&told.elements)
            }
            _ => false,
        }
    }

    /// What somebody was told is so.
    pub fn learn(&mut self, told: &Self) {
        if let Some(attributes) = &told.attributes {
            self.attributes = Some(attributes.clone());
            self.doubtful.0.clear();
        }
        if let Some(queue) = &told.queue {
            self.queue = Some(queue.clone());
            self.doubtful.1.clear();
        }
    }
}

fn change_attributes(own: &mut Attributes, doubtful: &BTreeSet<String>, notice: &Notice<'_>) {
    let newest = own.values().map(|own| own.revision).max().unwrap_or(0);
    for key in notice.keys.iter() {
        // It need not be there: one request may have written it and taken it away again.
        own.remove(key);
    }
    for (key, row) in attributes(notice.attributes) {
        assert!(row.revision > newest, "{key}: a revision of before, {notice:?} after {newest}");
        if let Some(wanted) = wanted_revision(&row.value) {
            let had = own.get(&key).map_or(0, |own| own.revision);
            let gone = wanted == 0 && doubtful.contains(&key);
            assert!(had == wanted || gone, "{notice:?}: the revision was {had} (I25)");
        }
        own.insert(key, row);
    }
    assert!(own.len() <= 100, "{} attributes after {notice:?}", own.len());
}

/// The revision that a key had to have, if it was written on that condition.
fn wanted_revision(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?;
    text.strip_prefix(IF_AT)?.parse().ok()
}

fn set_queue(own: &mut Option<Queue>, notice: &Notice<'_>) {
    let (size, permission) = (notice.queue_size, notice.queue_permission);
    match own {
        own if size == 0 => *own = None,
        Some(queue) => (queue.size, queue.permission) = (size, permission),
        none => *none = Some(Queue { size, permission, elements: Vec::new() }),
    }
}

fn change_queue(queue: &mut Queue, notice: &Notice<'_>) {
    let gone: Vec<&str> = notice.keys.iter().collect();
    queue.elements.retain(|own| !gone.contains(&&*own.key));
    for offered in elements(notice.elements) {
        match queue.elements.iter_mut().find(|own| own.key == offered.key) {
            Some(own) => *own = offered,
            None => queue.elements.push(offered),
        }
    }
    assert!(queue.elements.len() <= queue.size.into(), "more than may be after {notice:?}");
}
