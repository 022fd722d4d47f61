//! The formats, one enumeration for each kind of thing that is written: each command offers those that it writes, and no others.

use clap::ValueEnum;

/// A choice of formats.
pub(in crate::cli) trait Format: ValueEnum + Copy + PartialEq + Default + Send + Sync + 'static {
    /// Whether the environment and the configuration choose one, too. Not where what is written is a text to be used as it is.
    const CHOSEN_ELSEWHERE: bool = true;
}

/// The formats of assessments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CheckFormat {
    /// For people
    #[default]
    Text,
    /// One object, or an array of them
    Json,
    /// One object a line, each as its domain ends
    Ndjson,
}

impl Format for CheckFormat {}

/// The formats of the runway of certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExpiryFormat {
    /// For people
    #[default]
    Text,
    /// One object
    Json,
    /// One certificate a line
    Ndjson,
}

impl Format for ExpiryFormat {}

/// The formats of the plan of a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PlanFormat {
    /// For people
    #[default]
    Text,
    /// One object
    Json,
    /// The same on one line
    Ndjson,
    /// For a ticket
    Markdown,
}

impl Format for PlanFormat {}

/// The formats of a guide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GuideFormat {
    /// For people
    #[default]
    Text,
    /// One object
    Json,
    /// The same on one line
    Ndjson,
    /// For a ticket
    Markdown,
    /// For a browser
    Html,
}

impl Format for GuideFormat {}

/// The formats of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RowFormat {
    /// For people
    #[default]
    Text,
    /// One object
    Json,
    /// One object a line
    Ndjson,
    /// A header and one row a line (RFC 4180)
    Csv,
}

impl Format for RowFormat {}

/// The formats of a digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DigestFormat {
    /// For a terminal
    #[default]
    Text,
    /// For a mail or a chat
    Markdown,
    /// One object
    Json,
}

impl Format for DigestFormat {
    const CHOSEN_ELSEWHERE: bool = false;
}

/// The formats of everything that is neither an assessment nor rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ListFormat {
    /// For people
    #[default]
    Text,
    /// One object
    Json,
    /// One object a line
    Ndjson,
}

impl Format for ListFormat {}

/// The formats of a page of a rule or of a playbook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PageFormat {
    /// For a terminal
    #[default]
    Text,
    /// As it is written
    Markdown,
    /// One file that needs nothing else
    Html,
}

impl Format for PageFormat {
    const CHOSEN_ELSEWHERE: bool = false;
}

/// The forms of what is generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GenerateFormat {
    /// Lines of a zone file; a policy as the file itself
    #[default]
    Zone,
    /// Name, type, TTL and value one by one, as panels ask for them
    Fields,
    /// One object
    Json,
}

impl Format for GenerateFormat {
    const CHOSEN_ELSEWHERE: bool = false;
}

/// Every format that the environment or the configuration may name; a command that does not write it keeps its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum AnyFormat {
    /// For people
    #[default]
    Text,
    /// One document
    Json,
    /// One object a line
    Ndjson,
    /// For a ticket
    Markdown,
    /// For a browser
    Html,
    /// Rows for a spreadsheet
    Csv,
}

impl Format for AnyFormat {}
