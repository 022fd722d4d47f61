//! x
pub mod archive;
pub mod evidence;
pub mod model;
pub mod net;
pub mod render;
pub mod rules;
pub mod wire;
