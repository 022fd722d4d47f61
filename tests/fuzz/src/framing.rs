//! Packed files: within the caps; a stream gives what memory gives; what was unpacked packs to an archive of the same.

use std::io::Read as _;
use std::ops::ControlFlow;

use stsready::wire::{gzip, tar, zip};

pub fn any(bytes: &[u8]) {
    gzipped(bytes);
    let _ = zip::unpack(bytes, usize::MAX, |file| {
        assert!(file.is_err() || file.is_ok_and(|file| file.data.len() <= gzip::UNPACKED_CAP));
        ControlFlow::Continue(())
    });
    archived(bytes);
}

fn gzipped(bytes: &[u8]) {
    let mut streamed = Vec::new();
    if gzip::is_gzip(bytes) && gzip::Stream::new(bytes).read_to_end(&mut streamed).is_ok() {
        let packed = gzip::pack(&streamed).expect("memory does not fail");
        assert_eq!(gzip::unpack(bytes).map(|out| out.data).as_ref(), Ok(&streamed));
        assert_eq!(gzip::unpack(&packed).map(|out| out.data), Ok(streamed));
    }
}

fn archived(bytes: &[u8]) {
    let Ok(members) = members(bytes) else { return };
    let Ok(packed) = tar::pack(members.iter().map(|(name, content)| (&**name, &**content)), 0) else { return };
    let again = self::members(&packed).expect("an archive of ours can be read");
    assert_eq!(again, members);
}

fn members(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, tar::TarError> {
    let (mut archive, mut members) = (tar::Archive::new(bytes), Vec::new());
    while let Some(mut member) = archive.next_member()? {
        let (name, size, mut content) = (member.name.clone(), member.size, Vec::new());
        if member.read_to_end(&mut content).is_ok() {
            assert_eq!(content.len() as u64, size);
        }
        members.push((name, content));
    }
    Ok(members)
}
