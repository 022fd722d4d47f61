//! What a DNS server can do wrong, by name and type.

use std::collections::HashMap;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};

use super::Forgery;

/// A misbehaviour. Where it is acted out: `server::reply`.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answers SERVFAIL, as a validating resolver does to bogus data.
    ServFail,
    /// Answers SERVFAIL unless the query has the CD bit: what a validating resolver says to broken DNSSEC.
    Bogus,
    /// Answers REFUSED.
    Refused,
    /// Answers with any other code.
    Code(ResponseCode),
    /// Never answers.
    Drop,
    /// Nothing but the TC bit over UDP, the whole answer over TCP.
    Truncate,
    /// The TC bit over UDP, and TCP connections are closed without an answer.
    TruncateWithoutTcp,
    /// The TC bit over UDP, and nothing is ever answered over TCP.
    TruncateWithSilentTcp,
    /// The right answer, this much later.
    Late(Duration),
    /// Bytes that are no DNS message.
    Garbage,
    /// An answer that no honest server gives.
    Forged(Forgery),
    /// An alias that leads back to the query name.
    CnameLoop,
    /// Over UDP an answer with another id and NXDOMAIN comes first, then the right one.
    WrongIdFirst,
    /// The signatures of the answer do not hold.
    BadSignatures,
    /// The signatures of the answer ended a fortnight ago.
    OldSignatures,
    /// Each signature comes three hundred times.
    ManySignatures,
    /// The signatures are left out, wherever they belong.
    NoSignatures,
    /// The first so many queries meet the fault, later ones are answered.
    First(usize, Box<Fault>),
}

/// The faults in force.
#[derive(Default)]
pub(super) struct Faults {
    by_name: HashMap<(Name, Option<RecordType>), Fault>,
    everywhere: Option<Fault>,
}

impl Faults {
    pub(super) fn set(&mut self, name: Name, kind: Option<RecordType>, fault: Fault) {
        self.by_name.insert((name, kind), fault);
    }

    pub(super) fn set_everywhere(&mut self, fault: Option<Fault>) {
        self.everywhere = fault;
    }

    pub(super) fn clear(&mut self, name: &Name) {
        self.by_name.retain(|(other, _), _| other != name);
    }

    /// The fault that a query meets: at its name or at a name that its aliases lead to. Uses up one of [`Fault::First`].
    pub(super) fn meet(&mut self, walked: &[Name], kind: RecordType) -> Option<Fault> {
        for name in walked {
            for key in [(name.clone(), Some(kind)), (name.clone(), None)] {
                if let Some(fault) = self.by_name.get_mut(&key) {
                    return fault.act();
                }
            }
        }
        self.everywhere.as_mut()?.act()
    }
}

impl Fault {
    fn act(&mut self) -> Option<Self> {
        match self {
            Self::First(0, _) => None,
            Self::First(left, fault) => {
                *left -= 1;
                fault.act()
            }
            other => Some(other.clone()),
        }
    }
}
