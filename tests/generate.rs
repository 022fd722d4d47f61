//! `generate` against the lab: what it makes is published, and checked.

use crate::check::Scene;
use crate::lab::{Lab, Page};
use crate::run::{Call, stsready};

const RUA: [&str; 3] = ["--rua", "mailto:tls-reports@reports.lab.test", "--foreign-rua"];

fn generate(lab: &Lab, what: &str, domain: &str) -> Call {
    stsready(["generate", what, domain, "--resolver", &lab.resolver().to_string()])
}

/// The value between the quotation marks of a zone-file line.
fn value(line: &str) -> &str {
    line.split('"').nth(1).unwrap()
}

#[test]
fn what_is_generated_is_what_check_asks_for() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "begin.test", |_| {});
    scene.remove("_smtp._tls");
    scene.remove("_mta-sts");
    scene.without_reports();
    scene.answers(crate::lab::Answer::Page(Page::status(404)));
    assert_eq!(scene.check().run().exits(1).json()["question"], "start-testing");

    let policy = generate(&lab, "policy", "begin.test").run().exits(0);
    assert_eq!(policy.stdout, "version: STSv1\nmode: testing\nmx: mx1.begin.test\nmx: mx2.begin.test\nmax_age: 604800\n");
    assert!(policy.stderr.contains("_mta-sts.begin.test."), "{policy}");
    let file = lab.folder().join("mta-sts.txt");
    std::fs::write(&file, &policy.stdout).unwrap();
    let dns = generate(&lab, "dns", "begin.test").args(RUA).args(["--policy".as_ref(), file.as_os_str()]).run().exits(0);
    let lines: Vec<&str> = dns.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{dns}");
    assert!(
        lines[0].starts_with("_smtp._tls.begin.test. 3600 IN TXT") && lines[1].starts_with("_mta-sts.begin.test. 3600 IN TXT"),
        "{dns}"
    );
    let record = generate(&lab, "record", "begin.test").args(RUA).run().exits(0);
    assert_eq!(record.stdout.lines().collect::<Vec<_>>(), lines[..1]);

    scene.txt("_smtp._tls", value(lines[0]));
    scene.txt("_mta-sts", value(lines[1]));
    scene.domain.policy = policy.stdout.clone();
    scene.serves(|page| page);
    let begun = scene.check().run().exits(3);
    assert_eq!(begun.json()["question"], "switch-to-enforce", "{begun}");
    let codes: Vec<String> = begun.assessment().findings().iter().map(|finding| finding.code().to_owned()).collect();
    assert_eq!(codes, ["reports-none"], "only reports are lacking{begun}");

    // Made again, the id is another, and what is there is told.
    let again = generate(&lab, "dns", "begin.test").args(RUA).args(["--policy".as_ref(), file.as_os_str()]).run().exits(0);
    assert!(!again.stdout.contains(value(lines[1])) && again.stderr.contains("this very record"), "{again}");
    assert!(again.stderr.contains("change policy"), "{again}");
}

#[test]
fn the_forms_say_the_same() {
    let lab = Lab::start_blocking().unwrap();
    lab.good_domain("forms.test", |_| {});
    let call =
        |format: &str| generate(&lab, "dns", "forms.test").args(RUA).args(["--policy-host", "9.9.9.9", "--format", format]).run().exits(0);
    let json = call("json").json();
    assert_eq!(json["schema"], "stsready/generate/1");
    let records = json["records"].as_array().unwrap();
    let kinds: Vec<_> = records.iter().map(|record| (record["label"].as_str().unwrap(), record["type"].as_str().unwrap())).collect();
    assert_eq!(kinds, [("_smtp._tls", "TXT"), ("_mta-sts", "TXT"), ("mta-sts", "A")]);
    assert!(json["policy"]["text"].as_str().unwrap().contains("mx: mx1.forms.test\n"));
    let fields = call("fields").stdout;
    for part in ["Name", "_smtp._tls", "(whole: _smtp._tls.forms.test.)", "TXT", "3600", "v=TLSRPTv1; rua=mailto:", "mx: mx1.forms.test"] {
        assert!(fields.contains(part), "{part}\n{fields}");
    }
    let zone = call("zone").stdout;
    assert_eq!(zone.lines().count(), 3, "{zone}");
    assert!(zone.contains("mta-sts.forms.test. 3600 IN A 9.9.9.9"), "{zone}");
}

#[test]
fn what_would_be_wrong_is_refused() {
    let lab = Lab::start_blocking().unwrap();
    lab.good_domain("good.test", |_| {});
    lab.dns().mx("null.test", 0, ".");
    lab.dns().address("bare.test", "127.0.0.9".parse().unwrap());
    lab.dns().mx("deep.test", 10, "a.b.deep.test");
    for (domain, exit, args, words) in [
        ("bare.test", 1, &["policy"][..], "no MX record"),
        ("null.test", 1, &["policy"], "null MX"),
        ("missing.test", 1, &["policy"], "no MX record"),
        ("good.test", 2, &["policy", "--mode", "enforce"], "change enforce"),
        ("good.test", 2, &["policy", "--mode", "none"], "change leave"),
        ("good.test", 2, &["policy", "--mx", "*.*.good.test"], "left-most label"),
        ("deep.test", 1, &["policy", "--mx", "*.deep.test"], "one label"),
        ("good.test", 1, &["policy", "--mx", "mx1.good.test"], "mx2.good.test"),
        ("good.test", 2, &["policy", "--max-age", "60"], "86400"),
        ("good.test", 2, &["record"], "--rua"),
        ("good.test", 2, &["record", "--rua", "tls@good.test"], "mailto:tls@good.test"),
        ("good.test", 2, &["record", "--rua", "mailto:tls@reports.lab.test"], "--foreign-rua"),
        ("good.test", 2, &["record", "--rua", "https://9.9.9.9/"], "--foreign-rua"),
        ("good.test", 2, &["record", "--rua", "mailto:a@good.test,mailto:b@good.test"], "--rua twice"),
        ("null.test", 2, &["record", "--rua", "mailto:tls@elsewhere.test"], "--foreign-rua"),
        ("good.test", 1, &["record", "--rua", "mailto:tls@nowhere.test", "--foreign-rua"], "record-rua-undeliverable"),
    ] {
        let run = generate(&lab, args[0], domain).args(&args[1..]).run().exits(exit);
        assert!(run.stderr.contains(words) && run.stdout.is_empty(), "{words}{run}");
    }
}

/// A file is read for its faults also where no store is wanted.
#[test]
fn a_faulty_configuration_stops_it() {
    let lab = Lab::start_blocking().unwrap();
    lab.good_domain("good.test", |_| {});
    let file = lab.folder().join("faulty.toml");
    std::fs::write(&file, "timeuot = '1s'\n").unwrap();
    generate(&lab, "policy", "good.test")
        .args(["--no-store", "--config"])
        .args([&file])
        .run()
        .refuses(&["line 1", "did you mean timeout?"]);
    // What is redirected into a file is the file, whatever format the configuration asks for elsewhere.
    std::fs::write(&file, "format = 'json'\n").unwrap();
    let policy = generate(&lab, "policy", "good.test").args(["--config"]).args([&file]).run().exits(0);
    assert!(policy.stdout.starts_with("version: STSv1\n"), "{policy}");
}

/// A resolver that does not answer makes a policy neither right nor wrong.
#[test]
fn silence_is_neither_yes_nor_no() {
    let lab = Lab::start_blocking().unwrap();
    lab.good_domain("good.test", |_| {});
    let call = stsready(["generate", "policy", "good.test", "--resolver", "127.0.0.1:1", "--timeout", "200ms"]);
    let run = call.run().exits(3);
    assert!(run.stderr.contains("could not be looked up") && run.stdout.is_empty(), "{run}");
}
