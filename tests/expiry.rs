//! `expiry`: every certificate of every MX host and policy host, soonest end first.

use serde_json::Value;

use crate::check::Scene;
use crate::lab::{Ehlo, Greeting, Key, Lab, Leaf, Smtp, Validity};
use crate::run::{Run, stsready};

fn entries(run: &Run) -> Vec<Value> {
    run.json()["entries"].as_array().expect("expiry lists entries").clone()
}

/// Host, key type and state of each entry.
fn shown(run: &Run) -> Vec<(String, String, String)> {
    let text = |entry: &Value, field: &str| entry[field].as_str().expect("a text").to_owned();
    entries(run).iter().map(|entry| (text(entry, "host"), text(entry, "key_type"), text(entry, "state"))).collect()
}

fn row(host: &str, key: &str, state: &str) -> (String, String, String) {
    (host.into(), key.into(), state.into())
}

#[test]
fn every_certificate_is_listed_soonest_end_first() {
    let lab = Lab::start_blocking().unwrap();
    let one = Scene::new(&lab, "alpha.test", |_| {});
    one.mx_presents(1, one.issue(&one.leaf(1).expires_in(20)));
    one.mx_presents(2, one.issue(&one.leaf(2).expires_in(-3)));
    let two = Scene::new(&lab, "beta.test", |plan| plan.mx_hosts = 1);
    two.mx_presents(1, two.issue(&two.leaf(1).key(Key::Rsa2048).expires_in(9)));
    two.policy_host_presents(two.issue(&two.policy_leaf().expires_in(28)));

    let run = stsready(["expiry", "alpha.test", "beta.test", "--format", "json"]).at(&lab).run().exits(1);
    let due = [
        row("mx2.alpha.test", "ecdsa", "expired"),
        row("mx1.beta.test", "rsa", "critical"),
        row("mx1.alpha.test", "ecdsa", "warning"),
        row("mta-sts.beta.test", "ecdsa", "overdue"),
        row("mta-sts.alpha.test", "ecdsa", "fine"),
    ];
    assert_eq!(shown(&run), due, "{run}");
    let json = run.json();
    assert_eq!((json["schema"].as_str(), json["state"].as_str()), (Some("stsready/expiry/1"), Some("expired")));
    let ends: Vec<&str> = json["entries"].as_array().unwrap().iter().map(|entry| entry["not_after"].as_str().unwrap()).collect();
    assert!(ends.is_sorted(), "{ends:?}");
    assert!(json["entries"][0]["seconds_left"].as_i64().unwrap() < 0);
    assert_eq!(json["entries"][1]["domains"], serde_json::json!(["beta.test"]));

    let text = stsready(["expiry", "alpha.test", "beta.test"]).at(&lab).run().exits(1).stdout;
    assert!(text.starts_with("✗ 5 served certificates: 1 expired, 1 about to expire, 1 expiring soon, 1 overdue"), "{text}");
    let lines = stsready(["expiry", "alpha.test", "beta.test", "--format", "ndjson"]).at(&lab).run().exits(1).stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["kind"] == "entry" && line["schema"] == "stsready/expiry/1"), "{lines:?}");
    assert_eq!(lines.len(), 5);
}

#[test]
fn an_intermediate_that_ends_first_is_named() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mx_hosts = 1);
    let ending = lab.ca().root().sub("Lab Ending Intermediate", |change| change.validity = Some(Validity::days(-356, 9)));
    scene.mx_presents(1, scene.issue(&scene.leaf(1).signed_by(&ending)));
    let run = stsready(["expiry", "alpha.test", "--format", "json"]).at(&lab).run().exits(1);
    assert_eq!(entries(&run)[0]["decided_by"], "the intermediate Lab Ending Intermediate");
}

#[test]
fn the_thresholds_can_be_set_in_days_and_hours() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mx_hosts = 1);
    scene.mx_presents(1, scene.issue(&scene.leaf(1).expires_in(40)));
    for (args, state, exit) in [
        (&[][..], "fine", 0),
        (&["--warn", "50d"], "warning", 0),
        (&["--warn", "50d", "--fail-on", "warning"], "warning", 1),
        (&["--critical", "1000h"], "critical", 1),
        (&["--critical", "1000h", "--fail-on", "never"], "critical", 0),
        (&["--critical", "5d"], "fine", 0),
    ] {
        let run = stsready(["expiry", "alpha.test", "--format", "json"]).args(args).at(&lab).run().exits(exit);
        assert_eq!(shown(&run)[0], row("mx1.alpha.test", "ecdsa", state), "{args:?}");
    }
    for wrong in ["ten", "-1d", "5w"] {
        stsready(["expiry", "alpha.test", &format!("--warn={wrong}")]).run().refuses(&["--warn", "30d"]);
    }
}

/// "Could not look" is not "fine": where nothing shows the host's certificate the answer stays open.
#[test]
fn a_host_that_shows_no_certificate_leaves_the_answer_open() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    scene.mx_does(2, |smtp| smtp.ehlo = Ehlo::WithoutStarttls);
    let run = stsready(["expiry", "alpha.test", "--format", "json"]).at(&lab).run().exits(3);
    let unseen = run.json()["unseen"].clone();
    assert_eq!((unseen[0]["host"].as_str(), unseen[0]["open"].as_bool()), (Some("mx2.alpha.test"), Some(true)), "{run}");
    assert!(unseen[0]["why"].as_str().unwrap().contains("does not offer STARTTLS"), "{run}");
    stsready(["expiry", "alpha.test", "--fail-on", "blocker"]).at(&lab).run().exits(0);

    // One of two addresses that is silent is a loose end.
    let refusing = lab.refusing_address();
    let loose = Scene::new(&lab, "beta.test", |plan| plan.mx_hosts = 1);
    loose.dns().address(&loose.mx_name(1), refusing);
    let run = stsready(["expiry", "beta.test", "--format", "json"]).at(&lab).run().exits(0);
    assert_eq!(run.json()["unseen"][0]["open"], false, "{run}");

    // The second certificate of a server may not be seen.
    let shy = Scene::new(&lab, "delta.test", |plan| plan.mx_hosts = 1);
    shy.mx_does(1, |smtp| smtp.greeting = Greeting::BusyAfter(1));
    let run = stsready(["expiry", "delta.test", "--format", "json"]).at(&lab).run().exits(0);
    let unseen = &run.json()["unseen"][0];
    assert_eq!((unseen["host"].as_str(), unseen["open"].as_bool()), (Some("mx1.delta.test"), Some(false)), "{run}");

    stsready(["expiry", "nothing.test", "--format", "json"]).at(&lab).run();
    lab.dns().fault("gamma.test", crate::lab::Fault::ServFail);
    let run = stsready(["expiry", "gamma.test", "--format", "json"]).at(&lab).run().exits(3);
    assert!(run.json()["unseen"][0]["why"].as_str().unwrap().contains("SERVFAIL"), "{run}");
}

#[test]
fn hosts_are_looked_at_by_name_without_a_domain() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    scene.mx_presents(2, scene.issue(&scene.leaf(2).expires_in(20)));
    let run = stsready(["expiry", "--host", "mx1.alpha.test", "--host", "mx2.alpha.test", "--format", "json"]).at(&lab).run().exits(0);
    assert_eq!(shown(&run), [row("mx2.alpha.test", "ecdsa", "warning"), row("mx1.alpha.test", "ecdsa", "fine")]);
    assert_eq!(entries(&run)[0]["role"], "host");
    stsready(["expiry"]).run().refuses(&["DOMAIN"]);

    // A port of its own: SMTP, or TLS from the start.
    let (smtp, https) = (format!("mx2.alpha.test:{}", lab.smtp_port()), format!("mta-sts.alpha.test:{}", lab.https_port()));
    let run = stsready(["expiry", "--host", &smtp, "--host", &https, "--format", "json"]).at(&lab).run().exits(0);
    assert_eq!(shown(&run), [row("mx2.alpha.test", "ecdsa", "warning"), row("mta-sts.alpha.test", "ecdsa", "fine")]);
    assert_eq!(entries(&run)[1]["port"], lab.https_port());
    let wrong = format!("mx2.alpha.test:{}", lab.https_port());
    let run = stsready(["expiry", "--host", &wrong, "--format", "json"]).at(&lab).run().exits(3);
    assert_eq!(run.json()["unseen"][0]["open"], true, "{run}");
    stsready(["expiry", "--host", "mx1.alpha.test:smtp"]).run().refuses(&["smtp", "port"]);
}

#[test]
fn a_file_on_disk_is_held_against_what_is_served() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let path = lab.folder().join("mx1.pem");
    std::fs::write(&path, scene.issue(&scene.leaf(1).valid(Validity::days(-1, 89))).pem()).unwrap();
    let file = path.to_str().unwrap();
    let call = |more: &[&str]| stsready(["expiry", "alpha.test", "--cert-file", file, "--format", "json"]).args(more).at(&lab).run();
    let run = call(&[]).exits(0);
    let of = |host: &str| entries(&run).into_iter().find(|entry| entry["host"] == host).unwrap()["on_disk"].clone();
    assert_eq!((of("mx1.alpha.test"), of("mx2.alpha.test")), (Value::from("newer"), Value::Null));
    assert_eq!(run.json()["files"][0]["compared"], 1);
    call(&["--fail-on", "warning"]).exits(1);
    let text = stsready(["expiry", "alpha.test", "--cert-file", file]).at(&lab).run().exits(0).stdout;
    assert!(text.contains("a newer one is on disk: reload"), "{text}");

    // A file that nothing could be compared with answers nothing.
    let other = lab.folder().join("other.pem");
    std::fs::write(&other, lab.chain("www.test").pem()).unwrap();
    stsready(["expiry", "alpha.test", "--cert-file", other.to_str().unwrap()]).at(&lab).run().exits(3);
    let lines = stsready(["expiry", "alpha.test", "--format", "ndjson", "--cert-file", other.to_str().unwrap()]).at(&lab).run().exits(3);
    let last: Value = serde_json::from_str(lines.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((last["kind"].as_str(), last["compared"].as_u64()), (Some("file"), Some(0)), "{lines}");
    std::fs::write(&other, "no certificate\n").unwrap();
    stsready(["expiry", "alpha.test", "--cert-file", other.to_str().unwrap()]).at(&lab).run().refuses(&["other.pem", "BEGIN CERTIFICATE"]);
    stsready(["expiry", "alpha.test", "--cert-file", "/nonexistent/a.pem"]).at(&lab).run().refuses(&["/nonexistent/a.pem"]);
}

/// A host that many domains share is one set of entries, and is visited as if one domain had it.
#[test]
fn domains_that_share_a_host_share_its_entries_and_its_connections() {
    let lab = Lab::start_blocking().unwrap();
    let shared =
        lab.smtp_host(Smtp { hostname: "mx.shared.test".into(), ..Smtp::default() }, lab.ca().issue(&Leaf::for_host("mx.shared.test")));
    lab.dns().address("mx.shared.test", shared.address());
    let names: Vec<String> = (0..20).map(|number| format!("d{number}.test")).collect();
    for name in &names {
        lab.good_domain(name, |plan| {
            plan.mx_hosts = 0;
            plan.foreign_mx = vec!["mx.shared.test".into()];
        });
    }
    let run = stsready(["expiry", "--format", "json"]).args(&names).at(&lab).run().exits(0);
    let of_mx: Vec<Value> = entries(&run).into_iter().filter(|entry| entry["role"] == "mx").collect();
    assert_eq!(of_mx.len(), 1);
    assert_eq!(of_mx[0]["domains"].as_array().unwrap().len(), 20);
    assert!(shared.visits().total() <= 2, "{} connections", shared.visits().total());
}

#[test]
fn saved_facts_list_what_the_live_run_listed() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    scene.mx_presents(1, scene.issue(&scene.leaf(1).expires_in(20)));
    let facts = lab.folder().join("facts.json");
    let live = stsready(["expiry", "alpha.test", "--format", "json", "--save-facts"]).args([&facts]).at(&lab).run().exits(0);
    let again = stsready(["expiry", "--format", "json", "--facts"]).args([&facts]).run().exits(0);
    assert_eq!(again.stdout, live.stdout);
    let later = stsready(["expiry", "--format", "json", "--now", "2099-01-01", "--facts"]).args([&facts]).run().exits(1);
    assert!(shown(&later).iter().all(|(_, _, state)| state == "expired"), "{later}");
}
