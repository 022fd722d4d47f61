//! The TLS-RPT TXT record (RFC 8460 §3): text in; where reports go and every problem out.

use super::fields::{self, Field, FieldFault, WSP};
use super::rua::{self, Target};
use super::version::TLSRPT;

/// At most this many problems are kept.
const PROBLEMS_KEPT: usize = 50;

/// A record as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsrptRecord {
    /// The targets of the first `rua`, in their order.
    pub targets: Vec<Target>,
    /// Every problem of the record; those of single targets stand with them.
    pub problems: Vec<Problem>,
    /// The legal extension fields, `name=value`.
    extensions: Vec<String>,
}

/// One thing that is wrong with the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No `rua`, or an empty one; a field that looks like one, as written.
    RuaMissing(Option<String>),
    /// A second `rua` field.
    RuaAgain(String),
    /// The same target a second time.
    TargetAgain(String),
    /// An empty entry in the list of targets.
    EmptyTarget,
    /// A field that is not `name=value` as the grammar wants it.
    Syntax {
        /// The field as it stands.
        field: String,
        /// What is wrong with it.
        fault: FieldFault,
    },
}

/// The record that senders take out of all at the name: the only one that begins with the version (RFC 8460 §3).
pub fn select(texts: &[String]) -> Option<TlsrptRecord> {
    TLSRPT.only(texts).map(parse)
}

/// Reads a record that begins with the version; of any other text, what can be read as its fields.
pub fn parse(text: &str) -> TlsrptRecord {
    let mut record = TlsrptRecord::default();
    let fields = fields::read(TLSRPT.rest(text).unwrap_or(text), &["rua"]);
    let mut rua: Option<String> = None;
    let mut behind_rua = false;
    for field in &fields {
        if let Some(list) = &mut rua
            && behind_rua
            && goes_on(list, field)
        {
            list.push(';');
            list.push_str(field.raw.trim_end_matches(WSP));
            continue;
        }
        if let Some(fault) = field.fault {
            record.note(Problem::Syntax { field: field.raw.trim_matches(WSP).to_owned(), fault });
        }
        behind_rua = false;
        if field.name == "rua" && !matches!(field.fault, Some(FieldFault::NoEquals)) {
            if rua.is_some() {
                record.note(Problem::RuaAgain(field.value.to_owned()));
            } else {
                rua = Some(field.value.to_owned());
                behind_rua = true;
            }
        } else if field.fault.is_none() && !field.name.eq_ignore_ascii_case("rua") {
            record.extensions.push(format!("{}={}", field.name, field.value));
        }
    }
    if let Some(list) = rua.filter(|list| !list.is_empty()) {
        read_targets(&mut record, &list);
    } else {
        let similar = |field: &&Field<'_>| matches!(field.name.to_ascii_lowercase().as_str(), "rua" | "ruf" | "ruas" | "uri");
        let looks_like = fields.iter().filter(|field| field.name != "rua").find(similar);
        record.note(Problem::RuaMissing(looks_like.map(|field| field.raw.trim_matches(WSP).to_owned())));
    }
    record
}

/// Whether a field that is none is really the rest of a URI in `rua` that holds an unencoded semicolon: it stands at once behind that
/// semicolon, the URI has come to its path or query, and it is no target of its own.
fn goes_on(rua: &str, field: &Field<'_>) -> bool {
    let uri = rua.rsplit(',').next().unwrap_or_default().trim_matches(WSP).to_ascii_lowercase();
    let open = uri.strip_prefix("https://").is_some_and(|rest| rest.contains('/')) || (uri.starts_with("mailto:") && uri.contains('?'));
    open && field.fault == Some(FieldFault::NoEquals) && !field.raw.starts_with(WSP) && !field.name.contains([':', '@'])
}

fn read_targets(record: &mut TlsrptRecord, list: &str) {
    let (targets, empty) = rua::parse_list(list);
    if empty > 0 {
        record.note(Problem::EmptyTarget);
    }
    for target in targets {
        if record.targets.iter().any(|known| same(known, &target)) {
            record.note(Problem::TargetAgain(target.raw));
        } else {
            record.targets.push(target);
        }
    }
}

fn same(a: &Target, b: &Target) -> bool {
    a.raw == b.raw || (a.uri.is_ok() && a.uri == b.uri)
}

impl TlsrptRecord {
    /// The record as it should be: every target that can be corrected, else `fallback`.
    pub fn corrected(&self, fallback: &str) -> String {
        let mut targets: Vec<Target> = Vec::new();
        for target in self.targets.iter().filter_map(|target| target.corrected.as_deref()).map(rua::parse) {
            // What is corrected may lead where another target leads already.
            if !targets.iter().any(|known| same(known, &target)) {
                targets.push(target);
            }
        }
        let written: Vec<&str> = targets.iter().map(|target| target.raw.as_str()).collect();
        let rua = if written.is_empty() { fallback.to_owned() } else { written.join(",") };
        let mut text = format!("{}; rua={rua}", TLSRPT.as_str());
        for extension in &self.extensions {
            text.push_str("; ");
            text.push_str(extension);
        }
        text
    }

    fn note(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS_KEPT {
            self.problems.push(problem);
        }
    }
}

/// The record that a near miss was meant to be.
pub fn repaired(near_miss: &str, fallback: &str) -> String {
    let unquoted = near_miss.replace(['"', '\\'], "");
    let fields: Vec<&str> = unquoted.split(';').take(16).filter(|field| !TLSRPT.is_meant_by(field)).collect();
    parse(&format!("{};{}", TLSRPT.as_str(), fields.join(";"))).corrected(fallback)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn syntax(field: &str, fault: FieldFault) -> Problem {
        Problem::Syntax { field: field.to_owned(), fault }
    }

    #[test]
    fn every_problem_is_named_and_the_record_corrected() {
        const GOOD: &str = "v=TLSRPTv1; rua=mailto:a@b.example";
        for (text, problems, corrected) in [
            (GOOD, vec![], GOOD),
            ("v=TLSRPTv1;rua=mailto:a@b.example;", vec![], GOOD),
            ("v=TLSRPTv1; rua=mailto:a@b.example; n=1", vec![], "v=TLSRPTv1; rua=mailto:a@b.example; n=1"),
            ("v=TLSRPTv1;", vec![Problem::RuaMissing(None)], "v=TLSRPTv1; rua=NEW"),
            ("v=TLSRPTv1; rua=", vec![Problem::RuaMissing(None)], "v=TLSRPTv1; rua=NEW"),
            (
                "v=TLSRPTv1; RUA=mailto:a@b.example",
                vec![Problem::RuaMissing(Some("RUA=mailto:a@b.example".to_owned()))],
                "v=TLSRPTv1; rua=NEW",
            ),
            ("v=TLSRPTv1; rua=mailto:a@b.example; rua=mailto:a@b.example", vec![Problem::RuaAgain("mailto:a@b.example".to_owned())], GOOD),
            ("v=TLSRPTv1; rua=mailto:a@b.example,MAILTO:a@B.example", vec![Problem::TargetAgain("MAILTO:a@B.example".to_owned())], GOOD),
            ("v=TLSRPTv1; rua=mailto:a@b.example,", vec![Problem::EmptyTarget], GOOD),
            ("v=TLSRPTv1;; rua=mailto:a@b.example", vec![syntax("", FieldFault::Empty)], GOOD),
            ("v=TLSRPTv1; x; rua=mailto:a@b.example", vec![syntax("x", FieldFault::NoEquals)], GOOD),
            ("v=TLSRPTv1; rua = mailto:a@b.example", vec![syntax("rua = mailto:a@b.example", FieldFault::SpaceAtEquals)], GOOD),
            ("v=TLSRPTv1; rua=mailto:a@b.example;mailto:c@d.example", vec![syntax("mailto:c@d.example", FieldFault::NoEquals)], GOOD),
            ("v=TLSRPTv1; rua=https://a.example/b;c", vec![], "v=TLSRPTv1; rua=https://a.example/b%3Bc"),
            ("v=TLSRPTv1; rua=mailto:a@b.example?subject=x;y", vec![], "v=TLSRPTv1; rua=mailto:a@b.example?subject=x%3By"),
            ("v=TLSRPTv1; rua=mailto:a@b.example;c", vec![syntax("c", FieldFault::NoEquals)], GOOD),
            ("v=TLSRPTv1; rua=mailto:a@b.example,mailto:c@d.example", vec![], "v=TLSRPTv1; rua=mailto:a@b.example,mailto:c@d.example"),
            ("v=TLSRPTv1; rua=https://a.example/b; c", vec![syntax("c", FieldFault::NoEquals)], "v=TLSRPTv1; rua=https://a.example/b"),
            (
                "v=TLSRPTv1; rua=https://a.example/b;n=1;c",
                vec![syntax("c", FieldFault::NoEquals)],
                "v=TLSRPTv1; rua=https://a.example/b; n=1",
            ),
        ] {
            let record = parse(text);
            assert_eq!(record.problems, problems, "{text}");
            assert_eq!(record.corrected("NEW"), corrected, "{text}");
        }
    }

    #[test]
    fn of_a_hostile_record_only_so_many_problems_are_kept() {
        assert_eq!(parse(&format!("v=TLSRPTv1;{}", "x;".repeat(PROBLEMS_KEPT + 9))).problems.len(), PROBLEMS_KEPT);
    }

    #[test]
    fn what_is_no_uri_is_the_same_only_where_it_is_written_the_same() {
        let of = |list: &str| parse(&format!("v=TLSRPTv1; rua={list}"));
        assert_eq!(of("a b,c d").targets.len(), 2);
        assert_eq!(of("a b,a b").problems, [Problem::TargetAgain("a b".to_owned())]);
    }

    #[test]
    fn senders_take_the_one_record_that_begins_with_the_version() {
        let targets = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            select(&texts).map(|record| record.targets.len())
        };
        assert_eq!(targets(&["v=spf1 -all", "v=TLSRPTv1; rua=mailto:a@b.example"]), Some(1));
        assert_eq!(targets(&["v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:c@d.example"]), None);
        assert_eq!(targets(&["v=spf1 -all"]), None);
    }

    #[test]
    fn near_misses_are_repaired_with_what_they_hold() {
        for text in ["v=tlsrptv1; rua=mailto:a@b.example", "rua=mailto:a@b.example; v=TLSRPTv1", "\"v=TLSRPTv1; rua=mailto:a@b.example\""] {
            assert_eq!(repaired(text, "NEW"), "v=TLSRPTv1; rua=mailto:a@b.example", "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_corrected_record_has_no_problem_left(rest in "([;,!= \t]|rua|mailto:|https://|[a-z]{1,3}|[@.]|\\PC){0,20}") {
            let corrected = parse(&format!("v=TLSRPTv1{rest}")).corrected("mailto:a@b.example");
            let again = parse(&corrected);
            prop_assert_eq!(&again.problems, &vec![], "{}", corrected);
            prop_assert!(again.targets.iter().all(|target| target.uri.is_ok() && target.unencoded.is_empty()), "{}", corrected);
        }
    }
}
