//! stsready: is it safe to switch MTA-STS (RFC 8461) from `testing` to `enforce`?
pub mod archive;
pub mod evidence;
pub mod model;
pub mod net;
pub mod rules;
pub mod wire;
