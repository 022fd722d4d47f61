//! The one place where hostile text is made harmless for the format it is shown in.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// For a terminal: no control character reaches it, nothing reorders or hides text; each such character is shown as an escape.
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hostile(c) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Control characters, and those that change the direction of text or take no space (Unicode TR 36, TR 55).
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe007f)
}

/// Writes JSON in which no character could corrupt a terminal either: they stand as `\u` escapes, which is the same JSON.
pub struct Json<F>(pub F);

impl<F: Formatter> Formatter for Json<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_hostile(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

/// For a cell of a spreadsheet: harmless in a terminal, and never taken for a formula. Spreadsheets may leave out spaces before one, and
/// some take the wide forms of its signs; tabs and line ends are shown as escapes before that.
pub fn cell(text: &str) -> Cow<'_, str> {
    let text = terminal(text);
    let begins = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if begins { Cow::Owned(format!("'{text}")) } else { text }
}

/// For a line of a monitoring plugin: no line end, no `|`, which would begin performance data, and no tag for a page that shows it.
pub fn plugin(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in terminal(text).chars() {
        match c {
            '|' | '<' | '>' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// For the label of performance data, in its quotes: a quote in it is doubled, and there is no `=`.
pub fn perfdata_label(text: &str) -> String {
    format!("'{}'", plugin(text).replace('=', "\\u{3d}").replace('\'', "''"))
}

/// For the value of a Prometheus label, without its quotes.
pub fn label_value(text: &str) -> String {
    terminal(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// For XML 1.0, in text and in attributes; what it cannot hold is shown as an escape.
pub fn xml(text: &str) -> String {
    html(&terminal(text)).replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

/// For a line in the log of a workflow, behind words of ours: nothing in it is a command to the runner. The older form of commands is
/// looked for anywhere in a line.
pub fn workflow_log(text: &str) -> String {
    terminal(text).replace("##[", "#\\u{23}[")
}

/// For the text of a workflow command.
pub fn workflow_data(text: &str) -> String {
    workflow_log(text).replace('%', "%25")
}

/// For a property of a workflow command.
pub fn workflow_property(text: &str) -> String {
    workflow_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// For Markdown inside a line or a table's cell: nothing in it is markup, a link or HTML.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in terminal(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '-' | '!' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            // A bare address or URL would become a link.
            '@' => out.push_str("&#64;"),
            ':' => out.push_str("&#58;"),
            c => out.push(c),
        }
    }
    out
}

/// For HTML, between tags and in quoted attributes: nothing in it is markup. Line ends and tabs stay.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if is_hostile(c) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Text to copy out of Markdown: a fenced block that nothing in it can end.
pub fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let lines: Vec<Cow<'_, str>> = text.lines().map(terminal).collect();
    format!("{fence}\n{}\n{fence}", lines.join("\n"))
}

/// A value as harmless JSON over several lines, with a line end.
pub fn json_pretty(value: &impl Serialize) -> Result<String, serde_json::Error> {
    json(value, Json(PrettyFormatter::new()))
}

/// A value as harmless JSON in one line, with a line end.
pub fn json_line(value: &impl Serialize) -> Result<String, serde_json::Error> {
    json(value, Json(CompactFormatter))
}

fn json(value: &impl Serialize, formatter: impl Formatter) -> Result<String, serde_json::Error> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, formatter))?;
    out.push(b'\n');
    // serde_json writes only UTF-8.
    Ok(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_the_same_json() {
        for text in ["plain", "a\u{9b}2J\u{7f}", "\u{202e}\u{feff}x", "tab\t \u{1b}[0m \"q\" \\", "\u{e0041}tag"] {
            let shown = json_line(&text).unwrap();
            assert!(!shown.trim_end().chars().any(is_hostile), "{shown:?}");
            assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, shown) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("mx1.example", "mx1.example"),
            ("\t=1", "\\t=1"),
            (" =1", "' =1"),
            ("＝1", "'＝1"),
            ("\r+1", "\\r+1"),
        ] {
            assert_eq!(cell(text), shown);
        }
    }

    #[test]
    fn each_format_keeps_what_is_not_ours_in_its_place() {
        type Escape = fn(&str) -> String;
        for (escape, text, shown) in [
            (plugin as Escape, "a | b=1\n<i>", "a \\u{7c} b=1\\n\\u{3c}i\\u{3e}"),
            (perfdata_label, "it's =1|", "'it''s \\u{3d}1\\u{7c}'"),
            (label_value, "a\"b\\c\nd\u{1b}", "a\\\"b\\\\c\\\\nd\\\\u{1b}"),
            (xml, "<a b='\"'>&\0\u{fffe}\n]]>", "&lt;a b=&#39;&quot;&#39;&gt;&amp;\\u{0}\\u{fffe}\\n]]&gt;"),
            (workflow_log, "100 %\n::error::x ##[add-path]", "100 %\\n::error::x #\\u{23}[add-path]"),
            (workflow_data, "100 %0A\r\n::x", "100 %250A\\r\\n::x"),
            (workflow_property, "a:b,c%", "a%3Ab%2Cc%25"),
        ] {
            assert_eq!(escape(text), shown);
        }
    }

    #[test]
    fn nothing_ends_a_fenced_block() {
        for (text, shown) in
            [("a\r\nb\n", "```\na\nb\n```"), ("a\n```\n# b", "````\na\n```\n# b\n````"), ("a\u{1b}c", "```\na\\u{1b}c\n```")]
        {
            assert_eq!(fenced(text), shown);
        }
    }

    #[test]
    fn nothing_is_markup() {
        for (text, shown) in [
            ("plain text", "plain text"),
            ("<b>|`x`", "&lt;b&gt;\\|\\`x\\`"),
            ("[a](https://b)", "\\[a\\]\\(https&#58;//b\\)"),
            ("a\nb", "a\\\\nb"),
        ] {
            assert_eq!(markdown(text), shown);
        }
    }

    #[test]
    fn nothing_is_a_tag_or_ends_an_attribute() {
        for (text, shown) in [
            ("plain – bücher", "plain – bücher"),
            ("<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"),
            ("\" onload=\"a&b", "&quot; onload=&quot;a&amp;b"),
            ("a\nb\u{202e}c\0", "a\nb\\u{202e}c\\u{0}"),
        ] {
            assert_eq!(html(text), shown);
        }
    }

    #[test]
    fn what_could_corrupt_a_terminal_is_shown_not_done() {
        for (hostile, shown) in [
            ("plain – bücher 日本", "plain – bücher 日本"),
            ("a\u{1b}[31mred", "a\\u{1b}[31mred"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
            ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
            ("\0\u{7f}", "\\u{0}\\u{7f}"),
        ] {
            assert_eq!(terminal(hostile), shown);
        }
    }
}
