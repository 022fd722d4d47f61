//! `expiry` as a monitoring plugin: what ends first, how many certificates are in which state, and the seconds left of each.

use super::{CERTIFICATES, Output, Perfdata, Status};
use crate::model::expiry::{Expiry, ExpiryEntry, OnDisk, RunwayState};
use crate::model::facts::policy::place;
use crate::render::expiry::{counts, left, word};
use crate::render::text::minute;

/// One run, with what it comes to.
pub fn page(expiry: &Expiry, status: Status) -> String {
    let first = expiry.entries.first();
    let first = first.map(|entry| format!("; first {} {}, {}", name(entry), ending(entry), left(entry.seconds_left)));
    let open = expiry.unseen.iter().filter(|place| place.open).count();
    let open = if open > 0 { format!("; {open} not seen") } else { String::new() };
    let said = format!("{}{open}{}", counts(expiry), first.unwrap_or_default());
    let of = |state| expiry.entries.iter().filter(|entry| entry.state == state).count() as u64;
    let mut perfdata = vec![
        Perfdata::count("certificates", expiry.entries.len() as u64),
        Perfdata::count("expired", of(RunwayState::Expired)).none_allowed(),
        Perfdata::count("not valid yet", of(RunwayState::NotYetValid)).none_allowed(),
        Perfdata::count("about to expire", of(RunwayState::Critical)).none_allowed(),
        Perfdata::count("expiring soon", of(RunwayState::Warning)),
        Perfdata::count("not seen", expiry.unseen.len() as u64),
    ];
    perfdata.extend(figures(expiry));
    Output { status, said, perfdata, more: more(expiry) }.page()
}

/// The soonest ends; of several servers with keys of one type behind an address, the first to end stands for all.
fn figures(expiry: &Expiry) -> Vec<Perfdata> {
    let mut named: Vec<String> = Vec::new();
    let mut figures = Vec::new();
    for entry in &expiry.entries {
        let name = name(entry);
        if figures.len() == CERTIFICATES || named.contains(&name) {
            continue;
        }
        let left = |at: jiff::Timestamp| at.duration_until(entry.not_after).as_secs();
        let figure = Perfdata::seconds(name.clone(), entry.seconds_left);
        figures.push(figure.not_below(left(entry.bounds.warning), left(entry.bounds.critical)));
        named.push(name);
    }
    figures
}

fn more(expiry: &Expiry) -> Vec<String> {
    let near = expiry.entries.iter().filter(|entry| entry.state != RunwayState::Fine || entry.on_disk == Some(OnDisk::Newer));
    let mut more: Vec<String> = near
        .map(|entry| {
            let by = if entry.decided_by == "the certificate" { String::new() } else { format!(", by {}", entry.decided_by) };
            let disk = if entry.on_disk == Some(OnDisk::Newer) { "; a newer one is on disk: reload" } else { "" };
            format!("{} {}: {}, {}{by}{disk}", word(entry.state), name(entry), ending(entry), left(entry.seconds_left))
        })
        .collect();
    more.extend(expiry.unseen.iter().map(|unseen| {
        let address = unseen.address.map(|address| format!(" {}", place(address))).unwrap_or_default();
        format!("not seen {}{address}: {}", unseen.host, unseen.why)
    }));
    more.extend(expiry.last_known.iter().map(|known| {
        let place = &known.place;
        let (seen, end) = (minute(place.seen_at), minute(known.not_after));
        format!("last known {} {} {}: seen {seen}, ends {end}", place.host, place.address, place.key_type)
    }));
    let left_alone = expiry.files.iter().filter(|file| file.compared == 0);
    more.extend(left_alone.map(|file| format!("not compared {}: no host that was looked at serves such a certificate", file.file)));
    more
}

fn name(entry: &ExpiryEntry) -> String {
    let port = entry.port.filter(|port| *port != 25).map(|port| format!(" port {port}")).unwrap_or_default();
    format!("{} {}{port} {}", entry.host, place(entry.address), entry.key_type)
}

fn ending(entry: &ExpiryEntry) -> String {
    format!("{} {}", if entry.seconds_left < 0 { "ended" } else { "ends" }, minute(entry.not_after))
}
