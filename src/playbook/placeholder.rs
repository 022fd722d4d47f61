//! What can be filled into a playbook, and what was found for one domain.

use std::collections::BTreeMap;

use crate::wire::likeness::edits_within;

/// Declares the placeholders: variant, name, whether it is several lines, meaning.
macro_rules! placeholders {
    ($($variant:ident $name:literal $lines:literal $meaning:literal)*) => {
        /// Something of the domain that a playbook's text may name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Placeholder {
            $(#[doc = $meaning] $variant,)*
        }

        impl Placeholder {
            /// All, in the order in which they are told.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// As it stands between the braces.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it is filled with.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }

            /// Whether it may be several lines.
            pub fn is_several_lines(self) -> bool {
                match self { $(Self::$variant => $lines),* }
            }
        }
    };
}

placeholders! {
    Domain "domain" false "the policy domain"
    PolicyHost "policy.host" false "the policy host"
    PolicyUrl "policy.url" false "where the policy is served"
    PolicyMode "policy.mode" false "the mode of the policy that is served"
    PolicyMaxAge "policy.max-age" false "for how long senders may hold the policy that is served"
    PolicyHeldUntil "policy.held-until" false "until when a sender may hold a policy: the one that is served, or one in enforce of before"
    PolicyServed "policy.served" true "the policy as it is served"
    PolicyDueMode "policy.due-mode" false "the mode of policy.testing: testing, or enforce where senders may go by that already"
    PolicyTesting "policy.testing" true "the policy to serve before the switch, with the MX hosts of today; its mode is policy.due-mode"
    RecordServed "record.served" false "the _mta-sts record as it is"
    RecordTesting "record.testing" false "the _mta-sts record for policy.testing once that is served, with an id that was never used"
    RecordHost "record.host" true "the record of the policy host, as lines of a zone file"
    RecordNullMx "record.null-mx" false "the null MX (RFC 7505), where no MX record stands against it"
    RecordTtl "record.ttl" false "for how long resolvers hold the _mta-sts record"
    RecordTlsrpt "record.tlsrpt" false "the TLS-RPT record"
    Rua "rua" false "where reports go, or shall go"
    MxHosts "mx.hosts" false "the MX hosts of today"
    MxFirst "mx.first" false "the first of them"
    MxRecords "mx.records" true "the MX records, as lines of a zone file"
    MxLines "mx.lines" true "a line of the policy for each MX host"
    Provider "provider" false "the playbook about whoever runs the MX hosts"
    Host "host" false "the host that the playbook was called for"
    Today "date.today" false "the day of the look"
    EvidenceDate "date.evidence" false "the day on which the reports can suffice at the earliest"
    CertificateDate "date.certificate" false "the first day on which a certificate ends, and which"
    HoldsUntil "date.holds" false "until when this answer holds"
}

impl Placeholder {
    /// By its name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|placeholder| placeholder.name() == name)
    }

    /// The name that comes closest to a mistyped one.
    pub(super) fn nearest(name: &str) -> Option<&'static str> {
        let close = Self::ALL.iter().filter_map(|known| edits_within(name, known.name(), 4).map(|edits| (edits, known.name())));
        close.min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
    }
}

/// All names, for messages.
pub(super) fn names() -> String {
    Placeholder::ALL.iter().map(|placeholder| placeholder.name()).collect::<Vec<_>>().join(", ")
}

/// What was found for a placeholder. Hostile text, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// This.
    Known(String),
    /// Nothing, and why: a fragment that completes "not known: …".
    Unknown(String),
}

/// What was found for one domain.
#[derive(Clone, Debug)]
pub struct Values {
    found: BTreeMap<Placeholder, Value>,
    otherwise: Value,
}

impl Default for Values {
    fn default() -> Self {
        Self { found: BTreeMap::new(), otherwise: Value::Unknown("it was not looked at".to_owned()) }
    }
}

impl Values {
    /// For a text that is about no domain: each placeholder stands for itself.
    pub fn names() -> Self {
        let named = |placeholder: &Placeholder| (*placeholder, Value::Known(format!("{{{{{}}}}}", placeholder.name())));
        Self { found: Placeholder::ALL.iter().map(named).collect(), ..Self::default() }
    }

    /// Puts a value in its place.
    pub fn put(&mut self, placeholder: Placeholder, value: Result<String, &str>) {
        let value = value.map_or_else(|why| Value::Unknown(why.to_owned()), Value::Known);
        self.found.insert(placeholder, value);
    }

    /// What was found.
    pub fn get(&self, placeholder: Placeholder) -> &Value {
        self.found.get(&placeholder).unwrap_or(&self.otherwise)
    }
}
