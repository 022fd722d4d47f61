//! Authentication-Results (RFC 8601): within the caps, and what was read reads the same when it is written plainly.

use stsready::wire::auth_results::{AuthResults, read};

pub fn any(bytes: &[u8]) {
    let Some(found) = read(&String::from_utf8_lossy(bytes)) else { return };
    assert!(!found.server.is_empty() && !found.server.contains('='), "{found:?}");
    assert!(found.results.len() <= 100, "{} results", found.results.len());
    for result in &found.results {
        assert!(!result.method.is_empty() && !result.method.bytes().any(|byte| byte.is_ascii_uppercase()), "{result:?}");
        assert!(result.properties.len() <= 100, "{} properties", result.properties.len());
    }
    assert_eq!(read(&plainly(&found)), Some(found));
}

fn plainly(results: &AuthResults) -> String {
    let mut words = vec![quoted(&results.server)];
    for result in &results.results {
        words.push(format!("; {}={}", result.method, quoted(&result.result)));
        words.extend(result.properties.iter().map(|(name, value)| format!(" {name}={}", quoted(value))));
    }
    words.concat()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
