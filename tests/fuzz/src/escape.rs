//! Escaping: whatever the text, nothing in the output acts on a terminal, a page, a line of a log; and JSON stays the same text.

use stsready::render::escape;

pub fn any(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    let shown = escape::terminal(text);
    harmless(&shown);
    assert_eq!(escape::terminal(&shown), shown, "what is harmless stays as it is");
    for out in [escape::plugin(text), escape::perfdata_label(text), escape::label_value(text), escape::cell(text).into_owned()] {
        harmless(&out);
    }
    for out in [escape::workflow_log(text), escape::workflow_data(text), escape::workflow_property(text)] {
        harmless(&out);
        assert!(!out.contains("##["), "{out:?}");
    }
    assert!(!escape::plugin(text).contains(['|', '<', '>']));
    assert!(!escape::workflow_property(text).contains([':', ',']));
    assert!(!escape::cell(text).trim_start().starts_with(['=', '+', '-', '@']));
    let label = escape::perfdata_label(text);
    let inner = label.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).expect("it stands in quotes");
    assert!(!inner.replace("''", "").contains(['\'', '=']), "{label}");
    let value = escape::label_value(text).replace("\\\\", "").replace("\\\"", "");
    assert!(!value.contains('"') && !value.ends_with('\\'), "{value}");

    let xml = escape::xml(text);
    harmless(&xml);
    assert!(!xml.contains(['<', '>', '"', '\'', '\u{fffe}', '\u{ffff}']));
    let html = escape::html(text);
    harmless_but(&html, &['\n', '\t']);
    assert!(!html.contains(['<', '>', '"', '\'']));

    for out in [escape::markdown(text), escape::code(text)] {
        harmless(&out);
    }
    let fenced = escape::fenced(text);
    harmless_but(&fenced, &['\n']);
    let fence = fenced.lines().next().expect("a fence");
    assert_eq!(fenced.lines().filter(|line| line.trim_start().starts_with(fence)).count(), 2, "nothing inside ends it: {fenced:?}");

    for json in [escape::json_line(&text).expect("text"), escape::json_pretty(&text).expect("text")] {
        harmless(json.trim_end_matches('\n'));
        assert_eq!(serde_json::from_str::<String>(&json).expect("it is JSON"), text);
    }
}

fn harmless(out: &str) {
    harmless_but(out, &[]);
}

/// Nothing that controls a terminal, turns the direction of text or takes no space.
pub fn harmless_but(out: &str, allowed: &[char]) {
    let hostile = out.chars().find(|c| {
        !allowed.contains(c)
            && (c.is_control() || matches!(*c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '\u{61c}'))
    });
    assert_eq!(hostile, None, "{out:?}");
}
