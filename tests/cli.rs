//! The command line: what it forgives, what it refuses and how it says so, formats, exit codes.

use std::path::Path;

use crate::check::Scene;
use crate::lab::{BlockingLab, HttpProxy, Lab, Page, Smtp, Socks5};
use crate::run::{Assessment, stsready};

const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/playbooks/rules");

/// Three domains of one lab: ready, not ready, inconclusive.
fn three() -> (BlockingLab, [&'static str; 3]) {
    let lab = Lab::start_blocking().unwrap();
    lab.good_domain("good.test", |plan| plan.mode = "enforce".into());
    let bad = lab.good_domain("bad.test", |plan| plan.mode = "enforce".into());
    bad.policy_host.set(crate::lab::Https::serving(Page::status(404)));
    lab.good_domain("open.test", |_| {});
    (lab, ["good.test", "bad.test", "open.test"])
}

fn file(lab: &Lab, name: &str, content: &str) -> String {
    let path = lab.folder().join(name);
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

#[test]
fn misuse_is_told_with_the_input_and_the_way_out() {
    let lab = Lab::start_blocking().unwrap();
    let text = file(&lab, "text.txt", "no certificate, no facts\n");
    let facts = file(&lab, "facts.json", r#"{"schema": "somebody/else/7", "domain": "alpha.test"}"#);
    let list = file(&lab, "list.txt", "# ours\nalpha.test\n\nnot a domain\n");
    let empty = file(&lab, "empty.txt", "# nobody\n");
    let gone = lab.folder().join("gone").display().to_string();
    let cases: &[(&[&str], &[&str])] = &[
        (&["check", "no_dot"], &["no_dot", "example.com"]),
        (&["check", ""], &["example.com"]),
        (&["check", "192.0.2.1"], &["192.0.2.1", "address", "domain"]),
        (&["check", "2001:db8::1"], &["2001:db8::1", "address"]),
        (&["check", "alpha..test"], &["alpha..test"]),
        (&["check", "a b.test"], &["a b.test"]),
        (&["check"], &["DOMAIN"]),
        (&["check", "alpha.test", "--frobnicate"], &["--frobnicate", "--help"]),
        (&["chekc", "alpha.test"], &["chekc", "check"]),
        (&["check", "alpha.test", "--format", "yaml"], &["yaml", "ndjson"]),
        (&["check", "alpha.test", "--roots", &gone], &[&gone]),
        (&["check", "alpha.test", "--roots", &text], &[&text, "PEM"]),
        (&["check", "alpha.test", "--ca-file", &gone], &[&gone]),
        (&["check", "alpha.test", "--ca-file", &text], &[&text, "PEM"]),
        (&["check", "alpha.test", "--now", "2026-01-01"], &["--now", "--facts", "--reports"]),
        (&["check", "alpha.test", "--now", "yesterday"], &["yesterday", "2026-"]),
        (&["check", "alpha.test", "--reports", &gone], &[&gone]),
        (&["check", "--facts", &gone], &[&gone]),
        (&["check", "--facts", &text], &[&text, "facts file", "--save-facts"]),
        (&["check", "--facts", &facts], &[&facts, "--save-facts"]),
        (&["check", "--domains-from", &list], &[&list, "line 4", "not a domain"]),
        (&["check", "--domains-from", &empty], &[&empty, "one a line"]),
        (&["check", "--domains-from", &gone], &[&gone]),
        (&["check", "alpha.test", "--resolver", "dns.test"], &["dns.test", "192.0.2.53"]),
        (&["check", "alpha.test", "--timeout", "soon"], &["soon", "10s"]),
        (&["check", "alpha.test", "--timeout", "0s"], &["0s"]),
        (&["check", "alpha.test", "--jobs", "0"], &["0"]),
        (&["check", "alpha.test", "--repeat", "1"], &["1", "2..=50"]),
        (&["check", "alpha.test", "--repeat", "51"], &["51", "2..=50"]),
        (&["check", "--facts", &facts, "--deep"], &["--facts", "--deep"]),
        (&["mx", "--facts", &facts, "--repeat", "3"], &["--facts", "--repeat"]),
        (&["check", "alpha.test", "--ipv4", "--ipv6"], &["--ipv4", "--ipv6"]),
        (&["check", "alpha.test", "--facts", &facts, "--save-facts", "x"], &["--facts", "--save-facts"]),
        (&["check", "alpha.test", "--source-ip", "192.0.2.77"], &["192.0.2.77", "address of this machine"]),
        (&["check", "alpha.test", "--source-ip", "127.0.0.1", "--source-ip", "127.0.0.2"], &["127.0.0.1", "127.0.0.2", "one family"]),
        (&["check", "alpha.test", "--source-ip", "localhost"], &["localhost"]),
        (&["check", "alpha.test", "--socks5", "127.0.0.1"], &["SOCKS5", "HOST:PORT"]),
        (&["check", "alpha.test", "--socks5", "me:secret@127.0.0.1:1080"], &["--socks5", "STSREADY_SOCKS5"]),
        (&["check", "alpha.test", "--socks5", "no-such-proxy.invalid:1080"], &["no-such-proxy.invalid:1080"]),
        (&["check", "alpha.test", "--socks5-dns"], &["--socks5"]),
        (&["check", "alpha.test", "--socks5", "127.0.0.1:1080", "--socks5-dns"], &["--resolver"]),
        (&["check", "alpha.test", "--proxy", "https://127.0.0.1:3128"], &["http://", "socks5://"]),
        (&["check", "alpha.test", "--proxy", "127.0.0.1:3128"], &["http://"]),
        (&["check", "alpha.test", "--proxy", "http://me:secret@127.0.0.1:3128"], &["--proxy", "STSREADY_PROXY"]),
        (&["check", "alpha.test", "--control", "mx.example.net:smtp"], &["mx.example.net:smtp", "mx.example.net:25"]),
        (&["policy", "alpha.test", "--file", &gone], &[&gone]),
        (&["reports", "show", &gone], &[&gone]),
        (&["explain", "no-such-rule-at-all"], &["no-such-rule-at-all", "stsready rules"]),
        (&["explain"], &["CODE"]),
        (&[], &["Usage"]),
    ];
    for (args, words) in cases {
        let run = stsready(*args).run().refuses(words);
        assert!(!run.stderr.contains("secret"), "a password is not repeated{run}");
    }
    assert_eq!(lab.dns().all_queries(), 0, "nothing was looked up");
}

#[test]
fn misuse_before_looking_costs_no_query() {
    let (lab, [good, ..]) = three();
    let gone = lab.folder().join("gone").display().to_string();
    for option in ["--roots", "--ca-file", "--trust-anchor", "--reports"] {
        stsready(["check", good]).at(&lab).args([option, &gone]).run().exits(2);
    }
    assert_eq!(lab.dns().all_queries(), 0);
}

/// What stands in a list that somebody sent does not reach the terminal by way of the message about it.
#[test]
fn messages_about_input_are_harmless() {
    for hostile in ["\u{1b}]0;owned\u{7}.test x", "a b\t.test", "\u{202e}tset x", "\u{9b}2Jx y"] {
        let run = stsready(["check", "--domains-from", "-"]).stdin(hostile).run();
        let run = run.refuses(&["line 1", "not a domain name"]);
        assert!(!run.stderr.contains(['\u{202e}', '\u{9b}']), "{run}");
    }
}

/// Other users can read arguments, and a password in them has been read already; the environment is ours alone.
#[test]
fn a_proxy_s_password_comes_by_the_environment() {
    let lab = Lab::start_blocking().unwrap();
    lab.good_domain("alpha.test", |plan| plan.mode = "enforce".into());
    let login = Some(("me", "se:cret"));
    let proxy = lab.socks5_proxy(Socks5 { login, ..Socks5::default() });
    let call = |password: &str| {
        let setting = format!("me:{password}@{}", proxy.socket());
        stsready(["check", "alpha.test", "--format", "json"]).env("STSREADY_SOCKS5", &setting).at(&lab).run()
    };
    let run = call("se:cret").exits(0);
    assert_eq!(run.json()["vantage"]["socks5"], proxy.socket().to_string());
    assert!(!run.stdout.contains("cret"), "{run}");
    assert_eq!(proxy.seen()[0].user.as_deref(), Some("me"));
    let wrong = call("wrong").exits(3);
    assert!(wrong.stdout.contains("does not accept this user and password") && !wrong.stdout.contains("me:wrong"), "{wrong}");

    let web = lab.http_proxy(HttpProxy { leads_to: None, status: 403, authorization: Some("Basic bWU6c2VjcmV0") });
    let setting = format!("http://me:secret@{}", web.socket());
    let run = stsready(["policy", "alpha.test"]).env("STSREADY_PROXY", &setting).at(&lab).run().exits(3);
    assert!(run.stdout.contains(&web.socket().to_string()) && !run.stdout.contains("secret"), "{run}");
}

/// Senders do not go through the proxies that browsers are configured for.
#[test]
fn proxies_of_the_environment_are_never_used() {
    let (lab, [good, ..]) = three();
    let proxy = lab.http_proxy(HttpProxy { leads_to: None, status: 403, authorization: None });
    let mut call = stsready(["check", good, "--quiet"]).at(&lab);
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        call = call.env(name, &format!("http://{}", proxy.socket()));
    }
    call.run().exits(0);
    assert_eq!(proxy.visits().total(), 0);
}

/// What goes through a SOCKS5 proxy goes through it altogether, by address.
#[test]
fn a_socks_proxy_is_asked_for_every_mx_address_and_on_request_for_dns() {
    let (lab, [good, ..]) = three();
    let proxy = lab.socks5_proxy(Socks5::default());
    let mx = || proxy.seen().iter().filter(|seen| seen.target.is_some_and(|target| target.port() == lab.smtp_port())).count();
    let at = proxy.socket().to_string();
    stsready(["check", good, "--quiet", "--socks5", &at]).at(&lab).run().exits(0);
    assert!(mx() >= 2 && proxy.seen().iter().all(|seen| seen.target.is_some_and(|target| target.port() == lab.smtp_port())));
    let run = stsready(["check", good, "--socks5", &at, "--socks5-dns"]).at(&lab).run().exits(0);
    assert!(proxy.seen().iter().any(|seen| seen.target == Some(lab.resolver())), "{:?}", proxy.seen());
    for words in [format!("resolver {} (through SOCKS5)", lab.resolver()), format!("MX hosts through SOCKS5 {at}")] {
        let page = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains(&words), "{words:?}{run}");
    }
}

#[test]
fn an_http_proxy_is_given_the_name_and_only_the_name() {
    let lab = Lab::start_blocking().unwrap();
    let domain = lab.good_domain("alpha.test", |plan| plan.mode = "enforce".into());
    let proxy = lab.http_proxy(HttpProxy { leads_to: Some(domain.policy_host.socket()), status: 403, authorization: None });
    let at = format!("http://{}", proxy.socket());
    let run = stsready(["check", "alpha.test", "--format", "json", "--proxy", &at]).at(&lab).run().exits(0);
    assert_eq!(run.json()["vantage"]["proxy"], at);
    let asked = format!("CONNECT mta-sts.alpha.test:{} HTTP/1.1", lab.https_port());
    assert!(!proxy.seen().is_empty() && proxy.seen().iter().all(|seen| seen.line == asked), "{:?}", proxy.seen());
}

/// The control host is left in peace unless it is needed, and then is asked once for all domains.
#[test]
fn the_control_host_is_asked_once_a_run_and_only_in_need() {
    let (lab, domains) = three();
    let control = lab.smtp_host(Smtp::default(), lab.chain("control.lab.test"));
    lab.dns().address("control.lab.test", control.address());
    let check = || stsready(["check", "--format", "json", "--timeout", "3s", "--control", "control.lab.test"]).args(domains).at(&lab).run();
    check();
    assert_eq!(control.visits().total(), 0);
    let silent = lab.silent_address();
    for domain in domains {
        for host in ["mx1", "mx2"] {
            let name = format!("{host}.{domain}");
            lab.dns().remove(&name, hickory_proto::rr::RecordType::A);
            lab.dns().address(&name, silent);
        }
    }
    let run = check();
    assert_eq!(control.visits().total(), 1);
    for assessment in run.assessments() {
        assert_eq!(assessment.0["vantage"]["control"]["target"], "control.lab.test", "{run}");
        assert!(assessment.of("starttls-port-blocked").is_empty(), "{run}");
    }
    assert!(control.seen().iter().all(|seen| seen.quit && !seen.spoke_early), "{:?}", control.seen());
}

#[test]
fn connections_come_from_the_address_asked_for() {
    let (lab, [good, ..]) = three();
    let run = stsready(["check", good, "--format", "json", "--source-ip", "127.0.0.1"]).at(&lab).run().exits(0);
    assert_eq!(run.json()["vantage"]["source"], serde_json::json!(["127.0.0.1"]));
}

/// The difference is told where it is notable, also where it is tolerated.
#[test]
fn the_clock_s_difference_is_told() {
    let lab = Lab::start_blocking().unwrap();
    let domain = lab.good_domain("alpha.test", |plan| plan.mode = "enforce".into());
    let offset =
        || stsready(["policy", "alpha.test", "--format", "json"]).at(&lab).run().json()["vantage"]["clock_offset_seconds"].as_i64();
    assert_eq!(offset(), Some(0));
    domain.policy_host.change(|https| https.clock_ahead = -200);
    assert!(offset().is_some_and(|offset| (180..=200).contains(&offset)), "{:?}", offset());
    let page = stsready(["policy", "alpha.test"]).at(&lab).run().exits(0).stdout;
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("clock 3 minutes") && page.contains("ahead of the policy host's"), "{page}");
}

#[test]
fn help_and_version_are_no_errors() {
    for args in [&["--help"][..], &["--version"], &["help"], &["check", "--help"], &["reports", "show", "--help"], &["mx", "-h"]] {
        let run = stsready(args).run().exits(0);
        assert!(!run.stdout.is_empty() && run.stderr.is_empty(), "{run}");
    }
    let help = stsready(["--help"]).run().stdout;
    for line in ["Exit codes:", "0  ready", "1  not ready", "2  usage", "3  inconclusive", "4  the tool itself failed"] {
        assert!(help.contains(line), "the help lacks {line:?}\n{help}");
    }
    assert_eq!(stsready(["--version"]).run().stdout, format!("stsready {}\n", env!("CARGO_PKG_VERSION")));
}

/// The codes that have a page.
fn pages() -> Vec<String> {
    let entries = std::fs::read_dir(PAGES).unwrap().map(|entry| entry.unwrap().path());
    let mut codes: Vec<String> = entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    codes.sort();
    codes
}

#[test]
fn the_catalogue_lists_every_rule_and_each_has_its_page() {
    let rules = stsready(["rules", "--format", "json"]).run().exits(0).json();
    let rules = rules.as_array().unwrap();
    let mut codes: Vec<String> = rules.iter().map(|rule| rule["code"].as_str().unwrap().to_owned()).collect();
    for rule in rules {
        for field in ["stage", "title", "reference"] {
            assert!(rule[field].as_str().is_some_and(|text| !text.is_empty()), "{rule} has no {field}");
        }
        assert!(rule["severities"].as_array().is_some_and(|all| !all.is_empty()), "{rule}");
    }
    let text = stsready(["rules"]).run().exits(0).stdout;
    let ndjson = stsready(["rules", "--format", "ndjson"]).run().exits(0).stdout;
    assert_eq!(ndjson.lines().count(), codes.len());
    assert!(codes.iter().all(|code| text.contains(code.as_str())), "{text}");
    codes.sort();
    assert_eq!(codes, pages());
}

#[test]
fn explain_prints_the_page_of_every_rule() {
    let pages = pages();
    assert!(pages.len() > 80, "{} pages", pages.len());
    std::thread::scope(|threads| {
        for codes in pages.chunks(pages.len().div_ceil(4)) {
            threads.spawn(move || {
                for code in codes {
                    let run = stsready(["explain", code]).run().exits(0);
                    for heading in ["What is wrong", "Why it matters under enforce", "Fix", "Verify", "Reference"] {
                        let printed = run.stdout.to_lowercase().contains(&heading.to_lowercase());
                        assert!(printed, "the page of {code} has no heading {heading:?}{run}");
                    }
                    assert!(run.stdout.contains(code.as_str()) && run.stderr.is_empty(), "{run}");
                }
            });
        }
    });
    let markdown = stsready(["explain", "cert-expired", "--format", "markdown"]).run().exits(0).stdout;
    assert_eq!(markdown, std::fs::read_to_string(Path::new(PAGES).join("cert-expired.md")).unwrap());
    assert_eq!(stsready(["explain", " CERT-Expired"]).run().exits(0).stdout, stsready(["explain", "cert-expired"]).run().stdout);
}

/// RFC 8460 §4.3: what stands in a report leads to the pages that concern it.
#[test]
fn result_types_are_explained_by_the_pages_that_concern_them() {
    for (result_type, pages) in [
        ("starttls-not-supported", ["reports-failing", "starttls-missing"]),
        ("certificate-host-mismatch", ["reports-failing", "cert-name-mismatch"]),
        ("certificate-expired", ["reports-failing", "cert-expired"]),
        ("certificate-not-trusted", ["reports-failing", "cert-chain-incomplete"]),
        ("validation-failure", ["reports-failing", "mx-uncovered"]),
        ("tlsa-invalid", ["reports-dane", "dane-mismatch"]),
        ("dnssec-invalid", ["reports-dane", "dane-lookup-failed"]),
        ("dane-required", ["reports-dane", "dane-present"]),
        ("sts-policy-fetch-error", ["reports-fetch-error", "fetch-status"]),
        ("sts-policy-invalid", ["reports-fetch-error", "policy-syntax"]),
        ("sts-webpki-invalid", ["reports-fetch-error", "fetch-cert-name"]),
    ] {
        let run = stsready(["explain", result_type]).run().exits(0);
        let markdown = stsready(["explain", result_type, "--format", "markdown"]).run().exits(0);
        for page in pages {
            assert!(run.stdout.contains(&format!("stsready explain {page} ")), "{result_type} does not lead to {page}{run}");
            assert!(markdown.stdout.contains(&format!("- `{page}`: ")), "{result_type} does not lead to {page}{markdown}");
        }
    }
}

#[test]
fn a_code_nearly_right_is_suggested() {
    for (typed, meant) in [("cert-expird", "cert-expired"), ("txt-misssing", "txt-missing"), ("starttls-mising", "starttls-missing")] {
        stsready(["explain", typed]).run().refuses(&[typed, meant]);
    }
}

/// One file that needs nothing else and runs nothing; a terminal's page keeps to its width.
#[test]
fn pages_are_shown_as_html_and_within_the_width() {
    for name in ["cert-expiring", "policy-not-a-policy", "certificate-expired"] {
        let html = stsready(["explain", name, "--format", "html"]).run().exits(0).stdout;
        assert!(html.starts_with("<!DOCTYPE html>") && html.contains(&format!("<h1>{name}</h1>")), "{html}");
        for outside in ["<script", "<link", "<img", "src=", "href=", "@import", "url("] {
            assert!(!html.contains(outside), "{outside}\n{html}");
        }
    }
    let table = stsready(["explain", "cert-expiring"]).run().exits(0).stdout;
    assert!(table.lines().any(|line| line.trim().starts_with("under 1/4") && line.trim_end().ends_with("warning")), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    stsready(["explain", "single"]).run().refuses(&["did you mean mx-single, or reports-single-reporter?"]);
    stsready(["explain", "certificate-expird"]).run().refuses(&["did you mean certificate-expired?"]);
}

#[test]
fn typed_domains_are_forgiven() {
    let lab = Lab::start_blocking().unwrap();
    lab.good_domain("alpha.test", |plan| plan.mode = "enforce".into());
    let typed = [
        "https://Alpha.test/",
        "alpha.test.",
        "ALPHA.TEST",
        " alpha.test ",
        "postmaster@alpha.test",
        "alpha.test:443",
        "alpha.test/path?x#y",
    ];
    for typed in typed {
        let run = stsready(["check", typed, "--format", "json"]).at(&lab).run().exits(0);
        assert_eq!(run.assessment().domain(), "alpha.test", "{typed}");
    }
    // Written in several ways, it is one domain and is looked at once.
    let run = stsready(["check", "alpha.test", "ALPHA.test.", "--format", "json"]).at(&lab).run().exits(0);
    assert_eq!(run.assessment().domain(), "alpha.test");
}

#[test]
fn an_international_domain_is_checked_by_its_a_label_and_shown_by_both() {
    let lab = Lab::start_blocking().unwrap();
    lab.good_domain("xn--bcher-kva.test", |plan| plan.mode = "enforce".into());
    let run = stsready(["check", "B\u{fc}cher.test", "--format", "json"]).at(&lab).run().exits(0);
    let assessment = run.assessment();
    assert_eq!((assessment.domain(), &assessment.0["domain_unicode"]), ("xn--bcher-kva.test", &"b\u{fc}cher.test".into()));
    let text = stsready(["check", "xn--bcher-kva.test"]).at(&lab).run().exits(0).stdout;
    let head = text.lines().next().unwrap();
    assert!(head.contains("xn--bcher-kva.test") && head.contains("b\u{fc}cher.test"), "{head}");
}

#[test]
fn many_domains_in_every_format() {
    let (lab, domains) = three();
    let check = |format: &str| stsready(["check", "--format", format]).args(domains).at(&lab).run().exits(1);

    let array = check("json").assessments();
    let named: Vec<&str> = array.iter().map(Assessment::domain).collect();
    assert_eq!(named, domains, "in the order of the command line");
    let answers: Vec<&str> = array.iter().map(Assessment::answer).collect();
    assert_eq!(answers, ["ready", "not-ready", "inconclusive"]);

    let run = check("ndjson");
    assert_eq!(run.stdout.lines().count(), 3, "{run}");
    let mut lines = run.assessments();
    lines.sort_by_key(|assessment| domains.iter().position(|domain| *domain == assessment.domain()));
    let answers: Vec<&str> = lines.iter().map(Assessment::answer).collect();
    assert_eq!(answers, ["ready", "not-ready", "inconclusive"]);

    let text = check("text").stdout;
    let overview: Vec<&str> = text.lines().take(3).collect();
    for ((line, domain), answer) in overview.iter().zip(domains).zip(["ready", "not ready", "inconclusive"]) {
        assert!(line.contains(domain) && line.contains(answer), "{domain} in the overview\n{text}");
    }
}

#[test]
fn the_exit_code_is_the_worst_of_all_domains() {
    let (lab, [good, bad, open]) = three();
    for (domains, code) in [(&[good][..], 0), (&[open], 3), (&[bad], 1), (&[good, open], 3), (&[open, bad, good], 1)] {
        stsready(["check", "--quiet"]).args(domains).at(&lab).run().exits(code);
    }
}

#[test]
fn fail_on_draws_the_line() {
    let (lab, [good, bad, open]) = three();
    let warned = lab.good_domain("warned.test", |plan| plan.mode = "enforce".into());
    warned.publish_id("1; id=2");
    let warned = warned.name;
    for (domain, line, code) in [
        (bad, "never", 0),
        (bad, "blocker", 1),
        (open, "inconclusive", 3),
        (open, "blocker", 0),
        (open, "warning", 3),
        (open, "never", 0),
        (warned.as_str(), "inconclusive", 0),
        (warned.as_str(), "warning", 1),
        (good, "warning", 0),
    ] {
        stsready(["check", domain, "--quiet", "--fail-on", line]).at(&lab).run().exits(code);
    }
    stsready(["check", open, "--quiet"]).env("STSREADY_FAIL_ON", "never").at(&lab).run().exits(0);
    stsready(["check", open, "--quiet", "--fail-on", "inconclusive"]).env("STSREADY_FAIL_ON", "never").at(&lab).run().exits(3);
}

#[test]
fn quiet_prints_the_answer_alone() {
    let (lab, [good, bad, open]) = three();
    for (domain, word) in [(good, "READY"), (bad, "NOT READY"), (open, "INCONCLUSIVE")] {
        let run = stsready(["check", domain, "-q"]).at(&lab).run();
        assert!(run.stdout.starts_with(word) && run.stdout.contains(domain), "{run}");
        assert!(run.stdout.lines().count() <= 3, "a sentence, wrapped at most{run}");
    }
}

#[test]
fn all_lists_what_holds_too() {
    let (lab, [good, ..]) = three();
    let check = |more: &[&str]| stsready(["check", good, "--format", "json"]).args(more).at(&lab).run().exits(0).json();
    let (shown, all) = (check(&[]), check(&["--all"]));
    let count = |json: &serde_json::Value| json["findings"].as_array().unwrap().len();
    assert_eq!(count(&all) as u64, all["checked"].as_u64().unwrap());
    assert!(count(&shown) < count(&all));
    let outcomes: Vec<&str> = all["findings"].as_array().unwrap().iter().filter_map(|finding| finding["outcome"].as_str()).collect();
    assert!(outcomes.contains(&"holds") && outcomes.contains(&"not-applicable"));
    let text = |more: &[&str]| stsready(["check", good]).args(more).at(&lab).run().stdout;
    assert!(text(&["--all"]).contains("cert-expired") && !text(&[]).contains("cert-expired"));
}

/// Every rule leaves its word on a domain, whatever became of it.
#[test]
fn every_rule_says_something_about_every_domain() {
    let (lab, domains) = three();
    let rules = stsready(["rules", "--format", "json"]).run().json();
    lab.dns().mx("silent.test", 0, ".");
    for domain in domains.into_iter().chain(["silent.test", "missing.test"]) {
        let all = stsready(["check", domain, "--format", "json", "--all", "--fail-on", "never"]).at(&lab).run().exits(0).json();
        for rule in rules.as_array().unwrap() {
            let said = all["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == rule["code"]);
            assert!(said, "nothing was said of {} at {domain}", rule["code"]);
        }
    }
}

#[test]
fn domains_come_from_standard_input_and_files() {
    let (lab, [good, bad, _]) = three();
    let list = format!("# ours\n{good}\r\n\n  {bad}   # to be mended\n{good}.\n");
    let run = stsready(["check", "--domains-from", "-", "--format", "json"]).stdin(list.clone()).at(&lab).run().exits(1);
    let named: Vec<String> = run.assessments().iter().map(|assessment| assessment.domain().to_owned()).collect();
    assert_eq!(named, [good, bad]);
    let path = file(&lab, "domains.txt", &list);
    let run = stsready(["check", "--domains-from", &path, "--format", "ndjson"]).at(&lab).run().exits(1);
    assert_eq!(run.assessments().len(), 2);
}

#[test]
fn no_store_is_accepted() {
    let (lab, [good, ..]) = three();
    stsready(["check", good, "--no-store", "--quiet"]).at(&lab).run().exits(0);
}

/// Flags are switched by whatever word people write into a variable.
#[test]
fn a_flag_in_the_environment_takes_yes_and_no() {
    let (lab, [good, ..]) = three();
    for name in ["STSREADY_FETCH_INTERMEDIATES", "STSREADY_DENY_PRIVATE", "STSREADY_SOCKS5_DNS"] {
        for word in ["0", "no", "off", "false", ""] {
            stsready(["check", good, "--quiet"]).env(name, word).at(&lab).run().exits(0);
        }
    }
    for word in ["1", "yes", "on", "true"] {
        stsready(["check", good, "--quiet"]).env("STSREADY_FETCH_INTERMEDIATES", word).at(&lab).run().exits(0);
    }
}

/// A pipe gets no colour, whoever asks; that there are no escape bytes is asserted for every run.
#[test]
fn a_pipe_gets_plain_text() {
    let (lab, domains) = three();
    for env in [None, Some(("NO_COLOR", "1")), Some(("TERM", "dumb"))] {
        let mut call = stsready(["check"]).args(domains).at(&lab);
        if let Some((name, value)) = env {
            call = call.env(name, value);
        }
        let run = call.run().exits(1);
        assert!(!run.stdout.is_empty() && run.stderr.is_empty(), "progress is for terminals{run}");
    }
}

#[test]
fn a_stage_can_be_checked_alone() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    scene.txt("_smtp._tls", "v=TLSRPTv1; rua=");
    scene.mx_presents(1, scene.leaf(1).self_signed());
    for (stage, code, due) in [("record", 1, &["record-rua-missing"][..]), ("policy", 0, &[]), ("mx", 1, &["cert-self-signed"])] {
        let run = stsready([stage, "alpha.test", "--format", "json"]).at(&lab).run().exits(code);
        let codes: Vec<String> = run.assessment().findings().iter().map(|finding| finding.code().to_owned()).collect();
        assert_eq!(codes, due, "{run}");
        let stages = run.json()["stages"].as_array().unwrap().iter().map(|stage| stage["stage"].clone()).collect::<Vec<_>>();
        assert_eq!(stages, [stage], "{run}");
    }
}

#[test]
fn a_host_that_is_not_in_dns_as_mx_can_be_probed() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let new = lab.smtp_host(crate::lab::Smtp::default(), lab.chain("mx9.alpha.test"));
    lab.dns().address("mx9.alpha.test", new.address());
    stsready(["mx", "alpha.test", "--host", "mx9.alpha.test", "--quiet"]).at(&lab).run().exits(0);
    assert!(new.visits().total() > 0);
    assert_eq!(scene.mx(1).visits().total(), 0, "the MX set was not asked for");
    new.set_identity(lab.chain("other.alpha.test"));
    let run = stsready(["mx", "--host", "mx9.alpha.test", "--format", "json"]).at(&lab).run().exits(1);
    assert_eq!(run.assessment().findings()[0].code(), "cert-name-mismatch", "{run}");
}

/// A policy alone, without a domain and without the network.
#[test]
fn a_draft_is_linted_without_a_domain() {
    let lab = Lab::start_blocking().unwrap();
    let good = crate::lab::domain::policy("testing", 604_800, &["mx1.alpha.test"]);
    stsready(["policy", "--file", &file(&lab, "good.txt", &good), "--quiet"]).at(&lab).run().exits(0);
    let bad = file(&lab, "bad.txt", &good.replace("testing", "test"));
    let run = stsready(["policy", "--file", &bad, "--format", "json"]).at(&lab).run().exits(1);
    let assessment = run.assessment();
    let [finding] = assessment.findings()[..] else { panic!("one fault{run}") };
    assert_eq!((finding.code(), &finding.0["line"]), ("policy-mode-invalid", &2.into()), "{run}");
    stsready(["policy", "--file", "-", "--quiet"]).stdin(good).at(&lab).run().exits(0);
    assert_eq!(lab.dns().all_queries(), 0);
}

#[test]
fn reports_are_shown_without_the_network() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let folder = scene.post().unwrap();
    let run = stsready(["reports", "show"]).args([&folder]).run().exits(0);
    for word in ["alpha.test", "google.com", "microsoft.com"] {
        assert!(run.stdout.to_lowercase().contains(word), "{word}{run}");
    }
    stsready(["reports", "show", "--format", "json"]).args([&folder]).run().exits(0).json();
    assert_eq!(lab.dns().all_queries(), 0);
}

/// What senders do not read to its end must not pass by its beginning.
#[test]
fn a_draft_of_more_than_64_kib_is_refused() {
    let lab = Lab::start_blocking().unwrap();
    let draft = lab.folder().join("mta-sts.txt");
    let policy = "version: STSv1\nmode: testing\nmx: mx1.example.com\nmax_age: 604800\n";
    for (filling, exit) in [(0, 0), (70_000, 1)] {
        std::fs::write(&draft, format!("{policy}note: {}\n", "x".repeat(filling + 1))).unwrap();
        let run = stsready(["policy", "--file", draft.to_str().unwrap(), "--format", "json"]).at(&lab).run().exits(exit);
        assert_eq!(run.stdout.contains("fetch-too-large"), exit == 1, "{run}");
    }
}

#[test]
fn one_run_writes_several_formats_to_several_places() {
    let lab = Lab::start_blocking().unwrap();
    let good = lab.good_domain("alpha.test", |plan| plan.mode = "enforce".into()).name.clone();
    let good = good.as_str();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let facts = file("facts.json");
    let words = ["--format", "json", "--output", &file("a.json"), "-o", &file("a.txt"), "--format", "ndjson", "--save-facts", &facts];
    let run = stsready(["check", good]).args(words).at(&lab).run().exits(0);
    let json: serde_json::Value = serde_json::from_str(&read("a.json")).unwrap();
    assert_eq!((&json["domain"], &json["answer"]), (&good.into(), &"ready".into()));
    assert_eq!(run.json(), json, "what is printed line by line is the same");
    let text = read("a.txt");
    assert!(text.contains("alpha.test") && !text.contains('\u{1b}'), "{text}");

    // What was there stays as it was until there is an answer.
    let old = || std::fs::write(file("a.json"), "old").unwrap();
    old();
    stsready(["check", "beta.test", "--facts", &facts, "-o", &file("a.json")]).run().exits(2);
    assert_eq!(read("a.json"), "old");
    let run = stsready(["check", "--facts", &facts, "-o", &file("no/a.json"), "-o", &file("b.json")]).run().exits(2);
    assert!(run.stderr.contains("failed to write") && run.stderr.contains("no/a.json"), "{run}");
    assert!(!folder.path().join("b.json").exists(), "nothing is done where a part of it cannot be");
    let again = stsready(["check", "--facts", &facts, "-o", &file("a.json")]).run().exits(0);
    assert_eq!((again.stdout.as_str(), serde_json::from_str::<serde_json::Value>(&read("a.json")).unwrap()), ("", json));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "nothing is left lying about");

    // A format that the environment names for others is none for this command.
    stsready(["history", good, "--store", &file("none.sqlite")]).env("STSREADY_FORMAT", "html").run().exits(3);
    stsready(["rules"]).env("STSREADY_FORMAT", "yaml").run().exits(2);
}
