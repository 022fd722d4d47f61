//! The store: every report once, for good, and what was observed when. One SQLite file.
