//! Peers, records and files that mean harm: the run ends, stays small, says what it met, and passes nothing on to the terminal.
//!
//! That no run panics or prints a control character is asserted for all of them, in [`crate::run`].

use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use serde_json::json;

use crate::check::Scene;
use crate::lab::{After, Answer, Ehlo, Fault, Greeting, Https, Lab, Page, Smtp, StartTls, Tls};
use crate::letters;
use crate::run::{Run, stsready};

/// What is wrong with an MX host.
type Spoil = fn(&mut Smtp);

/// Far more than a run needs, far less than what is thrown at it.
const MOST_KIB: u64 = 256 * 1024;

#[track_caller]
fn stays_small(run: &Run) {
    assert!(run.peak_kib < MOST_KIB, "it held {} KiB{run}", run.peak_kib);
}

/// A terminal's escape, a bell, a character that turns the direction of text, one that is not seen; and a word to find them by.
const EVIL: &str = "owned\u{1b}[2J\u{7}\u{202e}\u{200b}\u{9b}1mend";

/// Checks in both formats; what was said must have reached the output, in a form that does no harm.
fn harmless(scene: &Scene<'_>, place: &str) {
    let json = scene.check().run();
    assert!(json.stdout.contains("owned"), "what stood in {place} is told{json}");
    let text = scene.check_as("text").args(["--all"]).run();
    assert!(text.stdout.contains("owned"), "what stood in {place} is shown{text}");
    for hidden in ['\u{202e}', '\u{200b}', '\u{2066}', '\u{feff}'] {
        assert!(!text.stdout.contains(hidden), "{hidden:?} from {place} reached the terminal{text}");
    }
    let quiet = scene.check_as("text").args(["--quiet"]).run();
    assert!(!quiet.stdout.contains('\u{202e}'), "{quiet}");
}

#[test]
fn hostile_records_are_shown_and_not_obeyed() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "txt.test", |_| {});
    scene.remove("_mta-sts");
    lab.dns().txt_strings("_mta-sts.txt.test", &[format!("v=STSv1; id={EVIL}").as_bytes()]);
    harmless(&scene, "the MTA-STS record");

    let scene = Scene::new(&lab, "rua.test", |_| {});
    scene.remove("_smtp._tls");
    lab.dns().txt_strings("_smtp._tls.rua.test", &[format!("v=TLSRPTv1; rua={EVIL}").as_bytes()]);
    harmless(&scene, "the TLS-RPT record");

    let scene = Scene::new(&lab, "bytes.test", |_| {});
    scene.remove("_mta-sts");
    let every: Vec<u8> = (0..=255).collect();
    lab.dns().txt_strings("_mta-sts.bytes.test", &[b"v=STSv1; owned=", &every[..128], &every[128..]]);
    harmless(&scene, "a record of all bytes");
}

#[test]
fn hostile_policies_are_shown_and_not_obeyed() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "body.test", |_| {});
    scene.edit_policy("mode: testing", &format!("mode: {EVIL}"));
    harmless(&scene, "the policy's mode");

    let mut scene = Scene::new(&lab, "pattern.test", |_| {});
    scene.edit_policy("max_age", &format!("mx: {EVIL}\r\nmax_age"));
    harmless(&scene, "a pattern");

    let scene = Scene::new(&lab, "nul.test", |_| {});
    scene.domain.policy_host.set(Https::serving(Page::new(b"owned\0\0\r\x1b]0;title\x07\r\n".to_vec()).content_type("text/plain")));
    harmless(&scene, "a body of control characters");

    let scene = Scene::new(&lab, "headers.test", |_| {});
    scene.domain.policy_host.set(Https::serving(Page::status(404).header("Server", "owned \u{202e}\u{200b}\u{9b}1m")));
    harmless(&scene, "the Server header");

    let scene = Scene::new(&lab, "location.test", |_| {});
    scene.domain.policy_host.set(Https::serving(Page::redirect(302, "https://owned\u{202e}.test/\u{200b}")));
    harmless(&scene, "the Location header");

    let scene = Scene::new(&lab, "type.test", |_| {});
    scene.serves(|page| page.content_type("owned/\u{202e}\u{200b}"));
    harmless(&scene, "the media type");
}

#[test]
fn hostile_replies_are_shown_and_not_obeyed() {
    let lab = Lab::start_blocking().unwrap();
    let steps: [(&str, Spoil); 5] = [
        ("greeting", |smtp| smtp.greeting = Greeting::Refuse("554 owned\u{1b}[2J\u{7}\u{202e}\u{200b}\u{9b}1m")),
        ("bytes", |smtp| smtp.greeting = Greeting::NotSmtp(b"owned\x1b[2J\x00\xff\xfe\x9b1m\r\n")),
        ("ehlo", |smtp| smtp.ehlo = Ehlo::Reply("550 owned\u{1b}[2J\u{202e}")),
        ("starttls", |smtp| smtp.starttls = StartTls::Reply("454 owned\u{1b}[2J\u{202e}")),
        ("after", |smtp| smtp.after = After::Reply("550 owned\u{1b}[2J\u{202e}")),
    ];
    for (step, spoil) in steps {
        let scene = Scene::new(&lab, &format!("{step}.test"), |_| {});
        scene.mx_does(1, spoil);
        harmless(&scene, step);
    }
}

#[test]
fn hostile_certificates_are_shown_and_not_obeyed() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "san.test", |_| {});
    scene.mx_presents(1, scene.issue(&scene.leaf(1).names(&["owned\u{1b}[2J\u{7}.test", "b\r\nc.test"])));
    harmless(&scene, "a name of the certificate");

    let scene = Scene::new(&lab, "subject.test", |_| {});
    scene.mx_presents(1, scene.leaf(1).common_name(EVIL).self_signed());
    harmless(&scene, "the subject");

    let scene = Scene::new(&lab, "issuer.test", |_| {});
    let issuer = lab.ca().unknown_root().sub("owned\u{1b}[2J\u{202e}\u{200b}", |_| {});
    scene.mx_presents(1, scene.issue(&scene.leaf(1).signed_by(&issuer)).without_intermediates());
    scene.policy_host_presents(scene.issue(&scene.policy_leaf().signed_by(&issuer)).without_intermediates());
    harmless(&scene, "the issuer");

    let scene = Scene::new(&lab, "aia.test", |_| {});
    let leaf = scene.leaf(1).aia("http://owned\u{1b}[2J/\u{7f}");
    scene.mx_presents(1, scene.issue(&leaf).without_intermediates());
    harmless(&scene, "the address of the issuer's certificate");
}

#[test]
fn hostile_reports_are_shown_and_not_obeyed() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "letter.test", |_| {});
    let letters = scene.clean(1..=21);
    for (number, letter) in letters.iter().take(6).enumerate() {
        let mut report = letter.json();
        report["organization-name"] = json!(format!("owned inc {EVIL}"));
        report["report-id"] = json!(format!("{EVIL}{number}"));
        report["policies"][0]["failure-details"] = json!([{
            "result-type": format!("owned-{EVIL}"),
            "receiving-mx-hostname": "mx1.letter.test",
            "failure-reason-code": EVIL,
            "additional-information": EVIL,
            "failed-session-count": 3,
        }]);
        scene.file(&format!("evil-{number}.json"), report.to_string());
    }
    scene.file("owned\u{1b}[2J\u{202e}.json", "{\"no\": \"report\"");
    harmless(&scene, "the reports");
    let folder = scene.post().unwrap();
    let shown = stsready(["reports", "show"]).args([&folder]).run();
    assert!(shown.stdout.contains("owned") && !shown.stdout.contains('\u{202e}'), "{shown}");
}

#[test]
fn a_flood_of_mx_records_is_cut_off_and_said() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "flood.test", |_| {});
    scene.domain.without_mx();
    let many = lab.dns().mx_flood("flood.test");
    assert!(many > 500);
    let run = scene.check().run().exits(1);
    stays_small(&run);
    assert_eq!(run.json()["mx"].as_array().unwrap().len(), 100, "a hundred are looked at");
    assert!(lab.dns().all_queries() < 300, "{} queries", lab.dns().all_queries());
    // That there are more than were looked at must not be silent: an answer about a part is none about the whole.
    assert!(run.stdout.contains(&many.to_string()), "the number of MX records is told{run}");
}

/// A hundred good hosts say nothing about the nine hundred behind them.
#[test]
fn a_verdict_about_a_part_of_the_hosts_is_not_ready() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "flood.test", |plan| plan.mode = "enforce".into());
    scene.domain.without_mx();
    lab.dns().mx_flood("flood.test");
    let host = lab.smtp_host(Smtp::default(), scene.issue(&scene.leaf(1).names(&["*.flood.test"])));
    lab.dns().address("*.flood.test", host.address());
    scene.policy(&crate::lab::domain::policy("enforce", 1_209_600, &["*.flood.test"]));
    let run = scene.check().run();
    stays_small(&run);
    assert!(host.visits().at_once() <= 2, "{} connections at once", host.visits().at_once());
    assert_eq!(run.exit, 3, "nine hundred hosts were not looked at{run}");
}

#[test]
fn a_host_with_too_many_addresses_is_probed_at_some_of_them() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "wide.test", |plan| plan.mode = "enforce".into());
    let chain = scene.issue(&scene.leaf(1));
    let hosts: Vec<_> = (1..70).map(|_| scene.second_address(1, Smtp::default(), chain.clone())).collect();
    let run = scene.check().run();
    stays_small(&run);
    let probed = hosts.iter().filter(|host| host.visits().total() > 0).count() + usize::from(scene.mx(1).visits().total() > 0);
    assert_eq!(probed, 32, "{run}");
    // The rest is unknown, and an unknown address is never ready.
    assert_eq!(run.exit, 3, "38 addresses were not looked at{run}");
}

#[test]
fn endless_peers_come_to_an_end() {
    let lab = Lab::start_blocking().unwrap();
    let endless: [(&str, Spoil); 3] = [
        ("lines", |smtp| smtp.greeting = Greeting::Endless),
        ("line", |smtp| smtp.greeting = Greeting::EndlessLine),
        ("ehlo", |smtp| smtp.ehlo = Ehlo::Endless),
    ];
    let mut domains = Vec::new();
    for (kind, spoil) in endless {
        let domain = lab.good_domain(&format!("{kind}.test"), |plan| plan.mx_hosts = 4);
        domain.mx.iter().for_each(|(_, host)| host.change(spoil));
        domain.policy_host.set(Https::answering(Answer::Endless));
        domains.push(domain);
    }
    let names = domains.iter().map(|domain| domain.name.as_str());
    let run = stsready(["check", "--format", "json"]).args(names).at(&lab).run().exits(1);
    stays_small(&run);
    for assessment in run.assessments() {
        assert_eq!(assessment.of("starttls-not-smtp").len(), 4, "{}{run}", assessment.domain());
        assert_eq!(assessment.of("fetch-too-large").len(), 1, "{}{run}", assessment.domain());
    }
}

/// Every peer is there and none ever says a word more than it must.
#[test]
fn silent_peers_come_to_an_end() {
    let lab = Lab::start_blocking().unwrap();
    let silent: [(&str, Spoil); 6] = [
        ("greeting", |smtp| smtp.greeting = Greeting::Silent),
        ("dribble", |smtp| smtp.greeting = Greeting::Dribble(Duration::from_millis(900))),
        ("ehlo", |smtp| smtp.ehlo = Ehlo::Silent),
        ("starttls", |smtp| smtp.starttls = StartTls::Silent),
        ("tls", |smtp| smtp.tls = Tls::Stall),
        ("after", |smtp| smtp.after = After::Silent),
    ];
    let mut names = Vec::new();
    for (kind, spoil) in silent {
        let domain = lab.good_domain(&format!("{kind}.test"), |_| {});
        domain.mx.iter().for_each(|(_, host)| host.change(spoil));
        domain.policy_host.set(Https::answering(Answer::Dribble(Duration::from_millis(700), Page::policy(&domain.policy))));
        names.push(domain.name);
    }
    let run = stsready(["check", "--timeout", "1s", "--format", "json"]).args(&names).at(&lab).run();
    assert!(run.taken < Duration::from_secs(40), "{} s", run.taken.as_secs());
    for assessment in run.assessments() {
        let about = assessment.findings().iter().filter(|finding| finding.text("subject").starts_with("mx")).count();
        assert!(about >= 2, "something is said of both hosts of {}{run}", assessment.domain());
        assert_ne!(assessment.answer(), "ready", "{run}");
    }
}

#[test]
fn a_resolver_that_never_answers_is_no_absence() {
    let lab = Lab::start_blocking().unwrap();
    lab.good_domain("alpha.test", |_| {});
    lab.dns().fault_everywhere(Fault::Drop);
    let silent = stsready(["check", "alpha.test", "--timeout", "1s", "--format", "json"]).at(&lab).run().exits(3);
    // Nobody listens at the lab's SMTP port over UDP or at its first address.
    let nowhere = format!("{}:{}", lab.refusing_address(), lab.smtp_port());
    let args = ["check", "alpha.test", "--timeout", "1s", "--format", "json", "--resolver", &nowhere];
    let closed = stsready(args).run().exits(3);
    for run in [silent, closed] {
        let assessment = run.assessment();
        let broken: Vec<&str> =
            assessment.findings().iter().filter(|finding| finding.text("outcome") == "broken").map(|finding| finding.code()).collect();
        assert!(broken.is_empty(), "nothing is known, so nothing is broken: {broken:?}{run}");
        assert!(assessment.of("domain-dns-failed").len() >= 3, "{run}");
    }
}

/// Sixteen mebibytes of zeros, packed; a gzip file may be made of many such members.
fn member() -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..16 {
        gzip.write_all(&vec![0; 1 << 20]).unwrap();
    }
    gzip.finish().unwrap()
}

#[test]
fn gzip_bombs_among_reports_are_refused() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "alpha.test", |_| {});
    let member = member();
    let bomb = member.repeat(64);
    assert!(bomb.len() < 2 << 20, "a gibibyte in {} bytes", bomb.len());
    scene.file("bomb.json.gz", bomb.clone());
    scene.file("bomb-of-bombs.json.gz", letters::gzip(&letters::gzip(&bomb)));
    // White space before a report is allowed, a hundred mebibytes of it are not.
    let mut spaces = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..100 {
        spaces.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    spaces.write_all(scene.clean(22..=22)[0].json().to_string().as_bytes()).unwrap();
    scene.file("spaces.json.gz", spaces.finish().unwrap());
    let run = scene.check().run().exits(0);
    stays_small(&run);
    let assessment = run.assessment();
    let told = assessment.of("reports-rejected");
    assert!(!told.is_empty(), "{run}");
    for name in ["bomb.json.gz", "bomb-of-bombs.json.gz", "spaces.json.gz"] {
        assert!(told.iter().any(|finding| finding.0.to_string().contains(name)), "{name} is named{run}");
    }
}

#[test]
fn reports_made_to_exhaust_are_refused_or_read() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "alpha.test", |_| {});
    let whole = scene.clean(22..=22)[0].json();
    scene.file("deep-array.json", "[".repeat(1_000_000));
    scene.file("deep-object.json", "{\"a\":".repeat(500_000));
    scene.file("deep.json", whole.to_string().replacen('{', &format!("{{\"x\": {}{},", "[".repeat(100_000), "]".repeat(100_000)), 1));
    scene.file("long.json", format!("{{\"organization-name\": \"{}\"}}", "x".repeat(8 << 20)));
    scene.file("numbers.json", whole.to_string().replacen("31", "99999999999999999999999999", 1));
    scene.file("empty.json", "");
    scene.file("zeros.json", vec![0; 4096]);
    scene.file(
        "mail.eml",
        format!(
            "Content-Type: multipart/mixed; boundary=x\r\n\r\n{}",
            "--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n".repeat(20_000)
        ),
    );
    scene.file("headers.eml", "X: y\r\n".repeat(500_000));
    scene.file("many.json", vec![whole.to_string(); 5000].join("\n"));
    let run = scene.check().run();
    stays_small(&run);
    assert_eq!(run.assessment().answer(), "ready", "the good reports are not lost among the bad{run}");
    assert!(!run.assessment().of("reports-rejected").is_empty(), "{run}");
}

#[test]
fn a_folder_full_of_traps_is_walked_once() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "alpha.test", |_| {});
    scene.file("notes.txt", "no report");
    let folder = scene.post().unwrap();
    symlink(&folder, folder.join("loop")).unwrap();
    symlink(folder.join("there"), folder.join("back")).unwrap();
    symlink(folder.join("back"), folder.join("there")).unwrap();
    symlink(folder.join("gone.json"), folder.join("dangling.json")).unwrap();
    std::fs::create_dir(folder.join("folder.json")).unwrap();
    let _socket = UnixListener::bind(folder.join("socket.json")).unwrap();
    // Opening it would wait for a writer that never comes.
    let made = std::process::Command::new("mkfifo").arg(folder.join("pipe.json")).status();
    assert!(made.is_ok_and(|status| status.success()), "a named pipe can be made");
    symlink("/dev/zero", folder.join("zero.json")).unwrap();
    let mut deep = folder.clone();
    for _ in 0..60 {
        deep.push("d");
    }
    std::fs::create_dir_all(&deep).unwrap();
    let locked = folder.join("locked.json");
    std::fs::write(&locked, "{}").unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
    let run = scene.check().run().exits(0);
    stays_small(&run);
    let reports = &run.json()["reports"];
    assert_eq!(reports["reporters"].as_array().map_or(0, Vec::len), 2, "the reports beside the traps count{run}");
    // Readable to the superuser, it is no report; to others it cannot be read. It is named in both cases.
    let assessment = run.assessment();
    assert!(assessment.of("reports-rejected").iter().any(|finding| finding.0.to_string().contains("locked.json")), "{run}");
}

#[test]
fn chains_without_measure_do_no_harm() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    let mut long = scene.issue(&scene.leaf(1));
    for _ in 0..60 {
        long = long.plus(lab.ca().unknown_root().der());
    }
    scene.mx_presents(1, long.clone());
    let mut junk = scene.issue(&scene.leaf(2));
    for length in [0, 1, 50, 5000] {
        junk = junk.plus(&vec![0x30; length].into());
    }
    scene.mx_presents(2, junk);
    scene.policy_host_presents(long);
    let run = scene.check().run();
    stays_small(&run);
    assert_ne!(run.exit, 2, "{run}");
    assert_eq!(run.assessment().0["mx"].as_array().unwrap().len(), 2, "{run}");
}

/// Two thousand domains, most of which do not exist, in one run.
#[test]
fn many_domains_do_not_pile_up() {
    let lab = Lab::start_blocking().unwrap();
    lab.good_domain("alpha.test", |plan| plan.mode = "enforce".into());
    let list: String = (0..2000).map(|number| format!("d{number}.test\n")).chain(["alpha.test\n".to_owned()]).collect();
    let run = stsready(["check", "--domains-from", "-", "--format", "ndjson"]).stdin(list).at(&lab).run().exits(1);
    stays_small(&run);
    assert_eq!(run.stdout.lines().count(), 2001);
    let ready = run.assessments().into_iter().filter(|assessment| assessment.answer() == "ready").count();
    assert_eq!(ready, 1);
}
