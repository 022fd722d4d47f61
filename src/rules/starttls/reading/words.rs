//! Replies as findings show them.

use crate::wire::smtp::Reply;

/// Characters of a reply that go into a finding; replies may have 64 KiB.
pub(in crate::rules::starttls) const SHOWN: usize = 300;

/// The line of a reply that says most: the last.
pub(in crate::rules::starttls) fn line(reply: &Reply) -> String {
    let text = reply.lines.last().map_or("", String::as_str);
    format!("{} {text}", reply.code).trim_end().chars().take(SHOWN).collect()
}

/// A reply as it came, on one line.
pub(in crate::rules::starttls) fn whole(reply: &Reply) -> String {
    let (last, before) = reply.lines.split_last().map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
    let before: Vec<String> = before.iter().map(|line| format!("{}-{line} | ", reply.code)).collect();
    let left_out = if reply.left_out > 0 { format!("… {} lines left out … | ", reply.left_out) } else { String::new() };
    let text = format!("{}{left_out}{} {last}", before.concat(), reply.code);
    if text.chars().nth(SHOWN).is_some() { text.chars().take(SHOWN).chain(" …".chars()).collect() } else { text }
}

pub(in crate::rules::starttls) fn extensions(ehlo: &Reply) -> String {
    let words: Vec<&str> = ehlo.lines.iter().skip(1).filter_map(|line| line.split_ascii_whitespace().next()).collect();
    if words.is_empty() {
        return "no extension at all".to_owned();
    }
    words.join(" ").chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, lines: &[&str]) -> Reply {
        Reply::new(code, lines.iter().map(|&line| line.to_owned()).collect())
    }

    #[test]
    fn a_reply_is_shown_as_it_came() {
        for (reply, last, all) in [
            (reply(220, &["mx ESMTP"]), "220 mx ESMTP", "220 mx ESMTP"),
            (reply(250, &["mx", "SIZE 1", "HELP"]), "250 HELP", "250-mx | 250-SIZE 1 | 250 HELP"),
            (Reply { left_out: 2, ..reply(250, &["mx", "HELP"]) }, "250 HELP", "250-mx | … 2 lines left out … | 250 HELP"),
            (reply(421, &[""]), "421", "421 "),
        ] {
            assert_eq!((line(&reply).as_str(), whole(&reply).as_str()), (last, all));
        }
    }

    #[test]
    fn extensions_are_named_without_what_they_say_of_themselves() {
        for (lines, named) in [
            (&["mx", "SIZE 52428800", "8BITMIME"][..], "SIZE 8BITMIME"),
            (&["mx.example.com greets you"], "no extension at all"),
            (&["mx", ""], "no extension at all"),
        ] {
            assert_eq!(extensions(&reply(250, lines)), named);
        }
    }
}
