//! The JSON Schemas: that they are schemas, that the documents of every command hold to them, and that they refuse what does not.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json};
use stsready::render::schema::{self, ALL};

use crate::check::Scene;
use crate::documents::{documents, hold, published, validator, wrong};
use crate::lab::Lab;
use crate::run::{Run, stsready};

#[test]
fn each_is_printed_by_its_names_and_is_a_schema() {
    let list = stsready(["schema"]).run().exits(0).stdout;
    for of in ALL.iter().chain([&schema::VERIFY]) {
        for name in of.also.iter().chain([&of.name]) {
            assert_eq!(stsready(["schema", name]).run().exits(0).stdout, of.text, "{name}");
        }
        let schema = published(of);
        jsonschema::draft202012::meta::validate(&schema).unwrap_or_else(|error| panic!("{}: {error}", of.name));
        assert_eq!(
            (schema["$id"].as_str(), schema["$schema"].as_str()),
            (Some(of.id), Some("https://json-schema.org/draft/2020-12/schema"))
        );
        assert_eq!(list.contains(of.id), of.id != schema::VERIFY.id, "{list}");
    }
    stsready(["schema", "assesment"]).run().refuses(&["assesment", "assessment"]);
}

/// Every document that there is, by a run that prints it; [`hold`] looks at each of them as at every other run of these tests.
#[test]
fn the_documents_of_every_command_hold() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "alpha.test", |_| {});
    scene.mx_presents(2, scene.issue(&scene.leaf(2).expires_in(5)));
    scene.file("half.json", "{\"organization-name\": \"x");
    let path = |name: &str| lab.folder().join(name).display().to_string();
    let (store, facts, letters) = (path("store.sqlite"), path("facts.json"), scene.post().unwrap().display().to_string());
    let seen = Mutex::new(BTreeSet::new());
    let keep = |text: &str| {
        hold(text);
        for document in documents(text) {
            seen.lock().unwrap().insert(document["schema"].as_str().unwrap_or("stsready/store/1").to_owned());
        }
    };
    let call = |words: &[&str]| {
        for format in ["json", "ndjson"] {
            let run = stsready(words).args(["--format", format]).at(&lab).run();
            assert!(!documents(&run.stdout).is_empty(), "{run}");
            keep(&run.stdout);
        }
    };
    let offline = |words: &[&str]| {
        for format in ["json", "ndjson"] {
            let run = stsready(words).args(["--format", format]).run();
            assert!(!documents(&run.stdout).is_empty(), "{run}");
            keep(&run.stdout);
        }
    };
    offline(&["reports", "ingest", "--no-dkim", "--again", "--store", &store, &letters]);
    call(&["check", "alpha.test", "--all", "--store", &store]);
    call(&["check", "alpha.test", "missing.test", "--no-store"]);
    stsready(["check", "alpha.test", "--deep", "--quiet", "--save-facts", &facts, "--reports", &letters]).at(&lab).run();
    keep(&std::fs::read_to_string(&facts).unwrap());
    for stage in ["record", "policy", "mx"] {
        call(&[stage, "alpha.test"]);
    }
    call(&["expiry", "alpha.test", "--host", "no.test"]);
    call(&["guide", "alpha.test", "--store", &store]);
    call(&["change", "enforce", "alpha.test", "--store", &store]);
    let (bundle, told) = (path("bundle"), path("told.json"));
    let notify = format!("--notify=command:cat > {told}");
    stsready(["check", "alpha.test", "--bundle", &bundle, "--store", &store, &notify]).at(&lab).run();
    keep(&std::fs::read_to_string(Path::new(&bundle).join("bundle.json")).unwrap());
    keep(&std::fs::read_to_string(&told).unwrap());
    offline(&["bundle", "verify", &bundle]);
    offline(&["history", "alpha.test", "--store", &store]);
    offline(&["reports", "show", &letters]);
    offline(&["reports", "show", "alpha.test", "--store", &store]);
    offline(&["reports", "list", "--store", &store]);
    offline(&["reports", "list", "--rejected", "--store", &store]);
    offline(&["reports", "prune", "--older-than", "3650d", "--dry-run", "--store", &store]);
    for word in ["path", "stats", "check"] {
        offline(&["store", word, "--store", &store]);
    }
    let resolver = lab.args();
    for words in [&["reports", "digest", "--store", &store][..], &["generate", "policy", "alpha.test", &resolver[0], &resolver[1]]] {
        keep(&stsready(words).args(["--format", "json"]).run().stdout);
    }
    offline(&["config", "show"]);
    offline(&["rules"]);
    offline(&["playbook", "list"]);
    let due: BTreeSet<String> = ALL.iter().map(|of| of.id.to_owned()).filter(|id| id != "stsready/fetch/1").collect();
    // Fetching is staged by the tests of IMAP, where every run is looked at, too.
    assert_eq!(seen.into_inner().unwrap(), due);
}

/// One domain whose assessment has something of everything, as printed.
fn assessment(lab: &Lab) -> Run {
    let scene = Scene::new(lab, "alpha.test", |_| {});
    scene.mx_presents(2, scene.issue(&scene.leaf(2).expires_in(-2)));
    scene.check().run().exits(1)
}

#[test]
fn what_breaks_the_contract_is_refused_and_what_is_new_is_not() {
    let lab = Lab::start_blocking().unwrap();
    let good = assessment(&lab).json();
    let schema = validator(&published(schema::find("assessment").unwrap()));
    assert!(schema.is_valid(&good) && schema.is_valid(&json!([good, good])));
    let spoiled = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        value
    };
    let rename = |value: &mut Value, from: &str, to: &str| {
        let object = value.as_object_mut().unwrap();
        let member = object.remove(from).unwrap();
        object.insert(to.to_owned(), member);
    };
    type Change<'a> = &'a dyn Fn(&mut Value);
    let faults: [(&str, Change<'_>); 9] = [
        ("a renamed member", &|value| rename(value, "answer", "verdict")),
        ("a renamed member of a finding", &|value| rename(&mut value["findings"][0], "code", "rule")),
        ("a wrong type", &|value| value["checked"] = "many".into()),
        ("a wrong type deep down", &|value| value["mx"][0]["addresses"] = json!({})),
        ("an answer that there is not", &|value| value["answer"] = "perhaps".into()),
        ("a severity that there is not", &|value| value["findings"][0]["severity"] = "fatal".into()),
        ("an instant that is none", &|value| value["asked_at"] = "today".into()),
        ("a fingerprint that is none", &|value| value["runway"][0]["sha256"] = "c0ffee".into()),
        ("another schema", &|value| value["schema"] = "stsready/assessment/2".into()),
    ];
    for (what, change) in faults {
        let spoiled = spoiled(change);
        assert!(!schema.is_valid(&spoiled), "{what}");
        assert!(!schema.is_valid(&json!([good, spoiled])), "{what}, among several");
    }
    let newer = spoiled(&|value| value["findings"][0]["of_a_later_version"] = json!({"a": 1}));
    assert!(schema.is_valid(&newer), "members may be added");
    assert!(!wrong(&newer).is_empty(), "but not without being published");
}

/// Facts as versions before this one saved them: they hold to the schema, and are judged.
#[test]
fn facts_of_older_versions_hold_and_are_judged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old");
    let schema = validator(&published(schema::find("facts").unwrap()));
    for (name, answer, codes) in [
        // Before vantages, DANE, authenticity, observations: the first that were ever saved.
        ("facts-first.json", "not-ready", &["cert-private-ca"][..]),
        // With all that came until reports were signed.
        ("facts-later.json", "not-ready", &["reports-failing", "starttls-unreachable"]),
    ] {
        let path = folder.join(name);
        let facts: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let errors: Vec<String> = schema.iter_errors(&facts).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, [""; 0], "{name}");
        let run = stsready(["check", "--format", "json", "--facts"]).args([&path]).run();
        let assessment = run.assessment();
        assert_eq!(assessment.answer(), answer, "{name}{run}");
        for code in codes {
            assert!(!assessment.of(code).is_empty(), "{name}: {code}{run}");
        }
    }
}
