//! SMTP replies (RFC 5321 §4.2), read incrementally and capped.

use serde::{Deserialize, Serialize};

/// A complete reply: its code and the text of every line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// 200 to 599.
    pub code: u16,
    /// The text after code and separator, a line an element; hostile, escaped only when shown.
    pub lines: Vec<String>,
}

impl Reply {
    /// Whether the code is 2yz.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.code)
    }
}
