//! Any bytes as a mail, through all layers down to reports.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stsready::archive::intake::OperatorsWord;
use stsready::archive::read::{Options, mail};

fuzz_target!(|bytes: &[u8]| {
    let parcel = mail(bytes, "mail", None, &Options::new(&OperatorsWord));
    assert!(parcel.last && (parcel.ignored || !(parcel.reports.is_empty() && parcel.rejected.is_empty())), "something is said of every mail");
});
