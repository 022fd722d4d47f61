//! What was answered of a domain, beside what a sender that honours policies does with a mail for it.
//!
//! They agree where a mail arrives and the answer is "ready", and where it does not and the answer is another. Each other row has its reason.

use hickory_proto::rr::RecordType;

use super::sender::{Sender, policy_at_port_443};
use crate::lab::{Chain, Domain, Ehlo, Fault, Https, Lab, Leaf, Page, SmtpSession, StartTls, Tls, Validity};
use crate::run::stsready;

/// A scenario: a healthy domain, and what is done to it.
struct Row {
    name: &'static str,
    mode: &'static str,
    mx_hosts: usize,
    change: fn(&Lab, &mut Domain),
    /// A mail was sent before the change, so that the sender holds the policy.
    known: bool,
    /// Whether the mail arrives.
    arrives: bool,
    /// The answer.
    answer: &'static str,
    /// Why the two differ, if they do.
    why: &'static str,
}

/// The mail arrives, as was answered.
const fn arrives(name: &'static str, change: fn(&Lab, &mut Domain)) -> Row {
    Row { name, mode: "enforce", mx_hosts: 1, change, known: false, arrives: true, answer: "ready", why: "" }
}

/// The mail is kept back, as was answered.
const fn waits(name: &'static str, change: fn(&Lab, &mut Domain)) -> Row {
    Row { arrives: false, answer: "not-ready", ..arrives(name, change) }
}

/// The mail arrives against the answer.
const fn arrives_although(name: &'static str, why: &'static str, change: fn(&Lab, &mut Domain)) -> Row {
    Row { answer: "not-ready", why, ..arrives(name, change) }
}

const WITHOUT_POLICY: &str = "a sender that gets no policy delivers as if there were none: nothing waits, and nothing is protected";
const OTHER_HOST: &str = "the other MX host takes the mail, as long as it is up";
const NOT_ENFORCED: &str = "the mode keeps nothing back; the answer is about the next one";
const HELD: &str = "the sender still holds the policy; one that asks for the first time gets none";

fn present(lab: &Lab, it: &Domain, change: fn(Leaf) -> Leaf) {
    it.mx[0].1.set_identity(lab.ca().issue(&change(Leaf::for_host(&it.mx[0].0))));
}

fn republish(it: &mut Domain, from: &str, to: &str) {
    let policy = it.policy.replace(from, to);
    assert_ne!(policy, it.policy, "nothing is replaced");
    it.publish(&policy, "20260202T000000");
}

const ROWS: &[Row] = &[
    arrives("healthy.test", |_, _| {}),
    arrives("wildcard-certificate.test", |lab, it| present(lab, it, |leaf| leaf.names(&["*.wildcard-certificate.test"]))),
    arrives("wildcard-pattern.test", |_, it| republish(it, "mx: mx1.", "mx: *.")),
    arrives("upper-case.test", |_, it| republish(it, "mx: mx1.", "mx: MX1.")),
    arrives("tls12.test", |_, it| it.mx[0].1.change(|smtp| smtp.tls = Tls::Only12)),
    arrives("tls13.test", |_, it| it.mx[0].1.change(|smtp| smtp.tls = Tls::Only13)),
    arrives("asks.test", |_, it| it.mx[0].1.change(|smtp| smtp.tls = Tls::AsksForClientCertificate)),
    waits("wrong-name.test", |lab, it| present(lab, it, |leaf| leaf.names(&["www.wrong-name.test"]))),
    waits("deep-wildcard.test", |lab, it| present(lab, it, |leaf| leaf.names(&["*.test"]))),
    arrives_although("common-name.test", "Postfix takes the common name where there is no other; RFC 8461 §4.1 does not", |lab, it| {
        present(lab, it, |leaf| leaf.without_san().common_name("mx1.common-name.test"))
    }),
    waits("expired.test", |lab, it| present(lab, it, |leaf| leaf.expires_in(-2))),
    waits("tomorrow.test", |lab, it| present(lab, it, |leaf| leaf.valid(Validity::days(1, 91)))),
    waits("self-signed.test", |_, it| it.mx[0].1.set_identity(Leaf::for_host("mx1.self-signed.test").self_signed())),
    waits("unknown-ca.test", |lab, it| {
        it.mx[0].1.set_identity(lab.ca().issue(&Leaf::for_host("mx1.unknown-ca.test").signed_by(lab.ca().unknown_root())));
    }),
    waits("incomplete.test", |lab, it| it.mx[0].1.set_identity(Chain::without_intermediates(lab.chain("mx1.incomplete.test")))),
    waits("uncovered.test", |_, it| republish(it, "mx: mx1.", "mx: mail.")),
    arrives_although("wide-pattern.test", "for Postfix a wildcard stands for any number of labels; in RFC 8461 §4.1 for one", |_, it| {
        republish(it, "mx: mx1.wide-pattern.test", "mx: *.test")
    }),
    waits("in-clear.test", |_, it| it.mx[0].1.change(|smtp| smtp.ehlo = Ehlo::WithoutStarttls)),
    waits("refused.test", |_, it| it.mx[0].1.change(|smtp| smtp.starttls = StartTls::Reply("454 4.7.0 TLS not available"))),
    waits("alert.test", |_, it| it.mx[0].1.change(|smtp| smtp.tls = Tls::Alert(40))),
    waits("tls10.test", |_, it| it.mx[0].1.change(|smtp| smtp.tls = Tls::Legacy10)),
    waits("demands.test", |_, it| it.mx[0].1.change(|smtp| smtp.tls = Tls::DemandsClientCertificate12)),
    Row {
        answer: "inconclusive",
        ..waits("gone.test", |lab, _| {
            lab.dns().remove_name("mx1.gone.test");
            lab.dns().address("mx1.gone.test", lab.refusing_address());
        })
    },
    Row { answer: "inconclusive", ..waits("mx-servfail.test", |lab, it| lab.dns().fault_on(&it.name, RecordType::MX, Fault::ServFail)) },
    Row { answer: "not-applicable", ..waits("no-mx.test", |_, it| it.without_mx()) },
    Row {
        answer: "not-applicable",
        ..waits("null-mx.test", |lab, it| {
            it.without_mx();
            lab.dns().mx(&it.name, 0, ".");
        })
    },
    arrives("implicit-mx.test", |lab, it| {
        it.without_mx();
        lab.dns().address(&it.name, it.mx[0].1.address());
        it.mx[0].1.set_identity(lab.chain(&it.name));
        republish(it, "mx: mx1.", "mx: ");
    }),
    arrives_although(
        "literal.test",
        "Postfix connects to an address where a name must be; RFC 5321 §5.1 knows names only, and other senders look it up as one",
        |lab, it| {
            it.without_mx();
            let literal = it.mx[0].1.address().to_string();
            lab.dns().mx(&it.name, 10, &literal);
            lab.dns().address(&literal, it.mx[0].1.address());
            it.mx[0].1.set_identity(lab.chain(&literal));
            republish(it, "mx: mx1.literal.test", &format!("mx: {literal}"));
        },
    ),
    Row { mx_hosts: 2, ..arrives_although("first-of-two.test", OTHER_HOST, |lab, it| present(lab, it, |leaf| leaf.expires_in(-2))) },
    Row {
        mx_hosts: 2,
        ..arrives_although("second-of-two.test", OTHER_HOST, |lab, it| {
            it.mx[1].1.set_identity(lab.ca().issue(&Leaf::for_host(&it.mx[1].0).expires_in(-2)));
        })
    },
    Row {
        mx_hosts: 2,
        ..arrives_although("first-uncovered.test", OTHER_HOST, |_, it| republish(it, "mx: mx1.first-uncovered.test\r\n", ""))
    },
    Row {
        mode: "testing",
        answer: "inconclusive",
        why: "nothing is wrong, and no report tells what other senders meet",
        ..arrives("testing.test", |_, _| {})
    },
    Row {
        mode: "testing",
        ..arrives_although("testing-expired.test", NOT_ENFORCED, |lab, it| present(lab, it, |leaf| leaf.expires_in(-2)))
    },
    Row { mode: "none", ..arrives_although("none.test", NOT_ENFORCED, |_, _| {}) },
    Row { mode: "none", ..arrives_although("none-expired.test", NOT_ENFORCED, |lab, it| present(lab, it, |leaf| leaf.expires_in(-2))) },
    arrives_although("no-record.test", WITHOUT_POLICY, |lab, it| lab.dns().remove_name(&format!("_mta-sts.{}", it.name))),
    arrives_although("two-records.test", WITHOUT_POLICY, |lab, it| lab.dns().txt(&format!("_mta-sts.{}", it.name), "v=STSv1; id=2;")),
    Row {
        answer: "inconclusive",
        ..arrives_although("record-servfail.test", WITHOUT_POLICY, |lab, it| {
            lab.dns().fault(&format!("_mta-sts.{}", it.name), Fault::ServFail)
        })
    },
    arrives_although("no-policy-host.test", WITHOUT_POLICY, |lab, it| lab.dns().remove_name(&format!("mta-sts.{}", it.name))),
    arrives_although("policy-host-down.test", WITHOUT_POLICY, |lab, it| {
        lab.dns().remove_name(&format!("mta-sts.{}", it.name));
        lab.dns().address(&format!("mta-sts.{}", it.name), lab.refusing_address());
    }),
    arrives_although("policy-host-name.test", WITHOUT_POLICY, |lab, it| {
        it.policy_host.set_identity(lab.chain("www.policy-host-name.test"))
    }),
    arrives_although("policy-host-expired.test", WITHOUT_POLICY, |lab, it| {
        it.policy_host.set_identity(lab.ca().issue(&Leaf::for_host("mta-sts.policy-host-expired.test").expires_in(-2)));
    }),
    arrives_although("not-found.test", WITHOUT_POLICY, |_, it| it.policy_host.set(Https::default())),
    arrives_although("redirected.test", WITHOUT_POLICY, |_, it| {
        it.policy_host.set(Https::serving(Page::redirect(302, "https://www.test/mta-sts.txt")))
    }),
    arrives_although("html.test", WITHOUT_POLICY, |_, it| it.policy_host.set(Https::serving(Page::html()))),
    arrives_although("html-type.test", WITHOUT_POLICY, |_, it| {
        it.policy_host.set(Https::serving(Page::new(it.policy.as_str()).content_type("text/html")))
    }),
    arrives_although("no-mx-lines.test", WITHOUT_POLICY, |_, it| republish(it, "mx: mx1.no-mx-lines.test\r\n", "")),
    arrives_although("no-max-age.test", WITHOUT_POLICY, |_, it| republish(it, "max_age: 1209600", "comment: none")),
    Row { known: true, ..arrives_although("known-host-down.test", HELD, |_, it| it.policy_host.set(Https::default())) },
    Row {
        known: true,
        ..arrives_although("known-no-record.test", HELD, |lab, it| lab.dns().remove_name(&format!("_mta-sts.{}", it.name)))
    },
    Row {
        known: true,
        ..waits("known-no-record-expired.test", |lab, it| {
            lab.dns().remove_name(&format!("_mta-sts.{}", it.name));
            present(lab, it, |leaf| leaf.expires_in(-2));
        })
    },
    Row {
        known: true,
        ..waits("known-host-down-expired.test", |lab, it| {
            it.policy_host.set(Https::default());
            present(lab, it, |leaf| leaf.expires_in(-2));
        })
    },
];

#[test]
fn what_a_sender_does_is_what_was_answered() {
    let lab = Lab::start_blocking().expect("a lab");
    let Some(sender) = Sender::start(&lab) else { return };
    for row in ROWS {
        let mut domain = lab.good_domain(row.name, |plan| {
            plan.mode = row.mode.into();
            plan.mx_hosts = row.mx_hosts;
        });
        policy_at_port_443(&domain);
        if row.known {
            assert!(mail_arrives(&sender, &domain), "{}", sender.log());
        }
        (row.change)(&lab, &mut domain);
        assert_eq!(mail_arrives(&sender, &domain), row.arrives, "{}:\n{}", row.name, sender.log());
        assert!(with_mail(&domain).iter().all(|session| session.secured), "{}", row.name);
        let answer = stsready(["check", row.name, "--format", "json"]).at(&lab).run();
        assert_eq!(answer.assessment().answer(), row.answer, "{answer}");
        let agree = row.arrives == (row.answer == "ready");
        assert_eq!(agree, row.why.is_empty(), "{}: a difference has its reason, and nothing else has", row.name);
        // It is the policy that keeps mail back: where none is in force, mail goes in clear.
        if row.arrives && row.mx_hosts == 1 {
            domain.mx[0].1.change(|smtp| smtp.ehlo = Ehlo::WithoutStarttls);
            let free = row.why == WITHOUT_POLICY || row.mode != "enforce";
            assert_eq!(mail_arrives(&sender, &domain), free, "{}:\n{}", row.name, sender.log());
        }
    }
}

/// Whether a mail that is sent now arrives.
pub(super) fn mail_arrives(sender: &Sender, domain: &Domain) -> bool {
    let before = with_mail(domain).len();
    sender.send(&domain.name).expect("it takes the mail");
    with_mail(domain).len() > before
}

/// The sessions in which an MX host was given a mail.
fn with_mail(domain: &Domain) -> Vec<SmtpSession> {
    let is_mail = |session: &SmtpSession| session.commands.iter().any(|command| command.starts_with("MAIL FROM"));
    domain.mx.iter().flat_map(|(_, host)| host.seen()).filter(is_mail).collect()
}
