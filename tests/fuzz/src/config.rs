//! The configuration: right, or wrong with a reason in a line that there is.

pub fn any(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for (line, what) in stsready::cli::config_faults(&text) {
        assert!((1..=text.split('\n').count()).contains(&line), "line {line}: {what}");
        assert!(!what.is_empty());
    }
}
