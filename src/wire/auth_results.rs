//! The Authentication-Results field (RFC 8601 §2.2): what a receiving server found out about a mail.
//!
//! In: the value of the field. Out: whose word it is, and its results. Whether that server is believed is for others to say; a sender may
//! have written the field himself. Read tolerantly behind the server's name: one result that cannot be read costs no other.

/// More results, or properties of one, than any server writes.
const CAP: usize = 100;

/// One field, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthResults {
    /// The server's name for itself (authserv-id), as written.
    pub server: String,
    /// What it found; empty for `none`.
    pub results: Vec<MethodResult>,
}

/// What one method found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodResult {
    /// Such as `dkim`, in lower case.
    pub method: String,
    /// Such as `pass`, in lower case.
    pub result: String,
    /// Such as `header.d` with its value; the names in lower case.
    pub properties: Vec<(String, String)>,
}

impl MethodResult {
    /// The value of a property.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a field's value; `None` if it names no server, or is of a version that nobody knows.
pub fn read(value: &str) -> Option<AuthResults> {
    let mut text = Scanner { rest: value };
    let server = text.value();
    // Some servers leave their name out, and what comes first is a result already.
    if server.is_empty() || server.contains('=') {
        return None;
    }
    let version = text.value();
    if !(version.is_empty() || version == "1") {
        return None;
    }
    let mut results = Vec::new();
    while text.skip_behind_semicolon() && results.len() < CAP {
        results.extend(result(&mut text));
    }
    Some(AuthResults { server, results })
}

/// `method[/version]=result [reason=…] [ptype.property=…]…`, up to the semicolon that ends it.
fn result(text: &mut Scanner<'_>) -> Option<MethodResult> {
    let method = text.word(&['=', '/']).to_ascii_lowercase();
    if text.eat('/') && text.word(&['=']) != "1" {
        return None;
    }
    if method.is_empty() || !text.eat('=') {
        return None;
    }
    let result = text.value().to_ascii_lowercase();
    let mut properties = Vec::new();
    while !text.at_end() && properties.len() < CAP {
        let Some(name) = property_name(text) else { continue };
        properties.push((name, text.value()));
    }
    Some(MethodResult { method, result, properties })
}

/// `ptype.property=`, with spaces and comments anywhere; `None` for what is none, which is then passed over.
fn property_name(text: &mut Scanner<'_>) -> Option<String> {
    let mut name = String::new();
    loop {
        let word = text.word(&['=']);
        if word.is_empty() {
            // An equals sign or a quotation without a name before it.
            text.step();
            return None;
        }
        // Words that no dot joins are no name; the last of them may be the beginning of one.
        if !(name.ends_with('.') || word.starts_with('.')) {
            name.clear();
        }
        name.push_str(word);
        if text.eat('=') {
            return Some(name.to_ascii_lowercase());
        }
        if text.at_end() {
            return None;
        }
    }
}

/// Reads from the front of a text.
struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    /// Passes over white space and comments, which nest (RFC 5322 §3.2.2).
    fn skip(&mut self) {
        let mut depth = 0_usize;
        let mut escaped = false;
        for (at, c) in self.rest.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if depth > 0 => escaped = true,
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                c if depth > 0 || c.is_ascii_whitespace() => {}
                _ => {
                    self.rest = &self.rest[at..];
                    return;
                }
            }
        }
        self.rest = "";
    }

    /// Whether the result, or all, ends here.
    fn at_end(&mut self) -> bool {
        self.skip();
        self.rest.is_empty() || self.rest.starts_with(';')
    }

    /// Takes this character, if it comes next.
    fn eat(&mut self, wanted: char) -> bool {
        self.skip();
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes whatever comes next but a semicolon.
    fn step(&mut self) {
        if self.rest.starts_with('"') {
            self.quoted();
        } else if !self.at_end() {
            let mut chars = self.rest.chars();
            chars.next();
            self.rest = chars.as_str();
        }
    }

    /// Takes what comes up to white space, a comment, a quotation, a semicolon or one of `ends`.
    fn word(&mut self, ends: &[char]) -> &'a str {
        self.skip();
        let end = self.rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '(' | '"' | ';') || ends.contains(&c));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// A value: a word, a quotation, or both (`"odd name"@example.com`).
    fn value(&mut self) -> String {
        self.skip();
        let mut value = String::new();
        loop {
            if self.rest.starts_with('"') {
                value.push_str(&self.quoted());
                continue;
            }
            let end = self.rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '(' | '"' | ';')).unwrap_or(self.rest.len());
            let (word, rest) = self.rest.split_at(end);
            value.push_str(word);
            self.rest = rest;
            if !rest.starts_with('"') {
                return value;
            }
        }
    }

    /// A quotation, its marks and escapes taken off; one that is never closed goes to the end.
    fn quoted(&mut self) -> String {
        let mut text = String::new();
        let mut chars = self.rest.chars();
        chars.next();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => text.extend(chars.next()),
                other => text.push(other),
            }
        }
        self.rest = chars.as_str();
        text
    }

    /// Goes behind the next semicolon that is in no comment and no quotation, and says whether there was one.
    fn skip_behind_semicolon(&mut self) -> bool {
        while !self.at_end() {
            self.step();
        }
        self.eat(';')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `server: method=result name=value …; …`
    fn shown(value: &str) -> Option<String> {
        let read = read(value)?;
        let result = |result: &MethodResult| {
            let properties: String = result.properties.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            format!("{}={}{properties}", result.method, result.result)
        };
        Some(format!("{}: {}", read.server, read.results.iter().map(result).collect::<Vec<_>>().join("; ")))
    }

    #[test]
    fn results_are_read_as_servers_write_them() {
        for (value, meant) in [
            (" mx.example;\r\n dkim=pass header.d=a.example", "mx.example: dkim=pass header.d=a.example"),
            ("mx.example 1; none", "mx.example: "),
            ("mx.example", "mx.example: "),
            (
                "mx.google.example;\r\n       dkim=pass header.i=@a.example header.s=2023 header.b=Cs/zp0d=;\r\n       spf=pass (mx: domain of a@b designates 1.2.3.4; yes) smtp.mailfrom=\"a b\"@b.example;\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=a.example",
                "mx.google.example: dkim=pass header.i=@a.example header.s=2023 header.b=Cs/zp0d=; spf=pass smtp.mailfrom=a b@b.example; dmarc=pass header.from=a.example",
            ),
            (
                "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
                "foo.example.net: dkim=fail policy.expired=1362471462",
            ),
            (
                "\"mx example\";dkim=PASS reason=\"good; (really) \\\"yes\\\"\" Header.D=A.example;",
                "mx example: dkim=pass reason=good; (really) \"yes\" header.d=A.example",
            ),
            ("mx.example; dkim=fail (body (hash \\) did); not match)", "mx.example: dkim=fail"),
            ("mx.example; x; dkim=pass what is this header.d=a.example \"and\" this", "mx.example: dkim=pass header.d=a.example"),
            ("mx.example; dkim/2=pass; dkim=fail", "mx.example: dkim=fail"),
            ("mx.example; =pass; dkim==pass; spf=none", "mx.example: dkim==pass; spf=none"),
            ("mx.example; dkim=pass = header.d=a.example", "mx.example: dkim=pass header.d=a.example"),
            ("mx.example; dkim=pass header.d \"b.example\" header.d=a.example", "mx.example: dkim=pass header.d=a.example"),
            // Outside a comment a backslash is a character like any other.
            ("mx.example; dkim=fail \\; spf=pass \\(x) smtp.mailfrom=a.example", "mx.example: dkim=fail; spf=pass smtp.mailfrom=a.example"),
            ("mx.example; dkim=pass header.d=\"never closed", "mx.example: dkim=pass header.d=never closed"),
            ("mx.example; dkim=pass (never closed; spf=pass", "mx.example: dkim=pass"),
        ] {
            assert_eq!(shown(value).as_deref(), Some(meant), "{value}");
        }
    }

    #[test]
    fn a_field_without_a_server_or_of_another_version_says_nothing() {
        for value in [
            "",
            " ",
            "; dkim=pass",
            "spf=pass (sender) smtp.mailfrom=a.example; dkim=pass header.d=a.example",
            "mx.example 2; dkim=pass",
            "(only a comment)",
        ] {
            assert_eq!(shown(value), None, "{value}");
        }
    }

    #[test]
    fn a_result_inside_a_comment_or_a_quotation_is_none() {
        let forged = "mx.example; spf=fail (x; dkim=pass header.d=a.example) smtp.mailfrom=\"x; dkim=pass header.d=a.example\"";
        assert_eq!(shown(forged).as_deref(), Some("mx.example: spf=fail smtp.mailfrom=x; dkim=pass header.d=a.example"));
        assert_eq!(read(forged).map(|read| read.results.len()), Some(1));
        let unnamed = "mx.example; spf=fail = \"x; dkim=pass header.d=a.example\"";
        assert_eq!(shown(unnamed).as_deref(), Some("mx.example: spf=fail"));
    }

    fn comment() -> impl Strategy<Value = String> {
        "( |\r\n |\\([a-z =;.\"]{0,6}\\)|\\(\\(\\\\\\)\\)\\)){1,2}"
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,80}") {
            let _ = read(&text);
        }

        #[test]
        fn any_text_like_results_is_answered(text in "mx(;| |=|\\.|\"|\\(|\\)|\\\\|/|a|dkim|pass){0,40}") {
            let _ = read(&text);
        }

        #[test]
        fn comments_change_nothing(gaps in proptest::collection::vec(comment(), 9)) {
            let parts = ["mx.example", "", ";dkim", "=", "pass", "header", ".d", "=", "a.example"];
            let text: String = parts.iter().zip(&gaps).map(|(part, gap)| format!("{part}{gap}")).collect();
            let meant = Some("mx.example: dkim=pass header.d=a.example".to_owned());
            prop_assert_eq!(shown(&text), meant, "{}", text);
        }
    }
}
