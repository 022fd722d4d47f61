//! drift-*: two checks with one store, and a change between.

use super::row::Answer::{Inconclusive, Ready};
use super::row::{Row, hold, row};
use crate::lab::{Https, domain};
use crate::letters;

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("another text under the same id", Ready, &["warning drift-body-without-id _mta-sts."], |_| {})
            .later(|it| it.domain.policy_host.set(Https::policy(&it.domain.policy.replace("1209600", "1300000")))),
        row("another id of the same text", Ready, &["advice drift-id-without-body _mta-sts."], |_| {})
            .later(|it| it.domain.publish_id("20260505T000000")),
        row(
            "back in testing while enforce is held",
            Inconclusive,
            &["warning drift-cached-stricter mta-sts.", "unknown reports-window-short"],
            |it| {
                let testing = domain::policy("testing", 1_209_600, &[&it.mx_name(1), &it.mx_name(2)]);
                it.letters(letters::clean(&it.name, &testing, 1..=21));
            },
        )
        .plan(|plan| plan.mode = "enforce".into())
        .later(|it| {
            let testing = domain::policy("testing", 1_209_600, &[&it.mx_name(1), &it.mx_name(2)]);
            it.domain.policy_host.set(Https::policy(&testing));
            it.domain.publish_id("20260505T000000");
        }),
    ]
}

#[test]
fn drift() {
    hold(&rows());
}
