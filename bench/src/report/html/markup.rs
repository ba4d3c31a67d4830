//! Text that is safe to stand in a page.
//!
//! There are three ways to get a [`Markup`]: out of text, which is escaped; out of a tag, whose
//! attributes are escaped; and out of a constant of this program. So nothing that came from
//! outside can become a tag, and no caller has to remember to escape.

use core::fmt::Display;
use core::ops::AddAssign;

/// Text that is safe to stand in a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Nothing.
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// Text, as it is to be read.
    pub fn text(text: impl Display) -> Self {
        Self(escape(&text.to_string()))
    }

    /// A constant of this program, such as its style.
    pub fn constant(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// A tag around what is in it.
    pub fn tag(name: &'static str, attributes: &[(&'static str, &str)], inner: Self) -> Self {
        let end = format!("</{name}>");
        Self([open(name, attributes), ">".to_owned(), inner.0, end].concat())
    }

    /// A tag of HTML that has no end, such as `meta`.
    pub fn void(name: &'static str, attributes: &[(&'static str, &str)]) -> Self {
        let mut out = open(name, attributes);
        out.push('>');
        Self(out)
    }

    /// An element of a drawing with nothing in it.
    pub fn shape(name: &'static str, attributes: &[(&'static str, &str)]) -> Self {
        let mut out = open(name, attributes);
        out.push_str("/>");
        Self(out)
    }

    /// A tag with a class around what is in it.
    pub fn classed(name: &'static str, class: &str, inner: Self) -> Self {
        Self::tag(name, &[("class", class)], inner)
    }

    /// A tag around text.
    pub fn around(name: &'static str, text: impl Display) -> Self {
        Self::tag(name, &[], Self::text(text))
    }

    /// Whether there is nothing.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of the page.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl AddAssign for Markup {
    fn add_assign(&mut self, more: Self) {
        self.0.push_str(&more.0);
    }
}

impl FromIterator<Self> for Markup {
    fn from_iter<I: IntoIterator<Item = Self>>(parts: I) -> Self {
        Self(parts.into_iter().map(|part| part.0).collect())
    }
}

fn open(name: &str, attributes: &[(&'static str, &str)]) -> String {
    let mut out = format!("<{name}");
    for (attribute, value) in attributes {
        out.push(' ');
        out.push_str(attribute);
        out.push_str("=\"");
        out.push_str(&escape(value));
        out.push('"');
    }
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // A page may not hold them, and a log may.
            letter if letter.is_control() && letter != '\n' => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_a_tag() {
        let text = Markup::text("<script>alert('a & \"b\"')</script>\u{1b}");
        assert_eq!(
            text.into_string(),
            "&lt;script&gt;alert(&#39;a &amp; &quot;b&quot;&#39;)&lt;/script&gt; "
        );
        let tag = Markup::tag("p", &[("title", "\"><b>")], Markup::new());
        assert_eq!(tag.into_string(), "<p title=\"&quot;&gt;&lt;b&gt;\"></p>");
    }

    #[test]
    fn tags_hold_what_is_in_them() {
        let mut list: Markup =
            ["a", "b"].map(|item| Markup::around("li", item)).into_iter().collect();
        list += Markup::shape("path", &[("d", "M0 0")]);
        let list = Markup::classed("ul", "all", list);
        assert_eq!(
            list.into_string(),
            "<ul class=\"all\"><li>a</li><li>b</li><path d=\"M0 0\"/></ul>"
        );
        assert_eq!(
            Markup::void("meta", &[("charset", "utf-8")]).into_string(),
            "<meta charset=\"utf-8\">"
        );
    }
}
