//! Any bytes as JSON: answered, and a period never ends before it starts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stsready::wire::report::read_all;

fuzz_target!(|bytes: &[u8]| {
    for report in read_all(bytes).into_iter().flatten() {
        assert!(report.start <= report.end);
        assert!(report.oddities.len() <= 41, "notes are capped");
    }
});
