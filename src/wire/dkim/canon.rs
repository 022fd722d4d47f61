//! Canonical forms (RFC 6376 §3.4): what a signature is made over, so that a mail that was folded anew still verifies.
//!
//! Mails in files may have lost the CR of their line ends; the form that was signed has CRLF throughout (§5.3), so line ends are put back.

use aws_lc_rs::digest::{Context, SHA256};

use crate::wire::header::{Field, without_line_end};

/// One of the two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Canon {
    /// As written (§3.4.1, §3.4.3).
    Simple,
    /// White space made one (§3.4.2, §3.4.4).
    Relaxed,
}

impl Canon {
    /// Adds one field without the CRLF that ends it, which the last of a signature's fields does not have.
    pub(super) fn field(self, field: &Field<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Simple => {
                for line in field.raw.split_inclusive(|byte| *byte == b'\n') {
                    let content = without_line_end(line);
                    out.extend_from_slice(content);
                    if content.len() < line.len() {
                        out.extend_from_slice(b"\r\n");
                    }
                }
            }
            Self::Relaxed => {
                out.extend(field.name().iter().map(u8::to_ascii_lowercase));
                out.push(b':');
                let value = out.len();
                for line in field.value().split_inclusive(|byte| *byte == b'\n') {
                    one_space(without_line_end(line), value, out);
                }
                trim_end(out);
            }
        }
    }

    /// The SHA-256 of a body. Empty lines at its end do not count, in either form.
    pub(super) fn body_hash(self, body: &[u8]) -> [u8; 32] {
        let mut hash = Context::new(&SHA256);
        let (mut empty, mut written) = (0_usize, false);
        let mut line_of_one_space = Vec::new();
        for line in body.split_inclusive(|byte| *byte == b'\n') {
            let mut line = without_line_end(line);
            if self == Self::Relaxed && line.iter().any(|byte| matches!(byte, b' ' | b'\t')) {
                line_of_one_space.clear();
                // A space at the front is kept, as one (§3.4.4).
                if matches!(line.first(), Some(b' ' | b'\t')) {
                    line_of_one_space.push(b' ');
                }
                one_space(line, 0, &mut line_of_one_space);
                trim_end(&mut line_of_one_space);
                line = &line_of_one_space;
            }
            if line.is_empty() {
                empty += 1;
                continue;
            }
            for _ in 0..std::mem::take(&mut empty) {
                hash.update(b"\r\n");
            }
            hash.update(line);
            hash.update(b"\r\n");
            written = true;
        }
        // An empty body is one empty line in the one form, and nothing in the other.
        if !written && self == Self::Simple {
            hash.update(b"\r\n");
        }
        let mut out = [0; 32];
        out.copy_from_slice(hash.finish().as_ref());
        out
    }
}

/// Adds a line with every run of spaces and tabs as one space; at the very beginning, `from`, none.
fn one_space(line: &[u8], from: usize, out: &mut Vec<u8>) {
    for byte in line {
        match byte {
            b' ' | b'\t' if out.len() == from || out.last() == Some(&b' ') => {}
            b' ' | b'\t' => out.push(b' '),
            other => out.push(*other),
        }
    }
}

/// Takes off the spaces at the end; of a field at most those back to its colon.
fn trim_end(out: &mut Vec<u8>) {
    while out.pop_if(|byte| *byte == b' ').is_some() {}
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::fingerprint::Fingerprint;
    use crate::wire::header::Header;

    fn field(canon: Canon, raw: &str) -> String {
        let header = Header::split(raw.as_bytes()).expect("short");
        let mut out = Vec::new();
        canon.field(&header.fields[0], &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn body(canon: Canon, body: &str, canonical: &str) {
        assert_eq!(canon.body_hash(body.as_bytes()).to_vec(), hash(canonical), "{canon:?} {body:?}");
    }

    fn hash(text: &str) -> Vec<u8> {
        aws_lc_rs::digest::digest(&SHA256, text.as_bytes()).as_ref().to_vec()
    }

    #[test]
    fn fields_take_their_canonical_form() {
        // The examples of §3.4.5 first.
        for (raw, relaxed, simple) in [
            ("A: X\r\n\r\n", "a:X", "A: X"),
            ("B : Y\t\r\n\tZ  \r\n\r\n", "b:Y Z", "B : Y\t\r\n\tZ  "),
            ("B : Y\t\n\tZ  \n\n", "b:Y Z", "B : Y\t\r\n\tZ  "),
            ("SubJect:\r\n  a   b\r\n \r\n\r\n", "subject:a b", "SubJect:\r\n  a   b\r\n "),
            ("C:\r\n", "c:", "C:"),
            ("C:  \t \r\n", "c:", "C:  \t "),
            ("D:a\rb\r\r\n", "d:a\rb\r", "D:a\rb\r"),
        ] {
            assert_eq!(field(Canon::Relaxed, raw), relaxed, "{raw:?}");
            assert_eq!(field(Canon::Simple, raw), simple, "{raw:?}");
        }
    }

    #[test]
    fn bodies_take_their_canonical_form() {
        for (written, relaxed, simple) in [
            (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n", " C \r\nD \t E\r\n"),
            (" C \nD \t E\n\n\n", " C\r\nD E\r\n", " C \r\nD \t E\r\n"),
            ("", "", "\r\n"),
            ("\r\n\r\n", "", "\r\n"),
            (" \r\n\t\r\n", "", " \r\n\t\r\n"),
            ("a", "a\r\n", "a\r\n"),
            ("a \n \n\nb\n \n", "a\r\n\r\n\r\nb\r\n", "a \r\n \r\n\r\nb\r\n \r\n"),
            ("\t a\tb", " a b\r\n", "\t a\tb\r\n"),
            ("a\rb\r\r\n", "a\rb\r\r\n", "a\rb\r\r\n"),
            ("a\r", "a\r\r\n", "a\r\r\n"),
        ] {
            body(Canon::Relaxed, written, relaxed);
            body(Canon::Simple, written, simple);
        }
    }

    #[test]
    fn the_empty_body_hashes_as_the_standard_says() {
        let base64 = |hash: [u8; 32]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash);
        assert_eq!(base64(Canon::Simple.body_hash(b"")), "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
        assert_eq!(base64(Canon::Relaxed.body_hash(b"")), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(Fingerprint::of(b"").to_string().get(..4), Some("e3b0"));
    }

    proptest! {
        #[test]
        fn line_ends_and_empty_last_lines_do_not_matter(text in "([ab \t]{0,3}\n){0,12}", more in 0..4_usize) {
            for canon in [Canon::Simple, Canon::Relaxed] {
                let hash = canon.body_hash(text.as_bytes());
                prop_assert_eq!(hash, canon.body_hash(text.replace('\n', "\r\n").as_bytes()));
                prop_assert_eq!(hash, canon.body_hash(format!("{text}{}", "\r\n".repeat(more)).as_bytes()));
            }
        }

        #[test]
        fn the_relaxed_form_is_its_own(text in "[ab \t]{0,4}(\n[ab \t]{0,4}){0,8}") {
            let lines: Vec<String> = text.split('\n').map(|line| {
                let words = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
                if line.starts_with([' ', '\t']) && !words.is_empty() { format!(" {words}") } else { words }
            }).collect();
            prop_assert_eq!(Canon::Relaxed.body_hash(text.as_bytes()), Canon::Relaxed.body_hash(lines.join("\n").as_bytes()));
        }
    }
}
