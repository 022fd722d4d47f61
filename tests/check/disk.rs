//! cert-on-disk-differs: the file that was renewed beside what the server serves.

use super::row::Answer::Ready;
use super::row::{Row, hold, row};
use super::scene::Scene;
use crate::lab::{Chain, Key, Validity};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("a renewed certificate that was not loaded", Ready, &["warning cert-on-disk-differs mx1."], |it| {
            file(it, &it.issue(&it.leaf(1).valid(Validity::days(-1, 89))));
        }),
        row("a file with the certificate that is served", Ready, &[], |it| {
            let chain = it.issue(&it.leaf(1));
            file(it, &chain);
            it.mx_presents(1, chain);
        }),
        row("a file that is older than what is served", Ready, &[], |it| file(it, &it.issue(&it.leaf(1).valid(Validity::days(-40, 50))))),
        row("a file for another host", Ready, &[], |it| {
            file(it, &it.issue(&it.leaf(1).names(&["www.test"]).valid(Validity::days(-1, 89))));
        }),
        row("a file with a key of another type", Ready, &[], |it| {
            file(it, &it.issue(&it.leaf(1).key(Key::Rsa2048).valid(Validity::days(-1, 89))));
        }),
        row("a renewed wildcard that one of two servers has loaded", Ready, &["warning cert-on-disk-differs mx1."], |it| {
            let renewed = it.issue(&it.leaf(1).names(&[&it.below("*")]).valid(Validity::days(-1, 89)));
            file(it, &renewed);
            it.mx_presents(2, renewed);
        }),
    ]
}

fn file(it: &mut Scene<'_>, chain: &Chain) {
    let path = it.lab.folder().join(format!("{}.pem", it.name));
    std::fs::write(&path, chain.pem()).expect("a file in the lab's folder");
    it.args(&["--cert-file", path.to_str().expect("a path of ASCII")]);
}

#[test]
fn files_beside_what_is_served() {
    hold(&rows());
}
