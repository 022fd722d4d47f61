//! x
pub mod model;
pub mod net;
pub mod render;
pub mod wire;
