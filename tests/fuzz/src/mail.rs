//! Mails, through all layers down to reports: something is said of each, and no part is longer than the mail.

use stsready::archive::intake::OperatorsWord;
use stsready::archive::read::{Options, mail};
use stsready::wire::mail::{is_mail, read};

pub fn any(bytes: &[u8]) {
    let parcel = mail(bytes, "mail", None, &Options::new(&OperatorsWord));
    assert!(parcel.last && (parcel.ignored || !(parcel.reports.is_empty() && parcel.rejected.is_empty())), "something is said of it");
    let _ = is_mail(bytes);
    if let Ok(mail) = read(bytes) {
        for part in &mail.parts {
            assert!(part.data.len() <= bytes.len(), "no transfer encoding makes text longer");
        }
    }
}
