//! The runway of certificates on one line of time: how long each still holds, and from when on its end is near.

use jiff::Timestamp;

use super::paper::{Paper, class, name};
use super::scale::Scale;
use crate::model::assessment::{Assessment, RunwayEntry};
use crate::render::escape::html;
use crate::render::page::Look;
use crate::render::text::{date, duration, minute};

/// Certificates beyond these are counted.
const SHOWN: usize = 60;
/// The chart begins so many days before now, or later.
const BEFORE: i64 = 30;
/// It ends so many days after now, or earlier: public certificates last no longer.
const AFTER: i64 = 398;

pub(super) fn write(assessment: &Assessment, paper: &mut Paper) {
    let (runway, remembered) = (&assessment.runway, &assessment.last_known);
    if runway.is_empty() && remembered.is_empty() {
        return;
    }
    let now = assessment.asked_at;
    let ends = runway.iter().map(|entry| entry.not_after).chain(remembered.iter().map(|known| known.not_after));
    let scale = Scale::around(now, BEFORE, AFTER, ends);
    paper.section("runway", "Certificates: how long they still hold", |paper| {
        if !runway.is_empty() {
            paper.line(format_args!("<figure>"));
            scale.now(now, paper);
            paper.line(format_args!("<ol class=\"strips\">"));
            for entry in runway.iter().take(SHOWN) {
                strip(entry, now, &scale, paper);
            }
            paper.line(format_args!("</ol>"));
            scale.axis(paper);
            paper.line(format_args!(
                "<figcaption><span class=\"key line\"></span> now; <span class=\"good\"><span class=\"key low\"></span> holds</span>; \
                 <span class=\"warn\"><span class=\"key mid\"></span> its end is near</span>; \
                 <span class=\"bad\"><span class=\"key\"></span> very near, or over</span></figcaption>\n</figure>"
            ));
            if runway.len() > SHOWN {
                paper.paragraph(Look::Faint, &format!("and {} more that end later", runway.len() - SHOWN));
            }
        }
        if !remembered.is_empty() {
            paper.paragraph(Look::Plain, "Remembered of places that showed no certificate now:");
            paper.line(format_args!("<ul>"));
            for known in remembered.iter().take(SHOWN) {
                let place = &known.place;
                let subject = format!("{} {} {}", place.host, place.address, place.key_type);
                let (ends, seen) = (minute(known.not_after), date(place.seen_at));
                paper.line(format_args!("<li>{}: until {ends}, last seen on {seen}</li>", html(&subject)));
            }
            paper.line(format_args!("</ul>"));
        }
    });
}

/// How near the end is: the sign, the words, the look.
fn state(entry: &RunwayEntry, now: Timestamp) -> (&'static str, &'static str, Look) {
    let crossed = |bound: fn(&crate::model::assessment::RunwayBounds) -> Timestamp| {
        entry.place.bounds.as_ref().is_some_and(|bounds| bound(bounds) < now)
    };
    match () {
        () if entry.not_after < now => ("✗", "over", Look::Bad),
        () if crossed(|bounds| bounds.critical) => ("✗", "very near", Look::Bad),
        () if crossed(|bounds| bounds.warning) => ("!", "near", Look::Warning),
        () => ("✓", "holds", Look::Good),
    }
}

fn strip(entry: &RunwayEntry, now: Timestamp, scale: &Scale, paper: &mut Paper) {
    let (sign, word, look) = state(entry, now);
    let much = duration(entry.seconds_left.unsigned_abs());
    let left = if entry.seconds_left < 0 { format!("over for {much}") } else { format!("{much} left") };
    let near = match entry.place.bounds {
        Some(bounds) if entry.seconds_left >= 0 => {
            format!("; near from {}, very near from {}", date(bounds.warning), date(bounds.critical))
        }
        _ => String::new(),
    };
    let (subject, colour) = (html(&entry.subject), class(look));
    paper
        .line(format_args!("<li class=\"strip\"><p><b{colour}>{sign} {word}</b> {subject}: until {}, {left}</p>", minute(entry.not_after)));
    paper.put(format_args!(
        "<svg role=\"img\"><title>{subject}: {word}, {left}{near}</title><rect class=\"f-track\" y=\"40%\" width=\"100%\" height=\"20%\"/>"
    ));
    let (end, at) = (scale.at(entry.not_after), scale.at(now));
    let bounds = entry.place.bounds;
    let critical = bounds.map_or(end, |bounds| scale.at(bounds.critical).at_most(end));
    let warning = bounds.map_or(end, |bounds| scale.at(bounds.warning).at_most(critical));
    // The nearer the end, the higher the bar: it is seen without colours, too.
    let start = super::scale::Share::default();
    for (from, to, look, y, height) in [
        (start, warning, Look::Good, "35%", "30%"),
        (warning, critical, Look::Warning, "20%", "60%"),
        (critical, end, Look::Bad, "0%", "100%"),
    ] {
        if from < to {
            let (width, fill) = (from.to(to), name(look));
            paper.put(format_args!("<rect class=\"f-{fill}\" x=\"{from}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"));
        }
    }
    paper.line(format_args!("<line class=\"now\" x1=\"{at}\" x2=\"{at}\" y1=\"0\" y2=\"100%\"/></svg></li>"));
}
