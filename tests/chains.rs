//! Chains, judged offline by the hidden command `verify`: each fault alone and several at once, and exactly what must be said of each.
//!
//! Beside each row stands OpenSSL where it answers otherwise: `openssl verify -auth_level 2 -purpose sslserver -verify_hostname NAME
//! -attime TIME -CAfile ROOTS -untrusted CHAIN CHAIN`, as senders set it up (3.0.19; with `-partial_chain` off). To look again: with
//! `STSREADY_CHAINS=FOLDER` in the environment the test writes every chain there, with a script that asks OpenSSL about each.
//!
//! What no current library signs lies in `chains/` as PEM, made by `chains/make.sh`.

mod maker;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rcgen::{ExtendedKeyUsagePurpose, GeneralSubtree, KeyIdMethod, KeyUsagePurpose, SanType};

use self::maker::{
    AT, Ca, Change, Der, HOST, Kind, at_most_below, common_name, constrained, critical_policies, days, directory, excluded, mail_address,
    must_staple, pem, permitted, plain, purpose, self_signed, unknown_critical, usage,
};
use crate::run::stsready;

/// As of when the chains in `chains/` are judged: they were made in November 2026 for 25 years.
const LATER: &str = "2027-06-01T00:00:00Z";

struct Row {
    what: &'static str,
    chain: Vec<Der>,
    roots: Vec<Der>,
    ca_file: Option<Der>,
    name: &'static str,
    at: &'static str,
    /// `weight code`, weights as in [`crate::run::Finding::weight`].
    expected: &'static [&'static str],
    /// OpenSSL's answer and why it is another, where it is.
    openssl: Option<(bool, &'static str)>,
}

impl Row {
    fn at(self, at: &'static str) -> Self {
        Self { at, ..self }
    }

    fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    fn openssl(self, accepts: bool, why: &'static str) -> Self {
        Self { openssl: Some((accepts, why)), ..self }
    }

    fn accepted(&self) -> bool {
        !self.expected.iter().any(|due| due.starts_with("blocker") || due.starts_with("undetermined-blocker"))
    }
}

/// The CAs that the rows share.
struct World {
    root: Ca,
    new_root: Ca,
    unknown: Ca,
    issuer: Ca,
}

impl World {
    fn new() -> Self {
        let root = Ca::root("Root");
        let issuer = root.sub("Intermediate", plain);
        Self { new_root: Ca::root("New Root"), unknown: Ca::root("Unknown Root"), issuer, root }
    }

    fn row(&self, what: &'static str, chain: Vec<Der>, expected: &'static [&'static str]) -> Row {
        let roots = vec![self.root.der.clone(), self.new_root.der.clone()];
        Row { what, chain, roots, ca_file: None, name: HOST, at: AT, expected, openssl: None }
    }

    /// A leaf changed so, behind the healthy intermediate.
    fn leaf(&self, what: &'static str, change: Change, expected: &'static [&'static str]) -> Row {
        self.row(what, vec![self.issuer.leaf(change), self.issuer.der.clone()], expected)
    }

    fn names(&self, what: &'static str, names: &[&str], expected: &'static [&'static str]) -> Row {
        self.row(what, vec![self.issuer.named(names), self.issuer.der.clone()], expected)
    }

    /// A healthy leaf behind an intermediate changed so.
    fn issuer(&self, what: &'static str, change: Change, expected: &'static [&'static str]) -> Row {
        self.both(what, change, plain, expected)
    }

    fn both(&self, what: &'static str, issuer: Change, leaf: Change, expected: &'static [&'static str]) -> Row {
        let issuer = self.root.sub("Changed Intermediate", issuer);
        self.row(what, vec![issuer.leaf(leaf), issuer.der], expected)
    }

    /// Two intermediates, the upper one changed so.
    fn upper(&self, what: &'static str, change: Change, expected: &'static [&'static str]) -> Row {
        let upper = self.root.sub("Upper", change);
        let lower = upper.sub("Lower", plain);
        self.row(what, vec![lower.leaf(plain), lower.der, upper.der], expected)
    }
}

fn healthy(world: &World) -> Vec<Row> {
    let kind = |what, issuer: Kind, leaf: Kind| {
        let issuer = world.root.sub_with("Other Intermediate", issuer);
        world.row(what, vec![issuer.leaf_with(&[HOST], leaf, plain), issuer.der], &[])
    };
    let direct = world.row("signed by the root itself", vec![world.root.leaf(plain)], &[]);
    vec![
        world.leaf("healthy", plain, &[]),
        direct,
        kind("RSA 2048 under RSA 2048", Kind::Rsa2048, Kind::Rsa2048),
        kind("RSA 3072 under P-384", Kind::P384, Kind::Rsa3072),
        kind("P-384 under RSA 3072", Kind::Rsa3072, Kind::P384),
        kind("P-521 under P-521", Kind::P521, Kind::P521),
        kind("Ed25519 under Ed25519", Kind::Ed25519, Kind::Ed25519),
        world.leaf("six days of life", |params| days(params, -1, 5), &[]),
        world.leaf("a year of life", |params| days(params, -100, 265), &[]),
        world.row("with the root", vec![world.issuer.leaf(plain), world.issuer.der.clone(), world.root.der.clone()], &[]),
        world.leaf("without any usage", |params| (params.key_usages, params.extended_key_usages) = (vec![], vec![]), &[]),
        world.leaf("a leaf that is marked as a CA", |params| at_most_below(params, 0), &[]),
        world.upper("a path as long as allowed", |params| at_most_below(params, 1), &[]),
        world.issuer("permitted by name constraints", |params| permitted(params, "example.com"), &[]),
        world.issuer("not excluded by name constraints", |params| excluded(params, "example.org"), &[]),
    ]
}

fn names(world: &World) -> Vec<Row> {
    let without_san: Change = |params| common_name(params, HOST);
    let only_cn = world.row(
        "the name in the common name only",
        vec![world.issuer.leaf_with(&[], Kind::P256, without_san), world.issuer.der.clone()],
        &["blocker cert-no-san"],
    );
    let no_name = world.row(
        "no name at all",
        vec![world.issuer.leaf_with(&[], Kind::P256, plain), world.issuer.der.clone()],
        &["blocker cert-name-mismatch"],
    );
    vec![
        world.names("one of many names", &["a.example.org", "*.b.example.org", HOST], &[]),
        world.names("upper case in the certificate", &["MX1.Example.COM"], &[]),
        world.leaf("upper case in the question", plain, &[]).named("MX1.EXAMPLE.COM"),
        world.names("a wildcard", &["*.example.com"], &[]),
        world.names("a wildcard for another level", &["*.mx1.example.com"], &["blocker cert-name-mismatch"]),
        world.names("a wildcard for two labels", &["*.*.example.com"], &["blocker cert-name-mismatch"]).named("a.b.example.com"),
        world.names("a wildcard one label too shallow", &["*.example.com"], &["blocker cert-name-mismatch"]).named("a.b.example.com"),
        world
            .names("a wildcard inside a label", &["mx*.example.com"], &["blocker cert-name-mismatch"])
            .openssl(true, "partial wildcards are on by default; RFC 9525 §6.3 has ended them"),
        world.names("the mail domain", &["example.com"], &["blocker cert-name-mismatch"]),
        world.names("an address in place of a name", &["192.0.2.1"], &["blocker cert-name-mismatch"]),
        only_cn.openssl(true, "it falls back to the common name where there is no DNS name; RFC 8461 §4.2 does not"),
        no_name,
        world.leaf(
            "the right common name beside another name",
            |params| {
                params.subject_alt_names = vec![SanType::DnsName("www.example.com".try_into().unwrap())];
                common_name(params, HOST);
            },
            &["blocker cert-name-mismatch"],
        ),
    ]
}

fn dates(world: &World) -> Vec<Row> {
    vec![
        world.leaf("expired yesterday", |params| days(params, -90, -1), &["blocker cert-expired"]),
        world.leaf("valid from tomorrow", |params| days(params, 1, 91), &["blocker cert-not-yet-valid"]),
        world.leaf("renewal overdue", |params| days(params, -62, 28), &["advice cert-expiring"]),
        world.leaf("three weeks left", |params| days(params, -70, 20), &["warning cert-expiring"]),
        world
            .leaf("a week left", |params| days(params, -83, 7), &["blocker cert-expiring"])
            .openssl(true, "it knows no runway: a week before the end is still valid"),
        world.leaf("a day left of six", |params| days(params, -5, 1), &["warning cert-expiring"]),
        world.issuer("an expired intermediate", |params| days(params, -400, -3), &["blocker cert-expired"]),
        world.upper("an expired upper intermediate", |params| days(params, -400, -3), &["blocker cert-expired"]),
        world.issuer("an intermediate of tomorrow", |params| days(params, 1, 400), &["blocker cert-not-yet-valid"]),
        world.both(
            "an intermediate that ended before the leaf began",
            |params| days(params, -400, -30),
            |params| days(params, -10, 80),
            &["blocker cert-expired"],
        ),
    ]
}

fn trust(world: &World) -> Vec<Row> {
    let lone = || world.issuer.leaf(plain);
    let upper = world.root.sub("Upper", plain);
    let lower = upper.sub("Lower", plain);
    let other = world.root.sub("Unrelated Intermediate", plain);
    let below_unknown = world.unknown.sub("Company Intermediate", plain);
    let private = Row {
        ca_file: Some(world.unknown.der.clone()),
        ..world.row("a private CA", vec![below_unknown.leaf(plain), below_unknown.der.clone()], &["blocker cert-private-ca"])
    };
    let forged = Ca::root("Intermediate").leaf(plain);
    let soon = world.root.cross("Intermediate", &world.issuer, |params| days(params, -80, 20));
    let later = world.new_root.cross("Intermediate", &world.issuer, |params| days(params, 1, 400));
    let twin = world.new_root.cross("Intermediate", &world.issuer, |params| days(params, -900, -5));
    vec![
        world.row("self-signed", vec![self_signed(&[HOST], plain)], &["blocker cert-self-signed"]),
        world.row(
            "self-signed and marked as a CA",
            vec![self_signed(&[HOST], |params| at_most_below(params, 0))],
            &["blocker cert-self-signed"],
        ),
        world.row("an unknown root sent", vec![world.unknown.leaf(plain), world.unknown.der.clone()], &["blocker cert-untrusted"]),
        world.row("an unknown root not sent", vec![world.unknown.leaf(plain)], &["blocker cert-chain-incomplete"]),
        world.row("the intermediate missing", vec![lone()], &["blocker cert-chain-incomplete"]),
        world.row("the lower of two missing", vec![lower.leaf(plain), upper.der.clone()], &["blocker cert-chain-incomplete"]),
        world.row("the upper of two missing", vec![lower.leaf(plain), lower.der.clone()], &["blocker cert-chain-incomplete"]),
        world.row("another intermediate in its place", vec![lone(), other.der.clone()], &["blocker cert-chain-incomplete"]),
        world.row(
            "a signature by another key of that name",
            vec![forged, world.issuer.der.clone()],
            &["blocker cert-untrusted|cert-chain-incomplete"],
        ),
        private,
        world.row("a cross-sign that has ended beside a good one", vec![lone(), twin.der.clone(), world.issuer.der.clone()], &[]),
        world.row("a cross-sign of tomorrow beside one that ends soon", vec![lone(), later.der, soon.der], &["warning cert-expiring"]),
        world.row("a cross-sign that has ended, alone", vec![lone(), twin.der], &["blocker cert-expired"]),
        world.row("garbage", vec![b"garbage".to_vec()], &["blocker cert-untrusted"]).openssl(false, "it cannot load the file"),
    ]
}

fn order(world: &World) -> Vec<Row> {
    let upper = world.root.sub("Upper", plain);
    let lower = upper.sub("Lower", plain);
    let leaf = || lower.leaf(plain);
    let other = world.root.sub("Unrelated Intermediate", plain);
    vec![
        world.row("intermediates from the top down", vec![leaf(), upper.der.clone(), lower.der.clone()], &["warning cert-chain-order"]),
        world.row(
            "an intermediate twice",
            vec![leaf(), lower.der.clone(), lower.der.clone(), upper.der.clone()],
            &["warning cert-chain-order"],
        ),
        world.row(
            "an unrelated intermediate at the end",
            vec![leaf(), lower.der.clone(), upper.der.clone(), other.der.clone()],
            &["warning cert-chain-order"],
        ),
        world.row(
            "an unknown root at the end",
            vec![leaf(), lower.der.clone(), upper.der.clone(), world.unknown.der.clone()],
            &["warning cert-chain-order"],
        ),
        world
            .row(
                "garbage behind a good chain",
                vec![leaf(), lower.der.clone(), upper.der.clone(), b"garbage".to_vec()],
                &["blocker cert-chain-order"],
            )
            .openssl(true, "`openssl verify` passes over it; its TLS client breaks off with bad_certificate"),
        world.row(
            "something in the form of a certificate",
            vec![leaf(), lower.der.clone(), upper.der.clone(), vec![0x30, 2, 5, 0]],
            &["warning cert-chain-order"],
        ),
        world.row("the leaf last", vec![lower.der.clone(), upper.der.clone(), leaf()], &["blocker cert-name-mismatch"]),
        world.row(
            "the leaf twice and no intermediate",
            vec![world.issuer.named(&[HOST]); 2],
            &["blocker cert-chain-incomplete", "warning cert-chain-order"],
        ),
    ]
}

/// Chains for senders that keep the first issuer that fits.
fn first_fits(world: &World) -> Vec<Row> {
    const ASTRAY: &[&str] = &["warning cert-chain-order"];
    let good = || world.issuer.der.clone();
    let leaf = || world.issuer.leaf(plain);
    let cross = |ca: &Ca, change: Change| ca.cross("Intermediate", &world.issuer, change).der;
    let no_signing: Change = |params| usage(params, &[KeyUsagePurpose::CrlSign]);
    let elsewhere: Change = |params| permitted(params, "example.org");
    let no_key_named: Change = |params| params.use_authority_key_identifier_extension = false;
    let other_key = world.root.sub("Intermediate", plain).der;
    let misnamed =
        world.root.cross("Intermediate", &world.issuer, |params| params.key_identifier_method = KeyIdMethod::PreSpecified(vec![9; 20]));
    let renewed_root = world.unknown.cross("Root", &world.root, plain).der;
    let unsent = Ca::root("Root of a CA that has ended");
    let of_old = unsent.cross("Intermediate", &world.issuer, plain).der;
    let astray = |what, first: Der, rest: Vec<Der>| {
        world.row(what, std::iter::once(first).chain(rest).collect(), ASTRAY).openssl(false, "it keeps the first issuer that fits")
    };
    vec![
        astray("a cross-sign by an unknown CA first", leaf(), vec![cross(&world.unknown, plain), good()]),
        astray("a cross-sign by an unknown CA first, and its root", leaf(), vec![of_old.clone(), good(), unsent.der.clone()]),
        astray("a cross-sign without keyCertSign first", leaf(), vec![cross(&world.new_root, no_signing), good()]),
        astray("a cross-sign for other names first", leaf(), vec![cross(&world.new_root, elsewhere), good()]),
        astray("another key of that name first", world.issuer.leaf(no_key_named), vec![other_key.clone(), good()]),
        astray("a leaf that names another key of its issuer", misnamed.leaf(plain), vec![good()]),
        world.row("a cross-sign by an unknown CA last", vec![leaf(), good(), cross(&world.unknown, plain)], &[]),
        world.row("a cross-sign without keyCertSign last", vec![leaf(), good(), cross(&world.new_root, no_signing)], &[]),
        world.row("another key of that name first, and the leaf tells", vec![leaf(), other_key, good()], ASTRAY),
        world.row(
            "an ended cross-sign by an unknown CA first",
            vec![leaf(), cross(&world.unknown, |params| days(params, -900, -5)), good()],
            &[],
        ),
        world.row("the root cross-signed by an unknown one", vec![leaf(), good(), renewed_root], &[]),
        world.row(
            "the root cross-signed by one that senders have",
            vec![leaf(), good(), world.new_root.cross("Root", &world.root, plain).der],
            &[],
        ),
        Row {
            roots: vec![world.new_root.der.clone()],
            ..world.row(
                "a root that senders lack, cross-signed by one that they have",
                vec![leaf(), good(), world.new_root.cross("Root", &world.root, plain).der],
                &[],
            )
        },
        Row {
            roots: vec![world.new_root.der.clone()],
            ..astray(
                "a root that senders lack before its cross-sign",
                leaf(),
                vec![good(), world.root.der.clone(), world.new_root.cross("Root", &world.root, plain).der],
            )
        },
        Row {
            roots: vec![world.new_root.der.clone()],
            ..world.row(
                "a root that senders lack behind its cross-sign",
                vec![leaf(), good(), world.new_root.cross("Root", &world.root, plain).der, world.root.der.clone()],
                &[],
            )
        },
    ]
}

fn constraints(world: &World) -> Vec<Row> {
    const REFUSED: &[&str] = &["blocker cert-constraint"];
    const SOME_REFUSE: &[&str] = &["warning cert-constraint"];
    let mail_elsewhere: Change = |params| constrained(params, GeneralSubtree::Rfc822Name("example.org".to_owned()));
    vec![
        world.issuer("names outside what is permitted", |params| permitted(params, "example.org"), REFUSED),
        world.upper("names outside what the upper one permits", |params| permitted(params, "example.org"), REFUSED),
        world.issuer("an excluded name", |params| excluded(params, "example.com"), REFUSED),
        world.issuer("an intermediate without keyCertSign", |params| usage(params, &[KeyUsagePurpose::CrlSign]), REFUSED),
        world.issuer("an intermediate for mail", |params| purpose(params, ExtendedKeyUsagePurpose::EmailProtection), REFUSED),
        world.leaf("a leaf for clients", |params| purpose(params, ExtendedKeyUsagePurpose::ClientAuth), REFUSED),
        world.leaf("a leaf for anything", |params| purpose(params, ExtendedKeyUsagePurpose::Any), REFUSED),
        world.leaf("a leaf that may only sign certificates", |params| usage(params, &[KeyUsagePurpose::KeyCertSign]), REFUSED),
        world.leaf(
            "a leaf that may only decrypt",
            |params| usage(params, &[KeyUsagePurpose::KeyEncipherment]),
            &["warning cert-constraint"],
        ),
        world.upper("one CA too many", |params| at_most_below(params, 0), REFUSED),
        world.issuer("an intermediate that is no CA", |params| params.is_ca = rcgen::IsCa::ExplicitNoCa, REFUSED),
        world.leaf("an unknown critical extension", unknown_critical, &["blocker cert-untrusted"]),
        world.leaf("critical certificate policies", critical_policies, SOME_REFUSE),
        world.issuer("critical certificate policies above", critical_policies, SOME_REFUSE),
        world.issuer("constraints on directory names that are kept", directory, SOME_REFUSE),
        world.both(
            "the same in an intermediate younger than the leaf",
            |params| (directory(params), days(params, -5, 400)).1,
            plain,
            SOME_REFUSE,
        ),
        world.both(
            "critical certificate policies and another purpose",
            critical_policies,
            |params| purpose(params, ExtendedKeyUsagePurpose::ClientAuth),
            REFUSED,
        ),
        world.both("a mail address where they are limited", mail_elsewhere, mail_address, REFUSED),
        world.both(
            "the same in a leaf that is marked as a CA",
            mail_elsewhere,
            |params| (mail_address(params), at_most_below(params, 0)).1,
            REFUSED,
        ),
        world.leaf("must-staple", must_staple, &["undetermined-warning cert-must-staple"]),
        world.row(
            "a self-signed certificate for clients",
            vec![self_signed(&[HOST], |params| purpose(params, ExtendedKeyUsagePurpose::ClientAuth))],
            &["blocker cert-self-signed", "blocker cert-constraint"],
        ),
    ]
}

fn several(world: &World) -> Vec<Row> {
    vec![
        world.row(
            "self-signed, expired, another name",
            vec![self_signed(&["localhost"], |params| days(params, -100, -1))],
            &["blocker cert-self-signed", "blocker cert-expired", "blocker cert-name-mismatch"],
        ),
        world.both(
            "no CA, not permitted, expired, another purpose",
            |params| {
                usage(params, &[KeyUsagePurpose::CrlSign]);
                permitted(params, "example.org");
                days(params, -400, -3);
            },
            |params| purpose(params, ExtendedKeyUsagePurpose::ClientAuth),
            &["blocker cert-constraint", "blocker cert-expired"],
        ),
        world.row(
            "incomplete and expired",
            vec![world.issuer.leaf(|params| days(params, -90, -1))],
            &["blocker cert-chain-incomplete", "blocker cert-expired"],
        ),
        world.leaf(
            "an unknown critical extension and a wrong purpose",
            |params| {
                unknown_critical(params);
                purpose(params, ExtendedKeyUsagePurpose::EmailProtection);
            },
            &["blocker cert-untrusted", "blocker cert-constraint"],
        ),
    ]
}

/// The chains of `chains/make.sh`.
fn weak(world: &World) -> Vec<Row> {
    let made = |file: &str| {
        let text = std::fs::read(folder().join(file).with_extension("pem")).expect("a committed file");
        use rustls_pki_types::pem::PemObject as _;
        rustls_pki_types::CertificateDer::pem_slice_iter(&text).map(|der| der.unwrap().to_vec()).collect::<Vec<Der>>()
    };
    let row = |what, file: &str, expected| Row { roots: made("root"), ..world.row(what, made(file), expected) }.at(LATER);
    vec![
        row("an RSA key of 1024 bits", "rsa1024", &["blocker cert-weak-key"]),
        row("a DSA key", "dsa", &["blocker cert-weak-key"])
            .openssl(true, "a DSA key counts there by its size; TLS 1.3 and others know none"),
        row("a curve of 192 bits", "p192", &["blocker cert-weak-key"]),
        row("a leaf signed with SHA-1", "sha1", &["blocker cert-weak-signature"]),
        row("a leaf signed with MD5", "md5", &["blocker cert-weak-signature"]),
        row("ECDSA with SHA-1", "ecdsa-sha1", &["blocker cert-weak-signature"]),
        row("an intermediate with 1024 bits", "below-rsa1024", &["blocker cert-weak-key"]),
        row("an intermediate with 1024 bits that signs with SHA-384", "below-rsa1024-sha384", &["blocker cert-weak-key"]),
        row("an intermediate signed with SHA-1", "below-sha1", &["blocker cert-weak-signature"]),
        row(
            "small keys and SHA-1 all along, for another name",
            "all-of-it",
            &["blocker cert-weak-key", "blocker cert-weak-signature", "blocker cert-name-mismatch"],
        ),
    ]
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chains")
}

#[test]
fn every_chain_is_judged_fault_by_fault() {
    let world = World::new();
    let tables = [healthy, names, dates, trust, order, first_fits, constraints, several, weak];
    let rows: Vec<Row> = tables.into_iter().flat_map(|table| table(&world)).collect();
    let whats: BTreeSet<&str> = rows.iter().map(|row| row.what).collect();
    assert!(whats.len() == rows.len() && rows.len() >= 60, "{} rows, each with a name of its own", rows.len());
    let files = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("STSREADY_CHAINS").map(PathBuf::from);
    let mut wrong = String::new();
    let mut script = "#!/bin/sh\n".to_owned();
    for (number, row) in rows.iter().enumerate() {
        let folder = kept.as_deref().unwrap_or(files.path());
        let write = |name: &str, certificates: &[Der]| {
            let path = folder.join(format!("{number}-{name}.pem"));
            std::fs::write(&path, pem(certificates)).unwrap();
            path
        };
        let (chain, roots) = (write("chain", &row.chain), write("roots", &row.roots));
        let mut call =
            stsready(["verify", "--name", row.name, "--at", row.at]).args([Path::new("--chain"), &chain, Path::new("--roots"), &roots]);
        if let Some(ca_file) = &row.ca_file {
            call = call.args([PathBuf::from("--ca-file"), write("ca", std::slice::from_ref(ca_file))]);
        }
        let at: jiff::Timestamp = row.at.parse().unwrap();
        let agrees = row.openssl.map_or(row.accepted(), |(accepts, _)| accepts);
        let _ = writeln!(
            script,
            "openssl verify -auth_level 2 -purpose sslserver -verify_hostname {} -attime {} -CAfile {} -untrusted {chain} {chain} >/dev/null 2>&1; \
             [ $? -eq 0 ] && told=true || told=false; [ $told = {agrees} ] || echo 'OpenSSL says '$told': {}'",
            row.name,
            at.as_second(),
            roots.display(),
            row.what,
            chain = chain.display(),
        );
        let answer = call.run();
        let json = answer.json();
        let told: BTreeSet<String> = json["findings"].as_array().unwrap().iter().map(weight_and_code).collect();
        let due = |due: &&str| {
            let (weight, codes) = due.split_once(' ').unwrap();
            codes.split('|').any(|code| told.contains(&format!("{weight} {code}")))
        };
        if !(row.expected.iter().all(due) && told.len() == row.expected.len()) {
            let _ = writeln!(wrong, "{}: expected {:?}, told {told:?}\n{json:#}", row.what, row.expected);
        }
        if json["accepted"] != row.accepted() || answer.exit != i32::from(!row.accepted()) || json["schema"] != "stsready/verify/1" {
            let _ = writeln!(wrong, "{}: accepted {}, exit {}", row.what, json["accepted"], answer.exit);
        }
    }
    if let Some(folder) = kept {
        std::fs::write(folder.join("ask.sh"), script).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn weight_and_code(finding: &serde_json::Value) -> String {
    let text = |field: &str| finding[field].as_str().unwrap();
    let open = if text("outcome") == "undetermined" { "undetermined-" } else { "" };
    format!("{open}{} {}", text("severity"), text("code"))
}

#[test]
fn a_file_without_a_chain_is_no_verdict() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    let roots = folder().join("root.pem");
    let call = |chain: &Path, roots: &Path| {
        stsready(["verify", "--name", HOST, "--at", AT]).args([Path::new("--chain"), chain, Path::new("--roots"), roots]).run().exits(2)
    };
    assert!(call(empty.path(), &roots).stderr.contains("no PEM certificate"));
    assert!(call(&roots, empty.path()).stderr.contains("no PEM certificate"));
    call(Path::new("/nonexistent.pem"), &roots);
}
