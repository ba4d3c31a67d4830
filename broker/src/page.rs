//! A page of a list that is read in pieces (spec 4 and 7): how its rows are written, where it
//! ends, and where the next one begins. A plain value.
//!
//! Rows have numbers that rise with time and are never used again. A cursor is the number of the
//! last row that was read, so whoever comes or goes meanwhile moves nobody else.

use core::ops::Bound;

use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::value::{Element, List};

/// Bytes of the rows of one page: what a frame holds, less what stands beside them.
pub const PAGE_BYTES_MAX: usize = BODY_BYTES_MAX - 1024;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many rows there are on all pages.
    pub total: u64,
    /// The rows, as they stand in a frame.
    pub rows: Vec<u8>,
    /// Where the next page begins; empty on the last.
    pub cursor: Vec<u8>,
}

/// Which list a cursor belongs to, and in which order it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// A number for the list and the order, so that no cursor is taken for another's.
    pub list: u8,
    /// The number of the last row that was read; `None` to begin.
    pub last: Option<u64>,
    /// How many rows at most.
    pub limit: u16,
}

impl Reading {
    /// Reads a cursor; `None` if it is not one of this list.
    #[must_use]
    pub fn parse(list: u8, cursor: &[u8], limit: u16) -> Option<Self> {
        let last = match cursor {
            [] => None,
            [own, number @ ..] if *own == list => Some(u64::from_be_bytes(number.try_into().ok()?)),
            _ => return None,
        };
        Some(Self { list, last, limit })
    }

    /// The numbers of the rows to go on with, which are read from the end if the newest come first.
    #[must_use]
    pub fn bounds(self, newest_first: bool) -> (Bound<u64>, Bound<u64>) {
        match (self.last, newest_first) {
            (None, _) => (Bound::Unbounded, Bound::Unbounded),
            (Some(last), false) => (Bound::Excluded(last), Bound::Unbounded),
            (Some(last), true) => (Bound::Unbounded, Bound::Excluded(last)),
        }
    }

    /// Writes the page that begins with the first of these rows, which come with their numbers.
    #[must_use]
    pub fn page<T: Element>(self, total: u64, mut rows: impl Iterator<Item = (u64, T)>) -> Page {
        let (mut bytes, mut last) = (Vec::new(), None);
        for _ in 0..self.limit {
            let Some((number, row)) = rows.next() else {
                return Page { total, rows: bytes, cursor: Vec::new() };
            };
            let before = bytes.len();
            List::write([row], &mut bytes);
            if bytes.len() > PAGE_BYTES_MAX && last.is_some() {
                bytes.truncate(before);
                return Page { total, rows: bytes, cursor: self.cursor(last) };
            }
            last = Some(number);
        }
        let more = rows.next().is_some();
        Page { total, rows: bytes, cursor: if more { self.cursor(last) } else { Vec::new() } }
    }

    fn cursor(self, last: Option<u64>) -> Vec<u8> {
        let number = last.unwrap_or(0).to_be_bytes();
        [self.list].into_iter().chain(number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throng_protocol::value::IdList;

    fn read(last: &[u8], limit: u16, rows: &[(u64, &'static str)]) -> Page {
        let reading = Reading::parse(7, last, limit).unwrap();
        let from = reading.last.unwrap_or(0);
        reading.page(rows.len() as u64, rows.iter().copied().filter(|(n, _)| *n > from))
    }

    fn ids(page: &Page) -> Vec<&str> {
        IdList::parse(&page.rows).unwrap().iter().collect()
    }

    #[test]
    fn pages_follow_each_other_without_a_hole() {
        let rows = [(1, "a"), (3, "b"), (4, "c")];
        let first = read(&[], 2, &rows);
        assert_eq!((ids(&first), first.total), (vec!["a", "b"], 3));
        let second = read(&first.cursor, 2, &rows);
        assert_eq!(ids(&second), ["c"]);
        assert!(second.cursor.is_empty());
        assert!(read(&[], 3, &rows).cursor.is_empty(), "nothing follows");
    }

    #[test]
    fn a_page_ends_where_a_frame_would_be_full() {
        let long: &str = Box::leak("x".repeat(100_000).into_boxed_str());
        let page = read(&[], 9, &[(1, long), (2, long), (3, "c")]);
        assert_eq!(ids(&page), [long]);
        assert!(!page.cursor.is_empty());
    }

    #[test]
    fn a_cursor_of_another_list_or_none_at_all_is_refused() {
        let cursor = read(&[], 1, &[(1, "a"), (2, "b")]).cursor;
        assert!(Reading::parse(7, &cursor, 1).is_some());
        assert_eq!(Reading::parse(8, &cursor, 1), None);
        assert_eq!(Reading::parse(7, &cursor[..5], 1), None);
        assert_eq!(Reading::parse(7, b"garbage", 1), None);
    }
}
