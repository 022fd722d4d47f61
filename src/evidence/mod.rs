//! Floor 2: arithmetic over facts and history. Pure: times come in as parameters.

pub mod runway;
