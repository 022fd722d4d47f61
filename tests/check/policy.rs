//! policy-*: the text of the policy.

use super::Scene;
use super::row::Answer::{NotReady, Ready};
use super::row::{Row, hold, row};
use crate::lab::{Https, Page};

pub(super) fn rows() -> Vec<Row> {
    [documents(), fields(), lines()].into_iter().flatten().collect()
}

/// Serves these bytes.
fn bytes(it: &mut Scene<'_>, body: &[u8]) {
    it.domain.policy_host.set(Https::serving(Page::new(body).content_type("text/plain")));
}

fn documents() -> Vec<Row> {
    vec![
        row("an empty policy", NotReady, &["blocker policy-empty"], |it| bytes(it, b"")),
        row("a policy of line ends", NotReady, &["blocker policy-empty"], |it| bytes(it, b"\r\n\r\n")),
        row("a web page as plain text", NotReady, &["blocker policy-not-a-policy"], |it| {
            bytes(it, b"<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body>\n<p>Nothing here yet.</p></body></html>\n");
        }),
        row("a policy with a byte order mark", NotReady, &["blocker policy-bom"], |it| {
            let text = format!("\u{feff}{}", it.domain.policy);
            it.policy(&text);
        }),
        row("a policy with old line ends", NotReady, &["blocker policy-syntax"], |it| {
            let text = it.domain.policy.replace("\r\n", "\r");
            it.policy(&text);
        }),
        row("a policy with Unix line ends", Ready, &[], |it| {
            let text = it.domain.policy.replace("\r\n", "\n");
            it.policy(&text);
        }),
        row("a policy without its last line end", Ready, &[], |it| {
            let text = it.domain.policy.trim_end().to_owned();
            it.policy(&text);
        }),
        row("a policy with a byte that is no UTF-8", NotReady, &["blocker policy-syntax"], |it| {
            let body = [it.domain.policy.as_bytes(), b"note: \xff\r\n"].concat();
            bytes(it, &body);
        }),
    ]
}

fn fields() -> Vec<Row> {
    vec![
        row("a policy without a version", NotReady, &["blocker policy-version"], |it| it.edit_policy("version: STSv1\r\n", "")),
        row("a policy version in lower case", NotReady, &["blocker policy-version"], |it| it.edit_policy("STSv1", "stsv1")),
        row("a policy version of the future", NotReady, &["blocker policy-version"], |it| it.edit_policy("STSv1", "STSv2")),
        row("a policy version that is not first", Ready, &["warning policy-version-not-first"], |it| {
            it.edit_policy("version: STSv1\r\nmode: testing\r\n", "mode: testing\r\nversion: STSv1\r\n");
        }),
        row("a policy without a mode", NotReady, &["blocker policy-mode-missing"], |it| it.edit_policy("mode: testing\r\n", "")),
        row("a mode in capitals", NotReady, &["blocker policy-mode-invalid"], |it| it.edit_policy("testing", "Testing")),
        row("a mode that is none", NotReady, &["blocker policy-mode-invalid"], |it| it.edit_policy("testing", "quarantine")),
        row("a withdrawn policy", NotReady, &["blocker policy-mode-none"], |it| it.edit_policy("testing", "none")),
        row("a withdrawn policy without mx", NotReady, &["blocker policy-mode-none", "advice policy-mx-missing"], |it| {
            it.policy("version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n");
        }),
        row("a policy without max_age", NotReady, &["blocker policy-max-age-missing"], |it| it.edit_policy("max_age: 1209600\r\n", "")),
        row("a max_age with a unit", NotReady, &["blocker policy-max-age-invalid"], |it| it.edit_policy("1209600", "14d")),
        row("a max_age over a year", NotReady, &["blocker policy-max-age-invalid"], |it| it.edit_policy("1209600", "31557601")),
        row("a max_age of a year", Ready, &[], |it| it.edit_policy("1209600", "31557600")),
        row("a max_age of an hour", Ready, &["warning policy-max-age-short"], |it| it.edit_policy("1209600", "3600")),
        row("a max_age of zero", Ready, &["warning policy-max-age-short"], |it| it.edit_policy("1209600", "0")),
        row("a max_age of a week in testing", Ready, &[], |it| it.edit_policy("1209600", "604800")),
        row("a max_age of a week in enforce", Ready, &["advice policy-max-age-short"], |it| it.edit_policy("1209600", "604800"))
            .plan(|plan| plan.mode = "enforce".into()),
        row("a policy without mx", NotReady, &["blocker policy-mx-missing"], |it| {
            // Coverage is not asked for where nothing is listed: it is one fault.
            it.policy("version: STSv1\r\nmode: testing\r\nmax_age: 1209600\r\n");
        }),
        row("an address as mx", NotReady, &["blocker policy-mx-invalid"], |it| it.edit_policy("max_age", "mx: 192.0.2.25\r\nmax_age")),
        row("a mail address as mx", NotReady, &["blocker policy-mx-invalid"], |it| {
            it.edit_policy("max_age", "mx: postmaster@alpha.test\r\nmax_age");
        }),
        row("a URL as mx", NotReady, &["blocker policy-mx-invalid"], |it| it.edit_policy("max_age", "mx: https://mx3.test/\r\nmax_age")),
        row("a trailing dot behind mx", NotReady, &["blocker policy-mx-invalid"], |it| {
            it.edit_policy("max_age", "mx: mx3.test.\r\nmax_age")
        }),
        row("an empty mx", NotReady, &["blocker policy-mx-invalid"], |it| it.edit_policy("max_age", "mx:\r\nmax_age")),
        row("a star inside a label", NotReady, &["blocker policy-mx-invalid"], |it| {
            it.edit_policy("max_age", "mx: mx*.alpha.test\r\nmax_age")
        }),
        row("a U-label as mx", NotReady, &["blocker policy-mx-invalid"], |it| {
            it.edit_policy("max_age", "mx: mx.b\u{fc}cher.test\r\nmax_age")
        }),
    ]
}

fn lines() -> Vec<Row> {
    vec![
        row("a comment in the policy", NotReady, &["blocker policy-syntax"], |it| it.edit_policy("mode", "# our servers\r\nmode")),
        row("a policy line without a colon", NotReady, &["blocker policy-syntax"], |it| it.edit_policy("max_age", "hello\r\nmax_age")),
        row("a space before a policy key", NotReady, &["blocker policy-syntax"], |it| it.edit_policy("mode", " mode")),
        row("a space before the colon", NotReady, &["blocker policy-syntax"], |it| it.edit_policy("mode:", "mode :")),
        row("a blank line inside the policy", Ready, &["warning policy-blank-line"], |it| it.edit_policy("mode", "\r\nmode")),
        row("a blank line at the policy's end", Ready, &["warning policy-blank-line"], |it| {
            let text = format!("{}\r\n", it.domain.policy);
            it.policy(&text);
        }),
        row("an extension field in the policy", Ready, &["advice policy-unknown-field"], |it| {
            it.edit_policy("max_age", "contact: hostmaster\r\nmax_age");
        }),
        row("a field that looks like mx", Ready, &["warning policy-unknown-field"], |it| {
            it.edit_policy("max_age", "nmx: mx3.test\r\nmax_age");
        }),
        row("a mode twice", Ready, &["warning policy-duplicate-field"], |it| it.edit_policy("max_age", "mode: testing\r\nmax_age")),
        row("a max_age twice", Ready, &["warning policy-duplicate-field"], |it| it.edit_policy("max_age", "max_age: 86400\r\nmax_age"))
            .plan(|plan| plan.max_age = 604_800),
        row("spaces at the end of a line", Ready, &["advice policy-trailing-space"], |it| it.edit_policy("testing", "testing  ")),
        row(
            "several faults in one policy",
            NotReady,
            &[
                "blocker policy-bom",
                "blocker policy-mode-invalid",
                "blocker policy-max-age-invalid",
                "blocker policy-mx-invalid",
                "blocker policy-syntax",
                "warning policy-blank-line",
                "advice policy-unknown-field",
            ],
            |it| {
                it.edit_policy("version", "\u{feff}version");
                it.edit_policy("testing", "test");
                it.edit_policy("max_age: 1209600", "mx: 192.0.2.1\r\n\r\n# old\r\ncontact: x\r\nmax_age: two weeks");
            },
        ),
    ]
}

#[test]
fn what_kind_of_document_the_policy_is() {
    hold(&documents());
}

#[test]
fn the_fields_of_the_policy() {
    hold(&fields());
}

#[test]
fn the_lines_of_the_policy() {
    hold(&lines());
}
