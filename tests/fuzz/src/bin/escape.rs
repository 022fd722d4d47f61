#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stsready_fuzz::escape::any(bytes));
