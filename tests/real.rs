//! The binary against the servers that administrators run: Postfix, Exim, OpenSMTPD, Sendmail; nginx, Apache, Caddy; Knot and Unbound; an ACME authority.
//!
//! Each is started by its test from a configuration in a temporary folder, on an address of the lab, with certificates of the lab's CA, and
//! ended with it. What the pages tell an administrator to write is what these configurations are made of, and what they tell him to do
//! afterwards is done here: then the finding must be gone.
//!
//! | to look at | go to |
//! |---|---|
//! | a program that may be missing, a process that must end, users and folders apart from the machine's | `process` |
//! | a host that is such a server: its address, its files | `site` |
//! | a domain whose MX host is such a server, and what every mail server is put through | `mail` |
//! | a domain whose policy host is such a server, and what every web server is put through | `web` |
//! | zones that Knot signs and serves, behind Unbound that validates; what is said of domains there | `names`, `dnssec` |
//! | certificates that an ACME client gets and renews | `acme` |
//! | a sender that honours policies, and whether it does what was answered | `sender`, `agreement` |
//! | certificates that end while clocks go on | `clock` |
//! | reports of what that sender met, by a program that makes them in the field | `reporter` |
//! | the blocks of code on the pages, given to the servers' own checkers | `blocks` |
//!
//! Where a program is not installed its tests are left out with a line that says so, unless `STSREADY_REAL=required`.

mod acme;
mod agreement;
mod apache;
mod blocks;
mod caddy;
mod clock;
mod dnssec;
mod exim;
mod mail;
mod names;
mod nginx;
mod opensmtpd;
mod postfix;
pub(crate) mod process;
mod reporter;
mod sender;
mod sendmail;
mod site;
mod web;
