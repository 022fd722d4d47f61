//! Proves that the lab does what it says, with clients of its own: sockets and rustls, nothing of the crate under test.

mod client;
mod cut;
mod dns;
mod https;
mod smtp;
mod tls;
mod world;
