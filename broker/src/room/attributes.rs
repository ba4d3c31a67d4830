//! A room's attributes: keys with values that its members and servers set (spec 8). Knows no
//! sibling: who leads, and who left, come in as facts.
//!
//! Every write gives its key the room's next revision, so two writers that compare revisions never
//! undo each other (I25). A key belongs to whoever set it last.

use core::time::Duration;
use std::collections::BTreeMap;

use throng_protocol::limits::ATTRIBUTES_MAX;
use throng_protocol::refusal::Code;
use throng_protocol::value::{
    Attribute as Row, AttributeOp, AttributeOptions, AttributeResult, Term, WriteWhen,
};

use crate::limits::ATTRIBUTE_WRITES_PER_SECOND;
use crate::probe::{self, Bug};
use crate::rate::{RateWindow, SECOND};
use crate::sanctions::Until;
use crate::time::{Instant, Now, WallTime};

/// The attributes of a room.
#[derive(Debug, Default)]
pub struct Attributes {
    all: BTreeMap<Box<str>, Attribute>,
    revision_last: u64,
    writes: Option<Box<RateWindow>>,
}

#[derive(Debug, Clone)]
struct Attribute {
    value: Box<[u8]>,
    /// The user who set it; empty for a server.
    owner: Box<str>,
    revision: u64,
    set_at: WallTime,
    until: Until,
    /// Whether it goes with its owner.
    auto_delete: bool,
}

/// One change that is asked for.
#[derive(Debug, Clone)]
pub struct AttributeChange {
    /// Which key.
    pub key: Box<str>,
    /// What is done to it.
    pub op: AttributeOp,
    /// Its value, of a set.
    pub value: Box<[u8]>,
    /// What is added, of an add.
    pub add: i64,
    /// On which condition.
    pub when: WriteWhen,
    /// The revision it must have, on that condition.
    pub revision: u64,
    /// After how long it goes by itself; zero for never.
    pub expires_after: Duration,
    /// Forced, going with its owner.
    pub options: AttributeOptions,
}

/// Who writes.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// The user; empty for a server.
    pub user: &'a str,
    /// Whether it may write what is another's.
    pub may_force: bool,
}

impl Attributes {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Counts an operation, if the room takes one more.
    ///
    /// # Errors
    /// After how long it does.
    pub fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        let limit = core::num::NonZeroU32::new(ATTRIBUTE_WRITES_PER_SECOND);
        let writes = self.writes.get_or_insert_with(|| Box::new(RateWindow::new(limit, SECOND)));
        writes.check(now)?;
        writes.record(now);
        Ok(())
    }

    /// Carries a change out, if nothing speaks against it. Gives what became of it; the key was
    /// changed if the code is [`Code::NONE`] and there is a revision, or it was there before.
    pub fn write(
        &mut self,
        writer: Writer<'_>,
        change: &AttributeChange,
        now: Now,
    ) -> AttributeResult {
        let refused = |code| AttributeResult { code, ..AttributeResult::default() };
        if let Err(wait) = self.admit(now.instant) {
            let ms = wait.as_nanos().div_ceil(1_000_000);
            let retry_after_ms = u32::try_from(ms).unwrap_or(u32::MAX);
            let revision = self.revision(&change.key, now.instant);
            return AttributeResult { retry_after_ms, revision, ..refused(Code::RATE_LIMITED) };
        }
        match self.check(writer, change, now.instant) {
            Ok(value) => self.record(writer, change, value, now),
            Err(code) => {
                let revision = self.revision(&change.key, now.instant);
                AttributeResult { revision, ..refused(code) }
            }
        }
    }

    /// The value that a change would leave; nothing for a delete.
    fn check(
        &self,
        writer: Writer<'_>,
        change: &AttributeChange,
        now: Instant,
    ) -> Result<Option<Value>, Code> {
        let own = self.get(&change.key, now);
        let forced = change.options.has(AttributeOptions::FORCE);
        if forced && !writer.may_force {
            return Err(Code::NOT_ALLOWED);
        }
        match (change.when, own) {
            (WriteWhen::Absent, Some(_)) => return Err(Code::KEY_EXISTS),
            (WriteWhen::Revision, own)
                if own.map_or(0, |own| own.revision) != change.revision
                    && !probe::planted(Bug::RevisionIgnored) =>
            {
                return Err(Code::REVISION);
            }
            _ => {}
        }
        if own.is_some_and(|own| *own.owner != *writer.user) && !forced {
            return Err(Code::NOT_OWNER);
        }
        // One that has expired and was not swept yet makes no room: it is swept first.
        if own.is_none() && change.op != AttributeOp::Delete && self.live(now) >= ATTRIBUTES_MAX {
            return Err(Code::ATTRIBUTES_FULL);
        }
        match change.op {
            AttributeOp::Set => Ok(Some(Value::Bytes)),
            AttributeOp::Delete if own.is_none() => Err(Code::NO_SUCH_KEY),
            AttributeOp::Delete => Ok(None),
            _ => {
                let before = own.map_or(Some(0), |own| number(&own.value));
                let sum = before.and_then(|before| before.checked_add(change.add));
                sum.map(|sum| Some(Value::Number(sum))).ok_or(Code::NOT_A_NUMBER)
            }
        }
    }

    fn record(
        &mut self,
        writer: Writer<'_>,
        change: &AttributeChange,
        value: Option<Value>,
        now: Now,
    ) -> AttributeResult {
        let Some(value) = value else {
            self.all.remove(&change.key);
            return AttributeResult::default();
        };
        let (value, number) = match value {
            Value::Bytes => (change.value.clone(), 0),
            Value::Number(number) => (number.to_string().into_bytes().into(), number),
        };
        self.revision_last += 1;
        let until = match change.expires_after {
            Duration::ZERO => Until::Lifted,
            time if probe::planted(Bug::ExpiryIgnored) => Until::Moment(now.instant + time * 1_000),
            time => Until::Moment(now.instant + time),
        };
        let attribute = Attribute {
            value,
            owner: writer.user.into(),
            revision: self.revision_last,
            set_at: now.wall,
            until,
            auto_delete: change.options.has(AttributeOptions::AUTO_DELETE),
        };
        self.all.insert(change.key.clone(), attribute);
        let revision = self.revision_last;
        AttributeResult { revision, number, ..AttributeResult::default() }
    }

    /// Takes away the keys of a writer, or all of them. Gives those that are gone.
    pub fn clear(&mut self, of: Option<&str>) -> Vec<Box<str>> {
        self.remove_if(|own| of.is_none_or(|owner| *own.owner == *owner))
    }

    /// A user has left: the keys that go with it go. Gives those.
    pub fn record_left(&mut self, user: &str) -> Vec<Box<str>> {
        self.remove_if(|own| own.auto_delete && *own.owner == *user)
    }

    /// Takes away what has expired. Gives those keys.
    pub fn expire(&mut self, now: Instant) -> Vec<Box<str>> {
        self.remove_if(|own| !own.until.holds(now))
    }

    /// When the next one expires.
    #[must_use]
    pub fn expires_at(&self) -> Option<Instant> {
        let moments = self.all.values().filter_map(|own| match own.until {
            Until::Moment(moment) => Some(moment),
            Until::Lifted => None,
        });
        moments.min()
    }

    fn remove_if(&mut self, gone: impl Fn(&Attribute) -> bool) -> Vec<Box<str>> {
        let mut keys = Vec::new();
        self.all.retain(|key, own| {
            let is_gone = gone(own);
            if is_gone {
                keys.push(key.clone());
            }
            !is_gone
        });
        keys
    }

    fn get(&self, key: &str, now: Instant) -> Option<&Attribute> {
        self.all.get(key).filter(|own| own.until.holds(now))
    }

    /// The revision of a key; 0 if it is not there.
    fn revision(&self, key: &str, now: Instant) -> u64 {
        self.get(key, now).map_or(0, |own| own.revision)
    }

    fn live(&self, now: Instant) -> usize {
        self.all.values().filter(|own| own.until.holds(now)).count()
    }

    /// One of them, as it is told.
    #[must_use]
    pub fn row<'a>(&'a self, key: &'a str, now: Instant) -> Option<Row<'a>> {
        self.get(key, now).map(|own| row(key, own, now))
    }

    /// All of them, as they are told, in the order of their keys.
    pub fn rows(&self, now: Instant) -> impl Iterator<Item = Row<'_>> {
        let live = self.all.iter().filter(move |(_, own)| own.until.holds(now));
        live.map(move |(key, own)| row(key, own, now))
    }
}

enum Value {
    /// What the change brings.
    Bytes,
    /// The sum.
    Number(i64),
}

fn row<'a>(key: &'a str, own: &'a Attribute, now: Instant) -> Row<'a> {
    let options = if own.auto_delete { AttributeOptions::AUTO_DELETE } else { Default::default() };
    Row {
        key,
        value: &own.value,
        owner: &own.owner,
        revision: own.revision,
        set_at: own.set_at.as_micros(),
        left: match own.until {
            Until::Lifted => Term::FOREVER,
            moment => moment.left(now),
        },
        options,
    }
}

/// The decimal number that a value is, if it is one as it would be written.
fn number(value: &[u8]) -> Option<i64> {
    let text = core::str::from_utf8(value).ok()?;
    text.parse::<i64>().ok().filter(|number| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Writer<'_> = Writer { user: "ann", may_force: false };
    const BOB: Writer<'_> = Writer { user: "bob", may_force: false };
    const SERVER: Writer<'_> = Writer { user: "", may_force: true };

    fn at(ms: u64) -> Now {
        Now {
            instant: Instant::ZERO + Duration::from_millis(ms),
            wall: WallTime::from_micros(ms * 1_000),
        }
    }

    fn set(key: &str, value: &[u8]) -> AttributeChange {
        AttributeChange {
            key: key.into(),
            op: AttributeOp::Set,
            value: value.into(),
            add: 0,
            when: WriteWhen::Always,
            revision: 0,
            expires_after: Duration::ZERO,
            options: AttributeOptions::default(),
        }
    }

    fn add(key: &str, add: i64) -> AttributeChange {
        AttributeChange { op: AttributeOp::Add, add, ..set(key, b"") }
    }

    fn delete(key: &str) -> AttributeChange {
        AttributeChange { op: AttributeOp::Delete, ..set(key, b"") }
    }

    #[test]
    fn a_key_belongs_to_whoever_set_it_unless_one_who_may_forces_it() {
        let mut own = Attributes::default();
        assert_eq!(own.write(ANN, &set("k", b"1"), at(0)).code, Code::NONE);
        assert_eq!(own.write(BOB, &set("k", b"2"), at(0)).code, Code::NOT_OWNER);
        assert_eq!(own.write(BOB, &delete("k"), at(0)).code, Code::NOT_OWNER);
        let forced = AttributeChange { options: AttributeOptions::FORCE, ..set("k", b"3") };
        assert_eq!(own.write(BOB, &forced, at(0)).code, Code::NOT_ALLOWED);
        assert_eq!(own.write(SERVER, &set("k", b"3"), at(0)).code, Code::NOT_OWNER);
        assert_eq!(own.write(SERVER, &forced, at(0)).code, Code::NONE);
        assert_eq!(own.write(ANN, &set("k", b"4"), at(0)).code, Code::NOT_OWNER, "it is another's");
        assert_eq!(own.row("k", at(0).instant).unwrap().value, b"3");
    }

    #[test]
    fn two_who_compare_revisions_never_undo_each_other() {
        let mut own = Attributes::default();
        let if_at = |revision, value: &[u8]| AttributeChange {
            when: WriteWhen::Revision,
            revision,
            ..set("k", value)
        };
        assert_eq!(own.write(ANN, &if_at(7, b"x"), at(0)).code, Code::REVISION);
        let first = own.write(ANN, &if_at(0, b"x"), at(0));
        assert_eq!((first.code, first.revision), (Code::NONE, 1));
        assert_eq!(own.write(ANN, &set("other", b"x"), at(0)).revision, 2);
        let second = own.write(ANN, &if_at(1, b"y"), at(0));
        assert_eq!((second.code, second.revision), (Code::NONE, 3));
        let late = own.write(ANN, &if_at(1, b"z"), at(0));
        assert_eq!((late.code, late.revision), (Code::REVISION, 3), "and hears which it has");
        let absent = AttributeChange { when: WriteWhen::Absent, ..set("k", b"") };
        assert_eq!(own.write(ANN, &absent, at(0)).code, Code::KEY_EXISTS);
    }

    #[test]
    fn adding_counts_from_nothing_and_only_numbers() {
        let mut own = Attributes::default();
        assert_eq!(own.write(ANN, &add("n", 5), at(0)).number, 5);
        assert_eq!(own.write(ANN, &add("n", -7), at(0)).number, -2);
        assert_eq!(own.row("n", at(0).instant).unwrap().value, b"-2");
        assert_eq!(own.write(ANN, &add("n", i64::MIN), at(0)).code, Code::NOT_A_NUMBER);
        own.write(ANN, &set("t", b"text"), at(0));
        assert_eq!(own.write(ANN, &add("t", 1), at(0)).code, Code::NOT_A_NUMBER);
        for near in [&b"+1"[..], b"007", b"-0", b"", b"9223372036854775808"] {
            own.write(ANN, &set("t", near), at(0));
            assert_eq!(own.write(ANN, &add("t", 1), at(0)).code, Code::NOT_A_NUMBER);
        }
        assert_eq!(own.write(ANN, &delete("x"), at(0)).code, Code::NO_SUCH_KEY);
    }

    #[test]
    fn what_expires_is_gone_at_its_moment_and_what_goes_with_its_owner_when_that_leaves() {
        let mut own = Attributes::default();
        let short = AttributeChange { expires_after: Duration::from_secs(1), ..set("short", b"") };
        let bound = AttributeChange { options: AttributeOptions::AUTO_DELETE, ..set("bound", b"") };
        own.write(ANN, &short, at(0));
        own.write(ANN, &bound, at(0));
        own.write(ANN, &set("stays", b""), at(0));
        assert_eq!(own.expires_at(), Some(at(1_000).instant));
        assert!(own.row("short", at(999).instant).is_some());
        assert!(own.row("short", at(1_000).instant).is_none());
        assert_eq!(own.expire(at(1_000).instant), [Box::from("short")]);
        assert_eq!(own.record_left("bob"), []);
        assert_eq!(own.record_left("ann"), [Box::from("bound")]);
        assert_eq!(own.clear(Some("bob")), []);
        assert_eq!(own.clear(None), [Box::from("stays")]);
    }

    #[test]
    fn there_are_a_hundred_at_most_and_a_hundred_writes_a_second() {
        let mut own = Attributes::default();
        for n in 0..100 {
            assert_eq!(own.write(ANN, &set(&n.to_string(), b""), at(0)).code, Code::NONE);
        }
        let limited = own.write(ANN, &set("0", b""), at(999));
        assert_eq!((limited.code, limited.retry_after_ms), (Code::RATE_LIMITED, 1));
        assert_eq!(own.write(ANN, &set("one-more", b""), at(1_000)).code, Code::ATTRIBUTES_FULL);
        assert_eq!(own.write(ANN, &set("0", b""), at(1_000)).code, Code::NONE);
    }
}
