//! Whether a mailed report is from whom it says (RFC 8460 §3, §5.3): DKIM (RFC 6376), or the word of a trusted server (RFC 8601).
