//! IMAP (RFC 9051, RFC 3501) as far as reading a folder needs it: where the folder is, what is asked, what is answered.
//!
//! Bytes of the server go in at [`frame`], which cuts them into whole responses within caps; [`response`] says what each means. The
//! other way, [`command`] writes what a server is asked, so that no name or password can become a second command.

pub mod command;
pub mod frame;
pub mod response;
pub mod url;
pub mod utf7;
