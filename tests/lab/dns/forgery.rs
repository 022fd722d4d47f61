//! Answers that no honest server gives: framed wrongly, or about something that was not asked.

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};

const TTL: u32 = 300;
/// The header of a message: six numbers of two bytes.
const HEADER: usize = 12;

/// What is wrong with the answer.
#[derive(Clone, Copy, Debug)]
pub enum Forgery {
    /// No byte at all.
    Empty,
    /// The header alone, which promises an answer.
    HeaderAlone,
    /// The right answer under another id, and none under the right one.
    OtherId,
    /// The right answer to a question that was not asked.
    OtherQuestion,
    /// The records of another name.
    OtherName,
    /// NXDOMAIN, and beside it the records.
    NameErrorWithRecords,
    /// The records twice over, and an address that was not asked for.
    MoreThanAsked,
    /// A record whose name is a pointer to itself.
    PointerLoop,
    /// A record that says to be longer than the message.
    LongerThanItIs,
    /// The query as it came: no response at all.
    Echo,
    /// So many different records of the type that was asked for as a message of 64 KiB holds. Over UDP they come truncated.
    Flood,
}

impl Forgery {
    /// The bytes in place of `answer`.
    pub(super) fn forge(self, query: &Message, mut answer: Message) -> Option<Vec<u8>> {
        match self {
            Self::Empty => return Some(Vec::new()),
            Self::HeaderAlone => {
                let mut bytes = answer.to_vec().ok()?;
                bytes.truncate(HEADER);
                return Some(bytes);
            }
            Self::Echo => return query.to_vec().ok(),
            Self::OtherId => answer.metadata.id = answer.metadata.id.wrapping_add(1),
            Self::OtherQuestion => {
                answer.queries = vec![Query::query(elsewhere(), RecordType::TXT)];
            }
            Self::OtherName => answer.answers.iter_mut().for_each(|record| record.name = elsewhere()),
            Self::NameErrorWithRecords => answer.metadata.response_code = ResponseCode::NXDomain,
            Self::MoreThanAsked => {
                answer.answers.extend(answer.answers.clone());
                answer.add_answer(Record::from_rdata(elsewhere(), TTL, RData::A(A::new(127, 0, 0, 66))));
                answer.add_answer(Record::from_rdata(elsewhere(), TTL, RData::TXT(TXT::new(vec!["v=STSv1; id=forged;".into()]))));
            }
            Self::PointerLoop | Self::LongerThanItIs => return self.by_hand(query),
            Self::Flood => return flood(query),
        }
        answer.to_vec().ok()
    }

    /// One record written byte by byte behind the question.
    fn by_hand(self, query: &Message) -> Option<Vec<u8>> {
        let mut plain = Message::response(query.metadata.id, query.metadata.op_code);
        plain.add_queries(query.queries.clone());
        let mut bytes = plain.to_vec().ok()?;
        // One answer is promised.
        bytes[7] = 1;
        let here = u16::try_from(bytes.len()).ok()?;
        let kind = u16::from(query.queries.first()?.query_type());
        let (name, length) = match self {
            Self::PointerLoop => (0xc000 | here, 4),
            _ => (0xc00c, u16::MAX),
        };
        bytes.extend(name.to_be_bytes());
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 1, 0, 0, 1, 0]);
        bytes.extend(length.to_be_bytes());
        bytes.extend([127, 0, 0, 1]);
        Some(bytes)
    }
}

/// Addresses, or TXT or MX records with a number in them, all owned by the name asked.
fn flood(query: &Message) -> Option<Vec<u8>> {
    const LARGEST: usize = 65_000;
    let mut plain = Message::response(query.metadata.id, query.metadata.op_code);
    plain.add_queries(query.queries.clone());
    let mut bytes = plain.to_vec().ok()?;
    let kind = query.queries.first()?.query_type();
    let mut count = 0_u16;
    while bytes.len() < LARGEST {
        let number = count.to_be_bytes();
        let data = match kind {
            RecordType::A => vec![127, 255, number[0], number[1]],
            RecordType::TXT => [&[8], format!("n={count:06}").as_bytes()].concat(),
            // A label of five digits in front of the name asked.
            RecordType::MX => [&[0, 10, 6], format!("m{count:05}").as_bytes(), &[0xc0, 12]].concat(),
            _ => return Some(bytes),
        };
        bytes.extend([0xc0, 12]);
        bytes.extend(u16::from(kind).to_be_bytes());
        bytes.extend([0, 1, 0, 0, 1, 0]);
        bytes.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        bytes.extend(data);
        count += 1;
    }
    bytes[6..8].copy_from_slice(&count.to_be_bytes());
    Some(bytes)
}

fn elsewhere() -> Name {
    Name::from_ascii("elsewhere.lab.test.").expect("a constant name is valid")
}
