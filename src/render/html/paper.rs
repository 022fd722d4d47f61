//! What a domain's part of the file is written on: sections with their headings, and ids that no other domain has.

use std::fmt::{self, Write as _};

use crate::render::escape::html;
use crate::render::page::Look;

/// A part of the file being written. Whoever writes to it escapes; see [`html`].
#[derive(Debug)]
pub(super) struct Paper {
    out: String,
    prefix: String,
    level: u8,
    sections: Vec<(&'static str, &'static str)>,
}

impl Paper {
    /// Nothing yet. `prefix` begins every id; `level` is that of the domain's own heading, sections stand one below.
    pub(super) fn new(prefix: impl Into<String>, level: u8) -> Self {
        Self { out: String::new(), prefix: prefix.into(), level, sections: Vec::new() }
    }

    /// The markup as written.
    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Adds markup.
    pub(super) fn put(&mut self, markup: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.out.write_fmt(markup);
    }

    /// Adds a line of markup.
    pub(super) fn line(&mut self, markup: fmt::Arguments<'_>) {
        self.put(markup);
        self.out.push('\n');
    }

    /// The id of something in this part.
    pub(super) fn id(&self, name: &str) -> String {
        format!("{}{}", self.prefix, html(name))
    }

    /// The heading of the domain itself, a name.
    pub(super) fn title(&mut self, id: &str, text: &str) {
        let (level, id) = (self.level, self.id(id));
        self.line(format_args!("<h{level} id=\"{id}\">{}</h{level}>", html(text)));
    }

    /// A section under its heading; `id` names it in this part.
    pub(super) fn section(&mut self, id: &'static str, heading: &'static str, write: impl FnOnce(&mut Self)) {
        let (level, full) = (self.level + 1, self.id(id));
        self.sections.push((id, heading));
        self.line(format_args!("<section aria-labelledby=\"{full}\">\n<h{level} id=\"{full}\">{}</h{level}>", html(heading)));
        write(self);
        self.line(format_args!("</section>"));
    }

    /// A heading inside a section; `markup` is escaped already.
    pub(super) fn heading(&mut self, markup: fmt::Arguments<'_>) {
        let level = self.level + 2;
        self.line(format_args!("<h{level}>{markup}</h{level}>"));
    }

    /// A paragraph of plain text.
    pub(super) fn paragraph(&mut self, look: Look, text: &str) {
        self.line(format_args!("<p{}>{}</p>", class(look), html(text)));
    }

    /// The sections so far: their ids in this part and their headings.
    pub(super) fn sections(&self) -> &[(&'static str, &'static str)] {
        &self.sections
    }
}

/// The name of a look in the style; none for plain text.
pub(super) fn name(look: Look) -> &'static str {
    match look {
        Look::Plain | Look::Strong | Look::Code => "",
        Look::Faint => "faint",
        Look::Good => "good",
        Look::Warning => "warn",
        Look::Bad => "bad",
        Look::Unknown => "unknown",
    }
}

/// The same as an attribute, with the space before it.
pub(super) fn class(look: Look) -> String {
    match name(look) {
        "" => String::new(),
        name => format!(" class=\"{name}\""),
    }
}
