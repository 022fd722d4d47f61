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
        row("other preferences", Ready, &["advice drift-mx"], |_| {}).later(|it| {
            it.domain.without_mx();
            it.domain.add_mx(20, &it.mx_name(1));
            it.domain.add_mx(10, &it.mx_name(2));
        }),
        row("a renewed certificate", Ready, &["advice drift-certificate mx1."], |_| {})
            .later(|it| it.mx_presents(1, it.issue(&it.leaf(1).expires_in(85)))),
        row("one more address", Ready, &["advice drift-address mx1.", "advice cert-addresses-differ mx1."], |_| {}).later(|it| {
            it.second_address(1, crate::lab::Smtp::default(), it.issue(&it.leaf(1)));
        }),
    ]
}

#[test]
fn drift() {
    hold(&rows());
}
