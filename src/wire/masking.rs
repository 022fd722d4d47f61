//! What firewalls leave of an SMTP dialogue when they overwrite what they do not know: `XXXXXXXA` in the place of `STARTTLS`, a greeting
//! of asterisks. In: replies. Out: the words that were overwritten.

use super::smtp::Reply;

/// Shorter words are no sign: `XX` may be anybody's extension.
const LEAST: usize = 4;
/// Asterisks that make a greeting a masked one.
const LEAST_ASTERISKS: usize = 8;

/// The keywords in an answer to EHLO that were overwritten.
pub fn masked_keywords(ehlo: &Reply) -> Vec<&str> {
    let keywords = ehlo.lines.iter().skip(1).filter_map(|line| line.split_ascii_whitespace().next());
    keywords.filter(|word| is_masked(word)).collect()
}

/// Whether a greeting was overwritten: asterisks, beside the digits 0 and 2, which one make of firewall leaves in.
pub fn is_masked_greeting(greeting: &Reply) -> bool {
    let text: String = greeting.lines.iter().flat_map(|line| line.split_ascii_whitespace()).collect();
    text.matches('*').count() >= LEAST_ASTERISKS && text.chars().all(|sign| "*02".contains(sign))
}

/// `XXXXXXXX`, `XXXXXXXA`, `********`: one sign again and again, the last letter left to count with.
fn is_masked(word: &str) -> bool {
    let body = word.strip_suffix(|last: char| last.is_ascii_uppercase()).unwrap_or(word);
    let all = |sign: u8| body.bytes().all(|byte| byte == sign);
    word.len() >= LEAST && (all(b'X') || word.bytes().all(|byte| byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(lines: &[&str]) -> Reply {
        Reply::new(250, lines.iter().map(|&line| line.to_owned()).collect())
    }

    #[test]
    fn overwritten_keywords_are_told_from_extensions() {
        for (word, masked) in [
            ("XXXXXXXA", true),
            ("XXXXXXXX", true),
            ("XXXB", true),
            ("XXXXXXXXC 10240000", true),
            ("********", true),
            ("XXX", false),
            ("XFORWARD NAME", false),
            ("X-EXPS GSSAPI", false),
            ("XEXCH50", false),
            ("xxxxxxxx", false),
            ("STARTTLS", false),
            ("AAAA", false),
            ("***A", false),
            ("", false),
        ] {
            let ehlo = reply(&["XXXXXXXX greets", word]);
            assert_eq!(!masked_keywords(&ehlo).is_empty(), masked, "{word}");
        }
        assert_eq!(masked_keywords(&reply(&["mx", "XXXXXXXA", "SIZE", "XXXB"])), ["XXXXXXXA", "XXXB"]);
        assert!(masked_keywords(&reply(&[])).is_empty());
    }

    #[test]
    fn a_greeting_of_asterisks_is_masked() {
        for (text, masked) in [
            ("*************************", true),
            ("****2******0*200 ********", true),
            ("mx1.example.com ESMTP", false),
            ("*** mx1.example.com ***************", false),
            ("*****", false),
            ("", false),
        ] {
            assert_eq!(is_masked_greeting(&reply(&[text])), masked, "{text}");
        }
    }
}
