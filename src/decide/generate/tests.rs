use super::*;
use crate::model::facts::TargetFacts;
use crate::model::facts::dns::{AddressFacts, MxRecord};
use crate::model::fixture::vantage;
use crate::model::looked::{Cname, Failure, FailureKind};

fn name(text: &str) -> Domain {
    Domain::from_dns(text)
}

fn seen<T>(value: T) -> Looked<Answer<T>> {
    Looked::Seen(Answer { value, ttl: 300, via: Vec::new() })
}

fn absent<T>() -> Looked<T> {
    Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() })
}

fn failed<T>() -> Looked<T> {
    Looked::Failed(Failure::new(FailureKind::ServFail, "SERVFAIL"))
}

fn mx(hosts: &[&str]) -> Looked<Answer<Vec<MxRecord>>> {
    seen((10..).step_by(10).zip(hosts).map(|(preference, host)| MxRecord { preference, exchange: name(host) }).collect())
}

fn texts_of(text: &str) -> Looked<Answer<Vec<TxtRecord>>> {
    seen(vec![TxtRecord { strings: vec![text.to_owned()] }])
}

fn ground() -> Ground {
    Ground {
        domain: name("shop.example"),
        mx: mx(&["mx1.shop.example", "mx2.shop.example"]),
        own_addresses: None,
        record: absent(),
        sts: absent(),
        policy_host: AddressFacts { v4: absent(), v6: absent() },
        targets: vec![TargetFacts { host: name("shop.example"), mx: Some(mx(&["mx.elsewhere.example"])), addresses: None }],
    }
}

fn nothing() -> Facts {
    Facts::nothing(name("shop.example"), "2026-11-22T09:00:00Z".parse().expect("a time"), vantage())
}

fn wish() -> Wish {
    Wish { rua: Vec::new(), foreign_rua: false, policy: None, text: None, host: None, records: false }
}

fn policy() -> PolicyWish {
    PolicyWish { mode: Mode::Testing, max_age: 604_800, patterns: Vec::new(), exact: false }
}

fn made(ground: &Ground, wish: &Wish) -> Result<Generated, Refusal> {
    generate(ground, wish, &BTreeSet::new(), nothing())
}

fn refused(ground: &Ground, wish: &Wish) -> Refusal {
    made(ground, wish).expect_err("refused")
}

#[test]
fn a_record_names_its_targets() {
    let wish = Wish { rua: vec!["mailto:tls@shop.example".to_owned()], ..wish() };
    let made = made(&ground(), &wish).expect("a record");
    assert_eq!(made.records.len(), 1);
    let record = &made.records[0];
    assert_eq!(
        (record.label.as_str(), record.kind, record.value.as_str()),
        ("_smtp._tls", "TXT", "v=TLSRPTv1; rua=mailto:tls@shop.example")
    );
    assert_eq!(record.zone, "_smtp._tls.shop.example. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:tls@shop.example\"");
    assert_eq!((made.policy, made.notes), (None, vec![]));
}

#[test]
fn a_policy_begins_in_testing_with_the_hosts_of_today_and_an_id_of_its_own() {
    let wish = Wish { policy: Some(policy()), ..wish() };
    let made = made(&ground(), &wish).expect("a policy");
    let file = made.policy.expect("a file");
    assert_eq!(file.text, "version: STSv1\nmode: testing\nmx: mx1.shop.example\nmx: mx2.shop.example\nmax_age: 604800\n");
    assert_eq!(policy::parse(&file.text).problems, []);
    assert_eq!(file.url, "https://mta-sts.shop.example/.well-known/mta-sts.txt");
    let id = |made: &Generated| sts_record::parse(&made.records[0].value).id.expect("an id");
    let first = Generated { policy: None, ..made };
    assert!(policy_id::names(&id(&first), &file.text));
    let used = BTreeSet::from([id(&first)]);
    let again = generate(&ground(), &wish, &used, nothing()).expect("another");
    assert_ne!(id(&again), id(&first), "an id that was used is used no more");
    let published = Ground { sts: texts_of(&first.records[0].value), ..ground() };
    let third = generate(&published, &wish, &BTreeSet::new(), nothing()).expect("a third");
    assert_ne!(id(&third), id(&first), "nor is the one that is published");
    assert!(third.notes.iter().any(|note| note.contains("change policy")), "{:?}", third.notes);
}

#[test]
fn wildcards_stand_where_the_provider_has_them_so() {
    let of = |hosts: &[&str], exact| {
        let ground = Ground { mx: mx(hosts), ..ground() };
        let wish = Wish { policy: Some(PolicyWish { exact, ..policy() }), ..wish() };
        let text = made(&ground, &wish).expect("a policy").policy.expect("a file").text;
        text.lines().filter_map(|line| line.strip_prefix("mx: ").map(str::to_owned)).collect::<Vec<_>>()
    };
    let tenant = "shop-example.mail.protection.outlook.com";
    assert_eq!(of(&[tenant], false), ["*.mail.protection.outlook.com"]);
    assert_eq!(of(&[tenant], true), [tenant]);
    assert_eq!(of(&["mx.shop.example", "shop-example.h-v1.mx.microsoft"], false), ["mx.shop.example", "*.h-v1.mx.microsoft"]);
    assert_eq!(of(&["aspmx.l.google.com", "alt1.aspmx.l.google.com"], false), ["aspmx.l.google.com", "alt1.aspmx.l.google.com"]);
}

#[test]
fn what_would_be_wrong_is_refused_with_the_way_out() {
    let with = |policy: PolicyWish| Wish { policy: Some(policy), ..wish() };
    let patterns = |written: &[&str]| with(PolicyWish { patterns: written.iter().map(ToString::to_string).collect(), ..policy() });
    let rua = |target: &str| Wish { rua: vec![target.to_owned()], ..wish() };
    let dead = TargetFacts { host: name("shop.example"), mx: Some(mx(&["."])), addresses: None };
    let deep = Ground { mx: mx(&["a.b.shop.example"]), ..ground() };
    let at = |host| Wish { host: Some(host), records: true, ..with(policy()) };
    let text = |modes: &str| {
        let text = format!("version: STSv1\n{modes}mx: *.shop.example\nmax_age: 86400\n");
        Wish { text: Some(text), ..wish() }
    };
    let published = Ground { sts: texts_of("v=STSv1; id=1;"), ..ground() };
    for (why, ground, wish, is_right) in vec![
        ("change enforce", ground(), text("mode: testing\nmode: enforce\n"), "world"),
        ("change enforce", ground(), text("mode: none\nMode: Enforce\n"), "world"),
        ("two modes, in the lines 2 and 3", ground(), text("mode: testing\nmode: none\n"), "world"),
        ("change leave", published, text("mode: none\n"), "world"),
        ("could not be looked up", Ground { sts: failed(), ..ground() }, text("mode: none\n"), "open"),
        ("no MX record", Ground { mx: absent(), own_addresses: Some(ground().policy_host), ..ground() }, with(policy()), "world"),
        ("null MX", Ground { mx: mx(&["."]), ..ground() }, with(policy()), "world"),
        ("could not be looked up", Ground { mx: failed(), ..ground() }, with(policy()), "open"),
        ("change enforce", ground(), with(PolicyWish { mode: Mode::Enforce, ..policy() }), "call"),
        ("change leave", ground(), with(PolicyWish { mode: Mode::None, ..policy() }), "call"),
        ("star that is not the whole left-most label", ground(), patterns(&["*.*.shop.example"]), "call"),
        ("one label", deep.clone(), patterns(&["*.shop.example"]), "world"),
        ("no pattern covers the MX host mx2.shop.example", ground(), patterns(&["mx1.shop.example"]), "world"),
        ("public suffix", ground(), patterns(&["*.co.uk", "*.shop.example"]), "call"),
        ("public suffix", ground(), patterns(&["*.example", "*.shop.example"]), "call"),
        ("no pattern covers the MX host a.b.shop.example", deep.clone(), patterns(&["b.shop.example"]), "world"),
        ("no pattern covers the MX host a.b.shop.example", deep.clone(), patterns(&["*.other.example"]), "world"),
        ("e-mail address", ground(), patterns(&["postmaster@shop.example"]), "call"),
        ("is an IP address", Ground { mx: mx(&["192.0.2.1"]), ..ground() }, with(policy()), "world"),
        ("bare mail address", ground(), rua("tls@shop.example"), "call"),
        ("write mailto:tls@shop.example", ground(), rua("tls@shop.example"), "call"),
        ("only mailto and https", ground(), rua("ftp://shop.example/"), "call"),
        ("where senders cut", ground(), rua("mailto:a!b@shop.example"), "call"),
        ("give --rua twice", ground(), rua("mailto:t@shop.example,mailto:u@shop.example"), "call"),
        ("--foreign-rua", ground(), rua("mailto:tls@reports.example"), "call"),
        ("--foreign-rua", ground(), rua("https://9.9.9.9/"), "call"),
        ("a private address", ground(), rua("https://10.0.0.1/"), "call"),
        ("a loopback address", ground(), rua("https://[::1]/"), "call"),
        ("itself or below", ground(), at(PolicyHost::Name(name("mta-sts.shop.example"))), "call"),
        ("itself or below", ground(), at(PolicyHost::Name(name("x.mta-sts.shop.example"))), "call"),
        ("a private address", ground(), at(PolicyHost::Address([192, 168, 1, 1].into())), "call"),
        ("an address for documentation", ground(), at(PolicyHost::Address([192, 0, 2, 9].into())), "call"),
        ("null MX", Ground { targets: vec![dead], ..ground() }, rua("mailto:tls@shop.example"), "world"),
        (
            "change enforce",
            ground(),
            Wish { text: Some("version: STSv1\nmode: enforce\nmx: mx1.shop.example\nmax_age: 86400\n".into()), ..wish() },
            "world",
        ),
        (
            "mx-uncovered",
            ground(),
            Wish { text: Some("version: STSv1\nmode: testing\nmx: mx1.shop.example\nmax_age: 86400\n".into()), ..wish() },
            "world",
        ),
        (
            "policy-mode-invalid",
            ground(),
            Wish { text: Some("version: STSv1\nmode: test\nmx: *.shop.example\nmax_age: 86400\n".into()), ..wish() },
            "world",
        ),
    ] {
        let told = match wish.rua.is_empty().then(|| refused(&ground, &wish)) {
            Some(refusal) => refusal,
            None => targets(&wish).err().unwrap_or_else(|| refused(&ground, &wish)),
        };
        let kind = match &told {
            Refusal::Call(_) => "call",
            Refusal::World(_) => "world",
            Refusal::Open(_) => "open",
        };
        assert!(told.to_string().contains(why) && kind == is_right, "{why}: {kind} {told}");
    }
}

#[test]
fn each_host_of_a_report_target_is_looked_up_unless_it_is_an_address() {
    let of = |rua: &[&str]| targets(&Wish { rua: rua.iter().map(ToString::to_string).collect(), ..wish() }).expect("targets");
    let (mail, https) = ("mailto:tls@shop.example", "https://reports.shop.example/tls");
    assert_eq!(of(&[mail, https, "https://9.9.9.9/"]), [(name("shop.example"), true), (name("reports.shop.example"), false)]);
}

#[test]
fn reports_stay_at_home_unless_told_otherwise() {
    let goes = |domain: &str, target: &str, foreign_rua: bool| {
        let targets = vec![TargetFacts { host: name(target), mx: Some(mx(&["mx.elsewhere.example"])), addresses: None }];
        let ground = Ground { domain: name(domain), targets, ..ground() };
        let wish = Wish { rua: vec![format!("mailto:tls@{target}")], foreign_rua, ..wish() };
        made(&ground, &wish).is_ok()
    };
    for (what, domain, target, is_home) in [
        ("the domain itself", "shop.example", "shop.example", true),
        ("below it", "shop.example", "reports.shop.example", true),
        ("beside it, of the same organisation", "eu.shop.example", "reports.shop.example", true),
        ("above it", "eu.shop.example", "shop.example", true),
        ("a suffix, of whoever registers there", "co.uk", "tls.co.uk", true),
        ("a sister under a suffix", "a.co.uk", "b.co.uk", false),
        ("another's", "shop.example", "shop.example.net", false),
    ] {
        assert_eq!(goes(domain, target, false), is_home, "{what}");
        assert!(goes(domain, target, true), "{what}: it is meant so");
    }
}

/// Who gives up a policy that nobody has seen may do so at once.
#[test]
fn a_policy_in_none_is_made_an_id_for_where_none_is_published() {
    let withdrawn = "version: STSv1\nmode: none\nmx: *.shop.example\nmax_age: 86400\n";
    let wish = Wish { text: Some(withdrawn.to_owned()), ..wish() };
    for (what, ground) in [("nothing is there", ground()), ("only another record is", Ground { sts: texts_of("v=spf1 -all"), ..ground() })]
    {
        let made = made(&ground, &wish).unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        assert!(policy_id::names(&sts_record::parse(&made.records[0].value).id.expect("an id"), withdrawn), "{what}");
        // The records alone were not asked for: the file comes along.
        assert_eq!(made.policy.map(|file| file.text).as_deref(), Some(withdrawn), "{what}");
    }
}

#[test]
fn the_policy_hosts_certificate_is_spoken_of_where_it_moves_or_is_new() {
    let there = AddressFacts { v4: seen(vec![[9, 9, 9, 9].into()]), v6: absent() };
    let to = Some(PolicyHost::Name(name("policy.host.example")));
    for (what, policy_host, host, spoken) in [
        ("it has no address yet", ground().policy_host, None, true),
        ("it gets one", ground().policy_host, to.clone(), true),
        ("it moves", there.clone(), to, true),
        ("it stays", there, None, false),
    ] {
        let wish = Wish { policy: Some(policy()), host, records: true, ..wish() };
        let notes = made(&Ground { policy_host, ..ground() }, &wish).expect("records").notes;
        assert_eq!(notes.iter().any(|note| note.contains("needs a certificate for mta-sts.shop.example")), spoken, "{what}: {notes:?}");
    }
}

/// A domain without mail may learn of attempts; a policy for it would protect nothing.
#[test]
fn only_what_concerns_the_texts_is_told_of_them() {
    let record = || Wish { rua: vec!["mailto:tls@shop.example".to_owned()], ..wish() };
    let file = |text: &str| Wish { text: Some(text.to_owned()), ..wish() };
    let text = |max_age: u32, more: &str| {
        format!("version: STSv1\nmode: testing\nmx: mx1.shop.example\nmx: mx2.shop.example\n{more}max_age: {max_age}\n")
    };
    let parked = || Ground { mx: mx(&["."]), ..ground() };
    let codes = |ground: &Ground, wish: &Wish| {
        let made = made(ground, wish).unwrap_or_else(|refusal| panic!("{refusal}"));
        let coded = made.notes.into_iter().filter(|note| note.ends_with(')') && note.contains(" ("));
        coded
            .map(|note| (note.starts_with("warning: "), note.rsplit(" (").next().unwrap_or_default().trim_end_matches(')').to_owned()))
            .collect::<Vec<_>>()
    };
    let is = |warns: bool, code: &str| vec![(warns, code.to_owned())];
    for (what, ground, wish, expected) in [
        ("a policy as it should be", ground(), file(&text(604_800, "")), vec![]),
        ("it is held for minutes", ground(), file(&text(600, "")), is(true, "policy-max-age-short")),
        ("a line that nobody knows", ground(), file(&text(604_800, "colour: red\n")), is(false, "policy-unknown-field")),
        ("a record for a domain without mail", parked(), record(), is(false, "domain-null-mx")),
        ("a record alone says nothing of the MX set", Ground { mx: mx(&["192.0.2.1"]), ..ground() }, record(), vec![]),
    ] {
        assert_eq!(codes(&ground, &wish), expected, "{what}");
    }
    assert!(matches!(refused(&parked(), &file(&text(604_800, ""))), Refusal::World(_)));
}

#[test]
fn the_records_around_a_policy_are_whole() {
    let text = "version: STSv1\nmode: testing\nmx: *.shop.example\nmax_age: 604800\n".to_owned();
    let wish = Wish {
        rua: vec!["mailto:tls@shop.example".to_owned()],
        text: Some(text.clone()),
        host: Some(PolicyHost::Name(name("policy.host.example"))),
        records: true,
        ..wish()
    };
    let made = made(&ground(), &wish).expect("records");
    let kinds: Vec<_> = made.records.iter().map(|record| (record.label.as_str(), record.kind)).collect();
    assert_eq!(kinds, [("_smtp._tls", "TXT"), ("_mta-sts", "TXT"), ("mta-sts", "CNAME")]);
    assert_eq!(made.records[2].zone, "mta-sts.shop.example. 3600 IN CNAME policy.host.example.");
    assert!(policy_id::names(&sts_record::parse(&made.records[1].value).id.expect("an id"), &text));
    assert_eq!(made.policy, None, "the file is there");
    let address = Wish { host: Some(PolicyHost::Address([9, 9, 9, 9].into())), ..wish.clone() };
    assert_eq!(super::generate(&ground(), &address, &BTreeSet::new(), nothing()).expect("records").records[2].kind, "A");
    let without = Wish { host: None, ..wish };
    let notes = super::generate(&ground(), &without, &BTreeSet::new(), nothing()).expect("records").notes;
    assert!(notes.iter().any(|note| note.contains("--policy-host")), "{notes:?}");
}

#[test]
fn what_is_there_already_is_told() {
    let wish = Wish { rua: vec!["mailto:tls@shop.example".to_owned()], ..wish() };
    let notes = |record: &str| made(&Ground { record: texts_of(record), ..ground() }, &wish).expect("a record").notes.join(" ");
    assert!(notes("v=TLSRPTv1; rua=mailto:tls@shop.example").contains("this very record"));
    assert!(notes("v=TLSRPTv1; rua=mailto:other@shop.example").contains("in its place"));
    assert_eq!(notes("v=spf1 -all"), "");
    let near = notes("v=TLSRPT1; rua=mailto:other@shop.example");
    assert!(near.contains("in its place") && near.contains("v=TLSRPT1"), "{near}");
}

/// Two records count as none, and one that is nearly right is taken for a mistake of the new one.
#[test]
fn every_record_of_the_kind_gives_way_and_lends_no_id() {
    let two = |texts: [&str; 2]| seen(texts.map(|text| TxtRecord { strings: vec![text.to_owned()] }).to_vec());
    let wish = Wish { rua: vec!["mailto:tls@shop.example".to_owned()], policy: Some(policy()), records: true, ..wish() };
    let id = |ground: &Ground| {
        let made = made(ground, &wish).expect("records");
        (sts_record::parse(&made.records[1].value).id.expect("an id"), made.notes.join("\n"))
    };
    let (first, _) = id(&ground());
    let published = format!("v=STSv1; id={first};");
    let record = two(["v=TLSRPTv1; rua=mailto:a@shop.example", "v=TLSRPTv1; rua=mailto:b@shop.example"]);
    for other in ["v=STSv1; id=2", "v=STSv2; id=2"] {
        let (second, notes) = id(&Ground { record: record.clone(), sts: two([&published, other]), ..ground() });
        assert_ne!(second, first, "an id that is published beside {other} is used");
        for part in ["_smtp._tls.shop.example has 2 records", "a@shop", "b@shop", "_mta-sts.shop.example has 2 records", &first, other] {
            assert!(notes.contains(part), "{part}: {notes}");
        }
    }
    let (second, notes) = id(&Ground { sts: texts_of(&format!("v=STSv2; id={first};")), ..ground() });
    assert!(second != first && notes.contains("put this one in its place"), "{notes}");
}

#[test]
fn nothing_stands_beside_a_cname_and_what_was_not_seen_is_not_empty() {
    let cname = |from: &str| Cname { name: name(from), target: name("gone.host.example"), ttl: 300 };
    fn dangling<T>(link: Cname) -> Looked<Answer<T>> {
        Looked::Absent(Absence { kind: AbsenceKind::NxDomain, via: vec![link] })
    }
    let rua = || Wish { rua: vec!["mailto:tls@shop.example".to_owned()], ..wish() };
    let records = || Wish { policy: Some(policy()), records: true, ..wish() };
    let pointed = || Wish { host: Some(PolicyHost::Name(name("policy.host.example"))), ..records() };
    let gone = |name: &str| AddressFacts { v4: dangling(cname(name)), v6: dangling(cname(name)) };
    for (ground, wish, words) in [
        (Ground { record: dangling(cname("_smtp._tls.shop.example")), ..ground() }, rua(), "take it out first"),
        (Ground { sts: dangling(cname("_mta-sts.shop.example")), ..ground() }, records(), "which does not exist"),
        (Ground { policy_host: gone("mta-sts.shop.example"), ..ground() }, pointed(), "take it out first"),
    ] {
        let refusal = refused(&ground, &wish);
        assert!(matches!(&refusal, Refusal::World(why) if why.contains(words) && why.contains("gone.host.example")), "{refusal:?}");
    }
    let silent = AddressFacts { v4: failed(), v6: absent() };
    for (ground, wish) in [
        (Ground { record: failed(), ..ground() }, rua()),
        (Ground { sts: failed(), ..ground() }, records()),
        (Ground { policy_host: silent.clone(), ..ground() }, records()),
        (Ground { policy_host: silent, ..ground() }, pointed()),
    ] {
        let refusal = refused(&ground, &wish);
        assert!(matches!(&refusal, Refusal::Open(why) if why.contains("SERVFAIL")), "{refusal:?}");
    }
    let same = Wish { host: Some(PolicyHost::Name(name("gone.host.example"))), ..records() };
    for (wish, words) in [(same, "this very CNAME"), (records(), "which has no address")] {
        let notes = made(&Ground { policy_host: gone("mta-sts.shop.example"), ..ground() }, &wish).expect("records").notes.join("\n");
        assert!(notes.contains(words), "{notes}");
    }
    // One family is enough to be there.
    let there = AddressFacts { v4: seen(vec![[9, 9, 9, 9].into()]), v6: failed() };
    assert!(made(&Ground { policy_host: there, ..ground() }, &records()).is_ok());
}
