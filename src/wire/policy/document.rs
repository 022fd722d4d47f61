//! Recognises bodies that are another document than a policy, so that not every line of a web page is judged as one.

use super::field::{self, Reading};
use super::lines::Line;

/// What a body is that is no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Document {
    /// A web page, or XML.
    #[error("a web page")]
    Html,
    /// JSON.
    #[error("a JSON document")]
    Json,
    /// RTF or PDF: an editor saved its own format.
    #[error("a formatted document")]
    Formatted,
    /// The text of the `_mta-sts` record.
    #[error("the text of the TXT record")]
    TxtRecord,
    /// Not a line of it has a key of a policy.
    #[error("another text")]
    Other,
}

/// `None` if `text` is a policy, however faulty.
pub(super) fn detect(text: &str, lines: &[Line<'_>]) -> Option<Document> {
    let start = text.trim_start();
    if start.starts_with('<') {
        return Some(Document::Html);
    }
    if start.starts_with("{\\rtf") || start.starts_with("%PDF-") {
        return Some(Document::Formatted);
    }
    if start.starts_with(['{', '[']) && start.trim_end().ends_with(['}', ']']) {
        return Some(Document::Json);
    }
    let mut txt_version = false;
    for line in lines {
        match field::read(line.text) {
            Reading::Field(read) if read.key.is_some() || field::meant(read.name, read.value).is_some() => return None,
            Reading::TxtVersion => txt_version = true,
            Reading::Field(_) | Reading::Blank | Reading::NotAField(_) => {}
        }
    }
    Some(if txt_version { Document::TxtRecord } else { Document::Other })
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn other_documents_are_told_from_faulty_policies() {
        for (text, expected) in [
            ("<!DOCTYPE html>\n<pre>\nversion: STSv1\n</pre>", Some(Document::Html)),
            ("\n <?xml version=\"1.0\"?>", Some(Document::Html)),
            ("{\"version\": \"STSv1\"}", Some(Document::Json)),
            ("{\\rtf1 version: STSv1}", Some(Document::Formatted)),
            ("v=STSv1; id=20261122", Some(Document::TxtRecord)),
            ("404 page not found", Some(Document::Other)),
            ("User-agent: *\nDisallow: /", Some(Document::Other)),
            ("v=STSv1\nmode: testing", None),
            ("{\nversion: STSv1\nmode: testing", None),
            ("mode: testing\nnote: [1]", None),
            ("Mode: testing", None),
            ("version:STSv1", None),
            ("mx = mx1.example.com", None),
        ] {
            assert_eq!(detect(text, &lines::split(text)), expected, "{text}");
        }
    }
}
