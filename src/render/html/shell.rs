//! The frame of every page that a browser shows: its head, what the browser is allowed to do with it, the palette for light, dark and paper.
//!
//! In: a title, the style that the page has beyond the common one, its body as markup. Out: one file that needs nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::render::escape::html;
use crate::wire::fingerprint::Fingerprint;

/// What all pages share.
const BASE: &str = include_str!("base.css");

/// The whole file. Only the style that stands in it counts: nothing is loaded, nothing runs, nothing is sent, even if markup got in
/// (CSP Level 3 §6.6: a style is allowed by its SHA-256).
pub(in crate::render) fn document(title: &str, style: &str, body: &str) -> String {
    let (title, style) = (html(title), format!("{BASE}{style}"));
    let allowed = STANDARD.encode(Fingerprint::of(style.as_bytes()).as_bytes());
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{allowed}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

/// Text to copy, as it is. A carriage return is no line end here, and would be shown as an escape.
pub(in crate::render) fn pre(text: &str) -> String {
    format!("<pre>{}</pre>\n", html(text.replace("\r\n", "\n").trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_that_is_allowed_is_the_one_that_stands_there() {
        let page = document("<t>", "p{margin:0}\n", "<p>x</p>\n");
        let style = page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).expect("a style");
        let allowed = STANDARD.encode(Fingerprint::of(style.as_bytes()).as_bytes());
        assert!(style.ends_with("p{margin:0}\n") && page.contains(&format!("style-src 'sha256-{allowed}'")), "{page}");
        assert!(page.contains("<title>&lt;t&gt;</title>"), "{page}");
    }

    #[test]
    fn what_is_to_be_copied_keeps_its_lines() {
        assert_eq!(pre("a\r\nb  \n\tc</pre>\n\n"), "<pre>a\nb  \n\tc&lt;/pre&gt;</pre>\n");
    }
}
