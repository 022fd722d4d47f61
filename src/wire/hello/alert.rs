//! The names of TLS alerts (RFC 8446 §6, RFC 5246 §7.2, RFC 6066 §9, IANA's registry of TLS alerts).

/// The alert's name and number, as in `handshake_failure (40)`.
pub fn alert_name(code: u8) -> String {
    let name = match code {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        121 => "ech_required",
        _ => return format!("alert {code}"),
    };
    format!("{name} ({code})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_alerts_have_names_and_unknown_ones_numbers() {
        assert_eq!(alert_name(40), "handshake_failure (40)");
        assert_eq!(alert_name(116), "certificate_required (116)");
        assert_eq!(alert_name(255), "alert 255");
        // All that the registry of TLS alerts names, older ones included, and no other.
        const NAMED: [u8; 35] = [
            0, 10, 20, 21, 22, 30, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 60, 70, 71, 80, 86, 90, 100, 109, 110, 111, 112, 113,
            114, 115, 116, 120, 121,
        ];
        let named: Vec<u8> = (0..=255).filter(|code| !alert_name(*code).starts_with("alert ")).collect();
        assert_eq!(named, NAMED);
    }
}
