//! Any bytes as gzip, zip and tar: answered within the caps; gzip as a stream gives what gzip in memory gives.

#![no_main]

use std::io::Read as _;
use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use stsready::wire::{gzip, tar, zip};

fuzz_target!(|bytes: &[u8]| {
    let whole = gzip::unpack(bytes);
    let mut streamed = Vec::new();
    if gzip::Stream::new(bytes).read_to_end(&mut streamed).is_ok() && gzip::is_gzip(bytes) {
        assert_eq!(whole.map(|out| out.data), Ok(streamed));
    }
    let _ = zip::unpack(bytes, usize::MAX, |file| {
        assert!(file.is_err() || file.is_ok_and(|file| file.data.len() <= gzip::UNPACKED_CAP));
        ControlFlow::Continue(())
    });
    let mut archive = tar::Archive::new(bytes);
    while let Ok(Some(mut member)) = archive.next_member() {
        let (size, mut content) = (member.size, Vec::new());
        if member.read_to_end(&mut content).is_ok() {
            assert_eq!(content.len() as u64, size);
        }
    }
});
