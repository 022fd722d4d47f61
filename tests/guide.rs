//! `guide` walked over the lab: somebody who does what the guide says, with its own texts and nothing else, arrives.

use std::path::PathBuf;

use hickory_proto::rr::RecordType;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::check::Scene;
use crate::lab::{Ehlo, Https, Lab, Page, Smtp, Validity};
use crate::letters::{self, Letter};
use crate::run::{Call, stsready};

/// More turns than any ladder has.
const TURNS: usize = 30;

/// Knows nothing of MTA-STS, and does what the guide says.
struct Admin<'a> {
    scene: &'a Scene<'a>,
    words: Vec<String>,
    /// The time, once some was waited for.
    clock: Option<Timestamp>,
    /// The MX records, by preference.
    mx: Vec<(u16, String)>,
    /// The policy as it was last served: senders report about it.
    served: String,
    /// Up to which day reports have come.
    reported: Option<Timestamp>,
    /// Whether looks are remembered.
    store: bool,
    /// What was done, in a word each; waits one after the other are one.
    diary: Vec<String>,
}

impl<'a> Admin<'a> {
    fn new(scene: &'a Scene<'a>, words: &[&str]) -> Self {
        let mx = (10..).step_by(10).zip(scene.domain.mx.iter().map(|(host, _)| host.clone())).collect();
        let words = words.iter().map(ToString::to_string).collect();
        Self { scene, words, clock: None, mx, served: scene.domain.policy.clone(), reported: None, store: false, diary: Vec::new() }
    }

    fn inbox(&self) -> PathBuf {
        let folder = self.scene.lab.folder().join(format!("{}.inbox", self.scene.name));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn call(&self) -> Call {
        stsready(["guide", self.scene.name.as_str(), "--format", "json"]).args(&self.words)
    }

    /// The guide as of the admin's time.
    fn look(&self) -> Value {
        let lab = self.scene.lab;
        let seen = lab.folder().join(format!("{}.seen.json", self.scene.name));
        let store = lab.folder().join(format!("{}.sqlite", self.scene.name));
        let live = self.call().at(lab).args(["--save-facts".as_ref(), seen.as_os_str()]).args(["--reports".into(), self.inbox()]);
        let live = if self.store { live.args(["--store".as_ref(), store.as_os_str()]) } else { live };
        let live = live.run();
        let Some(clock) = self.clock else { return live.json() };
        let later = self.call().args(["--now", &clock.to_string()]).args(["--roots".as_ref(), lab.root_file().as_os_str()]);
        later.args(["--facts".as_ref(), seen.as_os_str()]).run().json()
    }

    /// Goes on until nothing is left to do.
    fn walk(&mut self) -> Vec<String> {
        for _ in 0..TURNS {
            let guide = self.look();
            if self.store {
                // Looks are dated to the second, and of one second the first counts.
                std::thread::sleep(std::time::Duration::from_millis(1_100));
            }
            let Some(current) = guide["current"].as_u64() else {
                assert_eq!(guide["standing"], "done", "{guide:#}");
                return std::mem::take(&mut self.diary);
            };
            let step = &guide["steps"][usize::try_from(current).unwrap() - 1];
            // A plan has a number for each of its steps behind the name.
            let id = step["id"].as_str().unwrap().split('.').next().unwrap();
            if guide["standing"] == "waiting" {
                self.wait(step);
                let entry = format!("{id}: wait");
                if self.diary.last() != Some(&entry) {
                    self.diary.push(entry);
                }
                continue;
            }
            assert_eq!(guide["standing"], "to-do", "{guide:#}");
            let publish = step["publish"].as_array().unwrap_or_else(|| panic!("nothing to do in {step:#} after {:?}", self.diary));
            for publish in publish {
                let done = self.publish(publish);
                self.diary.push(format!("{id}: {done}"));
            }
        }
        panic!("no end is reached: {:?} {:#}", self.diary, self.look());
    }

    /// Lets the time pass; meanwhile senders report.
    fn wait(&mut self, step: &Value) {
        let waits = step["waits"].as_array().unwrap_or_else(|| panic!("a time to wait for in {step:#}"));
        let until: Timestamp = waits.iter().map(|wait| wait["until"].as_str().unwrap().parse().unwrap()).max().unwrap();
        assert!(self.clock.is_none_or(|clock| clock < until), "it waits again: {step:#}");
        self.clock = Some(until);
        let today = letters::days_ago(0);
        let first = self.reported.map_or(today, |at| at.to_zoned(TimeZone::UTC).date());
        let last = until.to_zoned(TimeZone::UTC).date();
        let mut day = first;
        while day < last {
            for (organization, contact, sessions) in letters::SENDERS {
                Letter::new(&self.scene.name, organization, contact, day)
                    .policy(&self.served)
                    .successful(sessions)
                    .write_gzip(&self.inbox());
            }
            day = day.tomorrow().unwrap();
        }
        self.reported = Some(until);
    }

    /// Does what one text asks for.
    fn publish(&mut self, publish: &Value) -> String {
        let (place, action, text) =
            (publish["place"].as_str().unwrap(), publish["action"].as_str().unwrap(), publish["text"].as_str().unwrap());
        if place != "dns" {
            assert_eq!(place, format!("https://mta-sts.{}/.well-known/mta-sts.txt", self.scene.name));
            self.served = text.to_owned();
            self.scene.domain.policy_host.set(Https::policy(text));
            return format!("serve {}", text.lines().find_map(|line| line.strip_prefix("mode: ")).unwrap());
        }
        let kinds: Vec<&str> = text.lines().map(|line| self.zone(action, line)).collect();
        format!("{action} {}", kinds.join(" "))
    }

    /// Does to the zone what a line says.
    fn zone<'t>(&mut self, action: &str, line: &'t str) -> &'t str {
        // NAME [TTL] IN TYPE DATA; a record that is there keeps its TTL.
        let (owner, rest) = line.split_once(" IN ").unwrap_or_else(|| panic!("a line of a zone file: {line}"));
        let name = owner.split(' ').next().unwrap().trim_end_matches('.');
        let words: Vec<&str> = rest.split_whitespace().collect();
        let kind = words[0];
        let dns = self.scene.dns();
        match (action, kind) {
            ("replace", "TXT") => dns.replace_txt(name, line.split('"').nth(1).unwrap()),
            ("add", "A") => dns.address(name, words[1].parse().unwrap()),
            (_, "MX") => {
                let record = (words[1].parse().unwrap(), words[2].trim_end_matches('.').to_owned());
                match action {
                    "add" => self.mx.push(record),
                    _ => self.mx.retain(|known| *known != record),
                }
                dns.remove(name, RecordType::MX);
                for (preference, host) in &self.mx {
                    dns.mx(name, *preference, host);
                }
            }
            ("remove", _) => dns.remove_name(name),
            other => panic!("{other:?} is nothing that an admin was told to do: {line}"),
        }
        kind
    }
}

/// The step that is current.
fn current(guide: &Value) -> &Value {
    &guide["steps"][usize::try_from(guide["current"].as_u64().unwrap()).unwrap() - 1]
}

/// A step by its id.
fn step<'a>(guide: &'a Value, id: &str) -> &'a Value {
    guide["steps"].as_array().unwrap().iter().find(|step| step["id"] == id).unwrap()
}

/// A domain that takes mail and has never heard of MTA-STS; its web server is there and serves no policy.
fn empty<'a>(lab: &'a Lab, name: &str) -> Scene<'a> {
    let scene = Scene::new(lab, name, |plan| plan.ttl = 3_600);
    for labels in ["_smtp._tls", "_mta-sts", "mta-sts"] {
        scene.remove(labels);
    }
    scene.domain.policy_host.set(Https::serving(Page::status(404)));
    scene
}

#[test]
fn from_an_empty_zone_to_a_lasting_enforce() {
    let lab = Lab::start_blocking().unwrap();
    let scene = empty(&lab, "alpha.test");
    let web = scene.domain.policy_host.address().to_string();
    let mut admin = Admin::new(&scene, &["--web", &web]);
    // Without a store nothing tells since when the policy is out.
    admin.store = true;
    let due = [
        "reports: replace TXT",
        "host: add A",
        "policy: serve testing",
        "record: replace TXT",
        "evidence: wait",
        "enforce: serve enforce",
        "enforce: replace TXT",
        "enforce: wait",
        "enforce: serve enforce",
        "enforce: replace TXT",
    ];
    assert_eq!(admin.walk(), due);
    assert!(admin.served.contains("mode: enforce") && admin.served.contains("max_age: 1209600"), "{}", admin.served);
    let days = admin.clock.unwrap().duration_since(Timestamp::now()).as_hours() / 24;
    // The store dates what it saw by the real clock: the two weeks in enforce run beside those in testing here, not behind them.
    assert!((13..=16).contains(&days), "two weeks of testing, and of looking: {days}");
}

#[test]
fn an_mx_host_more() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    scene.start(Smtp::default(), &[]);
    let mut admin = Admin::new(&scene, &["--playbook", "add-mx", "--host", "mx3.alpha.test"]);
    // Without a store nothing tells since when the policy is out.
    admin.store = true;
    assert_eq!(admin.walk(), ["change: serve enforce", "change: replace TXT", "change: wait", "change: add MX"]);
    assert_eq!(admin.mx.last(), Some(&(30, "mx3.alpha.test".to_owned())));
}

#[test]
fn an_mx_host_goes() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    let mut admin = Admin::new(&scene, &["--playbook", "remove-mx", "--host", "mx2.alpha.test"]);
    // Without a store nothing tells when the record went.
    admin.store = true;
    assert_eq!(admin.walk(), ["change: remove MX", "change: wait", "change: serve enforce", "change: replace TXT"]);
}

#[test]
fn out_of_mta_sts() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    let mut admin = Admin::new(&scene, &["--playbook", "leave"]);
    // Without a store nothing tells how long the policy of before is held.
    admin.store = true;
    let begun = Timestamp::now();
    assert_eq!(admin.walk(), ["change: serve none", "change: replace TXT", "change: wait", "change: remove TXT", "change: remove A"]);
    let waited = admin.clock.unwrap().duration_since(begun).as_hours() / 24;
    assert_eq!(waited, 14, "the fortnight for which the policy of before may be held");
}

#[test]
fn back_to_testing() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    let mut admin = Admin::new(&scene, &["--playbook", "roll-back"]);
    // Without a store nothing tells that anybody held enforce.
    admin.store = true;
    assert_eq!(admin.walk(), ["back: serve testing", "back: replace TXT", "back: wait"]);
}

/// Whoever cannot mend the server at once has the way back in front of him.
#[test]
fn the_way_back_is_open_while_a_server_fails() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    scene.mx_presents(1, scene.issue(&scene.leaf(1).valid(Validity::days(-90, -2))));
    let guide = stsready(["guide", "alpha.test", "--playbook", "roll-back", "--format", "json"]).at(&lab).run().exits(1).json();
    let steps = guide["steps"].as_array().unwrap();
    let states: Vec<&str> = steps.iter().take(2).map(|step| step["state"].as_str().unwrap()).collect();
    assert_eq!((states, guide["current"].as_u64()), (vec!["current", "current"], Some(2)));
    assert!(steps[1]["publish"][0]["text"].as_str().unwrap().contains("mode: testing"), "{guide:#}");
}

#[test]
fn another_provider_takes_over() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    scene.start(Smtp::default(), &[]);
    let file = lab.folder().join("provider.txt");
    std::fs::write(&file, crate::lab::domain::policy("enforce", 604_800, &["mx3.alpha.test"])).unwrap();
    let mut admin = Admin::new(&scene, &["--playbook", "change-provider", "--policy", file.to_str().unwrap()]);
    // Without a store nothing tells when the records moved.
    admin.store = true;
    let due = [
        "change: serve enforce",
        "change: replace TXT",
        "change: wait",
        "change: add MX",
        "change: remove MX MX",
        "change: wait",
        "change: serve enforce",
        "change: replace TXT",
    ];
    assert_eq!(admin.walk(), due);
}

#[test]
fn a_domain_says_that_it_takes_no_mail() {
    let lab = Lab::start_blocking().unwrap();
    lab.dns().exists("idle.test");
    let call = |domain| stsready(["guide", domain, "--playbook", "parked-domain", "--format", "json"]).at(&lab).run();
    let guide = call("idle.test").exits(1).json();
    assert_eq!(current(&guide)["publish"][0]["text"], "idle.test. 3600 IN MX 0 .", "{guide:#}");
    lab.dns().mx("idle.test", 0, ".");
    assert_eq!(call("idle.test").exits(0).json()["standing"], "done");
    let _scene = Scene::new(&lab, "alpha.test", |_| {});
    let guide = call("alpha.test").exits(1).json();
    // What is there is taken back first.
    assert_eq!(current(&guide)["id"], "leave.1");
    let null = step(&guide, "null");
    assert!(null["publish"].is_null() && null["body"].as_str().unwrap().contains("Not yet"), "{guide:#}");
}

/// Senders that hold its policy do not care that the domain takes no mail any more.
#[test]
fn a_domain_without_mail_still_leaves_in_order() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    scene.dns().remove("alpha.test", RecordType::MX);
    scene.dns().mx("alpha.test", 0, ".");
    let call = |playbook| stsready(["guide", "alpha.test", "--playbook", playbook, "--format", "json"]).at(&lab).run();
    for playbook in ["leave", "parked-domain"] {
        let guide = call(playbook).exits(1).json();
        assert_eq!(guide["standing"], "to-do", "{playbook}: {guide:#}");
        assert!(current(&guide)["publish"][0]["text"].as_str().unwrap().contains("mode: none"), "{playbook}: {guide:#}");
    }
    let guide = call("rollout").exits(0).json();
    assert_eq!(guide["standing"], "not-applicable");
    assert!(guide["steps"].as_array().unwrap().iter().all(|step| step["state"] == "ahead"), "{guide:#}");
}

/// A file in enforce that no record announces is in nobody's hands: it goes back to testing before it is announced.
#[test]
fn what_was_never_announced_is_announced_in_testing() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    scene.remove("_mta-sts");
    let look = || stsready(["guide", "alpha.test", "--format", "json"]).at(&lab).run().exits(1).json();
    let guide = look();
    assert_eq!(current(&guide)["id"], "policy", "{guide:#}");
    assert!(current(&guide)["publish"][0]["text"].as_str().unwrap().contains("mode: testing"), "{guide:#}");
    let record = step(&guide, "record");
    assert!(record["publish"].is_null() && record["body"].as_str().unwrap().contains("Not yet"), "{record:#}");
    let mut admin = Admin::new(&scene, &[]);
    admin.publish(&current(&guide)["publish"][0]);
    let guide = look();
    assert_eq!(current(&guide)["id"], "record", "{guide:#}");
    admin.publish(&current(&guide)["publish"][0]);
    let waiting = stsready(["guide", "alpha.test", "--format", "json"]).at(&lab).run().exits(3).json();
    assert_eq!(step(&waiting, "record")["state"], "done");
}

/// A fault of the policy is mended in the policy: its mode stays.
#[test]
fn a_fault_of_the_policy_does_not_cost_enforce() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    let faulty = [
        crate::lab::domain::policy("enforce", 604_800, &["mx1.alpha.test"]),
        "version: STSv1\nmode: enforce\nmx: mta-sts.mx1.alpha.test\nmx: mx1.alpha.test.\nmax_age: 604800\n".to_owned(),
    ];
    for text in faulty {
        scene.domain.policy_host.set(Https::policy(&text));
        let guide = stsready(["guide", "alpha.test", "--format", "json"]).at(&lab).run().exits(1).json();
        assert_eq!((current(&guide)["id"].as_str(), current(&guide)["title"].as_str()), (Some("policy"), Some("Serve the policy")));
        let due = current(&guide)["publish"][0]["text"].as_str().unwrap().replace("\r\n", "\n");
        assert!(due.contains("mode: enforce\nmx: mx1.alpha.test\nmx: mx2.alpha.test\n"), "{due}");
        assert!(step(&guide, "record")["publish"].is_null(), "the id of what is not served yet: {guide:#}");
    }
}

/// What is gone is put back as it was, and what was held longer is named.
#[test]
fn what_was_seen_before_counts_where_today_shows_nothing() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| {
        plan.mode = "enforce".into();
        plan.max_age = 31_557_600;
    });
    let store = lab.folder().join("seen.sqlite");
    let call = |words: &[&str]| {
        let run = stsready(words.iter().copied()).args(["--store".as_ref(), store.as_os_str()]).at(&lab).run();
        // Looks are dated to the second, and of one second the first counts.
        std::thread::sleep(std::time::Duration::from_millis(1_100));
        run
    };
    call(&["check", "alpha.test"]);
    scene.domain.policy_host.set(Https::serving(Page::status(404)));
    let guide = call(&["guide", "alpha.test", "--format", "json"]).exits(1).json();
    assert_eq!(current(&guide)["id"], "policy", "{guide:#}");
    let due = current(&guide)["publish"][0]["text"].as_str().unwrap();
    assert!(due.lines().eq(scene.domain.policy.lines()), "{due}");
    scene.domain.policy_host.set(Https::policy(&crate::lab::domain::policy("enforce", 86_400, &["mx1.alpha.test", "mx2.alpha.test"])));
    let page = call(&["guide", "alpha.test", "--playbook", "roll-back"]).exits(1).stdout;
    let year = Timestamp::now().to_zoned(TimeZone::UTC).year() + 1;
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("hold, until {year}-")), "{page}");
}

/// The names of a provider's hosts are not what a new domain stops at: its policy is.
#[test]
fn the_playbook_of_a_provider_goes_on_to_the_policy() {
    let lab = Lab::start_blocking().unwrap();
    let scene = empty(&lab, "alpha.test");
    scene.domain.policy_host.set(Https::policy(&crate::lab::domain::policy("testing", 86_400, &["mx1.alpha.test"])));
    scene.dns().address("mta-sts.alpha.test", scene.domain.policy_host.address());
    for playbook in ["google-workspace", "microsoft-365", "fastmail"] {
        let guide = stsready(["guide", "alpha.test", "--playbook", playbook, "--format", "json"]).at(&lab).run().exits(1).json();
        assert_eq!(current(&guide)["id"], "policy", "{playbook}: {guide:#}");
        assert!(current(&guide)["publish"][0]["text"].as_str().unwrap().contains("mx: mx2.alpha.test"), "{playbook}: {guide:#}");
    }
}

#[test]
fn a_host_that_never_was_an_mx_is_not_removed() {
    let lab = Lab::start_blocking().unwrap();
    let _scene = Scene::new(&lab, "alpha.test", |_| {});
    let call = |host| stsready(["guide", "alpha.test", "--playbook", "remove-mx", "--host", host]).at(&lab).run();
    call("mx22.alpha.test").refuses(&["mx22.alpha.test is and was no MX host of alpha.test"]);
    call("mx2.alpha.test").exits(1);
}

#[test]
fn the_command_that_looks_again_has_the_same_evidence() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let (folder, store) = (lab.folder().join("two words"), lab.folder().join("own.sqlite"));
    std::fs::rename(scene.post().unwrap(), &folder).unwrap();
    let call = stsready(["guide", "alpha.test", "--format", "json", "--rua", "mailto:a@b.test,https://b.test/tls"]).at(&lab);
    let guide = call.args(["--reports".as_ref(), folder.as_os_str()]).args(["--store".as_ref(), store.as_os_str()]).run().exits(1).json();
    let again = format!(
        "stsready guide alpha.test --rua mailto:a@b.test,https://b.test/tls --store {} --reports '{}'",
        store.display(),
        folder.display()
    );
    assert_eq!(guide["again"], again);
}

#[test]
fn a_certificate_is_judged_loaded_and_seen() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let chain = scene.issue(&scene.leaf(1).expires_in(90));
    let file = lab.folder().join("mx1.pem");
    std::fs::write(&file, chain.pem()).unwrap();
    let call = || {
        let call = stsready(["guide", "alpha.test", "--playbook", "rotate-certificate", "--host", "mx1.alpha.test", "--format", "json"]);
        call.args(["--chain".as_ref(), file.as_os_str()]).at(&lab).run()
    };
    let guide = call().exits(1).json();
    let step = &guide["steps"][1];
    assert_eq!((guide["current"].as_u64(), step["id"].as_str(), step["state"].as_str()), (Some(2), Some("change.1"), Some("current")));
    assert!(step["title"].as_str().unwrap().contains("mx1.pem in place at every address of mx1.alpha.test"), "{step:#}");
    scene.mx_presents(1, chain);
    assert_eq!(call().exits(0).json()["standing"], "done");
}

#[test]
fn a_certificate_that_would_be_refused_is_not_told_to_be_loaded() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let file = lab.folder().join("other.pem");
    std::fs::write(&file, scene.issue(&scene.leaf(2)).pem()).unwrap();
    let call = stsready(["guide", "alpha.test", "--playbook", "rotate-certificate", "--host", "mx1.alpha.test", "--format", "json"]);
    let guide = call.args(["--chain".as_ref(), file.as_os_str()]).at(&lab).run().exits(1).json();
    let against: Vec<&str> = guide["steps"][1]["against"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert!(against.contains(&"cert-name-mismatch"), "{guide:#}");
}

/// Where the plan is refused, its texts are not shown: nobody is to publish them.
#[test]
fn what_is_refused_has_no_text_to_publish() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    scene.start(Smtp { ehlo: Ehlo::WithoutStarttls, ..Smtp::default() }, &[]);
    let call =
        |format| stsready(["guide", "alpha.test", "--playbook", "add-mx", "--host", "mx3.alpha.test", "--format", format]).at(&lab).run();
    let guide = call("json").exits(1).json();
    let steps = guide["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["publish"].is_null()), "{guide:#}");
    let current = &steps[usize::try_from(guide["current"].as_u64().unwrap()).unwrap() - 1];
    assert!(current["against"].as_array().unwrap().iter().any(|one| one["code"] == "starttls-missing"), "{guide:#}");
    assert!(!call("text").exits(1).stdout.contains("IN MX"));
}

#[test]
fn the_same_ladder_in_every_format() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let inbox = scene.post().unwrap();
    let call = |format| {
        stsready(["guide", "alpha.test", "--format", format]).args(["--reports".into(), inbox.clone()]).at(&lab).run().exits(1).stdout
    };
    let text = call("text");
    assert!(text.starts_with("TO DO  alpha.test, step 8 of 14: serve the policy in enforce"), "{text}");
    assert!(text.contains("      mode: enforce\n") && text.contains("Then     stsready guide alpha.test --reports"), "{text}");
    let json: Value = serde_json::from_str(&call("json")).unwrap();
    assert_eq!((json["schema"].as_str(), json["current"].as_u64()), (Some("stsready/guide/1"), Some(8)));
    let ticket = call("markdown");
    assert!(ticket.starts_with("# alpha.test: From nothing to enforce\n\n**TO DO**") && ticket.contains("```\nversion: STSv1"), "{ticket}");
    let page = call("html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("prefers-color-scheme:dark"), "{page}");
    for foreign in ["<script", "src=", "href=", "url(", "@import", "<link", "<iframe"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let quiet = stsready(["guide", "alpha.test", "-q"]).args(["--reports".into(), inbox]).at(&lab).run().exits(1).stdout;
    assert!(quiet.lines().count() <= 3, "{quiet}");
}

#[test]
fn saved_facts_give_the_same_guide() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let inbox = scene.post().unwrap();
    let facts = lab.folder().join("facts.json");
    let live = stsready(["guide", "alpha.test", "--format", "json"]).at(&lab).args(["--reports".into(), inbox.clone()]);
    let live = live.args(["--save-facts".as_ref(), facts.as_os_str()]).run().exits(1).stdout;
    let later = stsready(["guide", "alpha.test", "--format", "json", "--facts"]).args([facts.as_os_str()]);
    let later = later.args(["--roots".as_ref(), lab.root_file().as_os_str()]).args(["--reports".into(), inbox]).run().exits(1).stdout;
    assert_eq!(live, later);
}

#[test]
fn a_domain_without_mail_has_nothing_to_do_except_to_say_so() {
    let lab = Lab::start_blocking().unwrap();
    lab.dns().mx("parked.test", 0, ".");
    let guide = stsready(["guide", "parked.test", "--format", "json"]).at(&lab).run().exits(0).json();
    assert_eq!((guide["standing"].as_str(), guide["current"].as_u64()), (Some("not-applicable"), None));
}

#[test]
fn a_domain_that_does_not_exist_comes_first() {
    let lab = Lab::start_blocking().unwrap();
    let guide = stsready(["guide", "nothing.test", "--format", "json"]).at(&lab).run().exits(1).json();
    let step = &guide["steps"][0];
    assert_eq!((guide["current"].as_u64(), step["against"][0]["code"].as_str()), (Some(1), Some("domain-not-found")), "{guide:#}");
}

/// A file that was changed is not announced by the id of the file before.
#[test]
fn the_id_of_another_text_is_replaced() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.id = "20260101000000Z0badc0de".into());
    let call = || stsready(["guide", "alpha.test", "--format", "json"]).at(&lab).run();
    let guide = call().exits(1).json();
    let step = &guide["steps"][usize::try_from(guide["current"].as_u64().unwrap()).unwrap() - 1];
    assert_eq!(step["id"], "record", "{guide:#}");
    Admin::new(&scene, &[]).publish(&step["publish"][0]);
    assert_eq!(call().exits(3).json()["steps"][4]["state"], "done");
}

#[test]
fn it_waits_for_reports_without_calling_it_a_fault() {
    let lab = Lab::start_blocking().unwrap();
    let _scene = Scene::new(&lab, "alpha.test", |_| {});
    let call = || stsready(["guide", "alpha.test", "--format", "json"]).at(&lab);
    let guide = call().run().exits(3).json();
    let step = &guide["steps"][6];
    assert_eq!(
        (guide["standing"].as_str(), step["id"].as_str(), step["state"].as_str()),
        (Some("waiting"), Some("evidence"), Some("waiting"))
    );
    assert!(step["waits"][0]["until"].is_string() && step["against"][0]["code"] == "reports-none", "{step:#}");
    // What lies ahead is reckoned from there.
    assert_eq!(guide["steps"][7]["from"], step["waits"][0]["until"]);
    let until = |step: usize| guide["steps"][step]["waits"].as_array().unwrap().last().unwrap()["until"].as_str().unwrap().parse().unwrap();
    let (evidence, lasting): (Timestamp, Timestamp) = (until(6), until(10));
    assert!(lasting.duration_since(evidence).as_hours() >= 14 * 24, "{guide:#}");
    // Two weeks are not waited for.
    let followed = call().args(["--follow"]).run().exits(3);
    assert_eq!(followed.stderr, "");
    call().args(["--fail-on", "blocker"]).run().exits(0);
}

#[test]
fn what_cannot_be_walked_is_a_usage_error() {
    for (words, says) in [
        (&["a.test", "--playbook", "rolout"][..], "did you mean rollout?"),
        (&["a.test", "--playbook", "/nonexistent.md"], "/nonexistent.md"),
        (&["a.test", "--playbook", "add-mx"], "--host"),
        (&["a.test", "--playbook", "rotate-certificate", "--host", "mx1.a.test"], "--chain"),
        (&["a.test", "--playbook", "change-provider"], "--policy"),
        (&["a.test", "--playbook", "change-provider", "--policy", "/dev/null"], "with --host"),
        (&["a.test", "--rua", "a,mailto:b@a.test"], "mailto:"),
        (&["a.test", "--web", "MTA-STS.a.test"], "alias for itself"),
        (&["a.test", "--follow", "--every", "1s"], "30s"),
        (&["a.test", "--every", "60s"], "--follow"),
        (&["a.test", "--rua", "post@a.test"], "mailto:"),
        (&["--playbook", "rollout"], "DOMAIN"),
    ] {
        stsready(["guide"]).args(words).run().refuses(&[says]);
    }
}
