//! Reports out of folders of IMAP servers (RFC 9051, RFC 3501): only looked at, each message once.
