//! Whether a mail is meant to be a TLS report. A mailbox may be shared with people and with other reports: a mail without a TLS report
//! is only a loss if it was meant to hold one.

/// How much of a mail is searched for such signs; a report's labels stand at its beginning.
const SEARCHED: usize = 1 << 20;

/// Whether header fields, types or file names say that a mail is a TLS report (RFC 8460 §5.3, §5.1).
pub(super) fn looks_like_tls_report(mail: &[u8]) -> bool {
    let searched = mail.get(..SEARCHED).unwrap_or(mail).to_ascii_lowercase();
    let lines = || searched.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let header = lines().take_while(|line| !line.is_empty());
    header.clone().any(|line| line.starts_with(b"tls-report-") || is_report_subject(line))
        || lines().any(|line| has(line, b"application/tlsrpt") || has(line, b"report-type=tlsrpt") || has(line, b"report-type=\"tlsrpt"))
        || lines().any(is_report_name)
}

/// `Subject: Report Domain: example.com Submitter: sender.example Report-ID: <…>`.
fn is_report_subject(line: &[u8]) -> bool {
    // DMARC has the same form (RFC 7489 §7.2.1.1); only "TLS" tells the two apart, where a sender writes it.
    line.strip_prefix(b"subject:").is_some_and(|subject| has(subject, b"report") && has(subject, b"tls"))
}

/// A file name by RFC 8460 §5.1, `sender!domain!begin!end….json` and what it may be packed as.
fn is_report_name(line: &[u8]) -> bool {
    has(line, b"name") && has(line, b".json") && line.split(|byte| *byte == b'!').count() > 3
}

fn has(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tls_report_is_told_from_other_mail() {
        for (mail, is_one) in [
            ("TLS-Report-Domain: a.example\r\n\r\n", true),
            ("From: x\r\ntls-report-submitter: b\r\n\r\n", true),
            ("Content-Type: multipart/report; report-type=\"tlsrpt\"; boundary=b\r\n\r\n", true),
            ("Content-Type: multipart/report;\r\n\treport-type=TLSRPT\r\n\r\n", true),
            ("From: x\r\n\r\n--b\r\nContent-Type: application/tlsrpt+gzip\r\n\r\nlost", true),
            ("From: x\r\n\r\n--b\r\nContent-Disposition: attachment; filename=\"s.example!d.example!1!2!3.json.gz\"\r\n", true),
            ("Subject: SMTP TLS Reporting for example.com\r\n\r\n", true),
            ("Subject: Report Domain: a.example Submitter: b.example Report-ID: <1>\r\nContent-Type: application/zip\r\n\r\n", false),
            ("Subject: lunch?\r\n\r\nTLS-Report-Domain: is a header field\r\n", false),
            ("From: x\r\n\r\n--b\r\nContent-Disposition: attachment; filename=\"s!d!1!2.xml.gz\"\r\n", false),
            ("From: x\r\nContent-Type: application/json; name=\"package.json\"\r\n\r\n{}", false),
            ("", false),
        ] {
            assert_eq!(looks_like_tls_report(mail.as_bytes()), is_one, "{mail:?}");
        }
    }

    #[test]
    fn signs_far_behind_the_beginning_are_not_looked_for() {
        let late = format!("From: x\r\n\r\n{}\r\nContent-Type: application/tlsrpt+json\r\n", "x".repeat(SEARCHED));
        assert!(!looks_like_tls_report(late.as_bytes()));
    }
}
