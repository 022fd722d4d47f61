//! The runway of certificates for a ticket, a chat or a mail.

use super::escape::markdown;
use super::expiry::{counts, left, notes, word};
use super::text::minute;
use crate::model::expiry::{Expiry, ExpiryEntry};
use crate::model::facts::policy::place;

/// One page.
pub fn page(expiry: &Expiry) -> String {
    let mut lines = vec![
        "# Certificates".to_owned(),
        String::new(),
        format!("{}, as of {}.", markdown(&counts(expiry)), markdown(&minute(expiry.asked_at))),
    ];
    if !expiry.entries.is_empty() {
        lines.extend([
            String::new(),
            "| state | host | address | key | ends | left | notes |".to_owned(),
            "|---|---|---|---|---|---|---|".to_owned(),
        ]);
        lines.extend(expiry.entries.iter().map(row));
    }
    if !expiry.unseen.is_empty() {
        lines.extend([String::new(), "## No certificate seen".to_owned(), String::new()]);
        lines.extend(expiry.unseen.iter().map(|unseen| {
            let address = unseen.address.map(|address| format!(" {}", place(address))).unwrap_or_default();
            let open = if unseen.open { "**open** " } else { "" };
            format!("- {open}{}", markdown(&format!("{}{address}: {}", unseen.host, unseen.why)))
        }));
    }
    if !expiry.last_known.is_empty() {
        lines.extend([String::new(), "## Last known there".to_owned(), String::new()]);
        lines.extend(expiry.last_known.iter().map(|known| {
            let place = &known.place;
            let (seen, end) = (minute(place.seen_at), minute(known.not_after));
            format!("- {}", markdown(&format!("{} {} {}: seen {seen}, ends {end}", place.host, place.address, place.key_type)))
        }));
    }
    if !expiry.files.is_empty() {
        lines.extend([String::new(), "## Files".to_owned(), String::new()]);
        lines.extend(expiry.files.iter().map(|file| {
            let end = file.leaf.as_ref().map_or_else(|| "cannot be read".to_owned(), |leaf| format!("ends {}", minute(leaf.not_after)));
            let compared = if file.compared == 0 { "compared with nothing".to_owned() } else { format!("compared with {}", file.compared) };
            format!("- {}", markdown(&format!("{}: {end}; {compared}", file.file)))
        }));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn row(entry: &ExpiryEntry) -> String {
    let port = entry.port.filter(|port| *port != 25).map(|port| format!(" port {port}")).unwrap_or_default();
    let host = entry.host_unicode.as_ref().map_or_else(|| entry.host.to_string(), |unicode| format!("{} ({unicode})", entry.host));
    let cells = [
        word(entry.state).to_owned(),
        host,
        format!("{}{port}", place(entry.address)),
        entry.key_type.clone(),
        minute(entry.not_after),
        left(entry.seconds_left),
        notes(entry),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| markdown(cell)).collect();
    format!("| {} |", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::render::sample::{self, golden};

    #[test]
    fn every_certificate_has_a_row_without_markup_of_others() {
        let sample = sample::expiry();
        let page = page(&sample);
        golden("expiry.md", &page);
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
        assert_eq!(rows.len(), sample.entries.len() + 1);
        assert!(rows.iter().all(|row| row.replace("\\|", "").matches('|').count() == 8), "{page}");
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains('\u{1b}'));
    }
}
