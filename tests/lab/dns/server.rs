//! The sockets of the DNS server. Each UDP query and each TCP connection is a task: a late answer delays no other.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Metadata, ResponseCode};
use hickory_proto::rr::rdata::CNAME;
use hickory_proto::rr::{Name, RData, Record};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::zone::soa;
use super::{Dns, Fault};
use crate::lab::address::DnsSockets;
use crate::lab::tcp::{self, Conn, Pace};
use crate::lab::visits::Visits;

const MOST_PENDING: usize = 4096;
const SMALLEST_PAYLOAD: u16 = 512;

#[derive(Clone, Copy, PartialEq)]
enum Over {
    Udp,
    Tcp,
}

/// What goes back for one query: messages to be sent one after the other, after a wait.
struct Reply {
    wait: Duration,
    messages: Vec<Vec<u8>>,
    /// Over TCP: the connection ends here.
    close: bool,
}

/// Starts both servers.
pub(in crate::lab) fn serve(tasks: &mut JoinSet<()>, sockets: DnsSockets, dns: &Dns, pace: &Pace) {
    tasks.spawn(serve_udp(Arc::new(sockets.udp), dns.clone(), pace.clone()));
    let dns = dns.clone();
    // The pace of TCP replies is kept by the connection itself.
    tasks.spawn(tcp::accept(sockets.tcp, pace.clone(), Arc::<Visits>::default(), move |conn| serve_tcp(conn, dns.clone())));
}

async fn serve_udp(socket: Arc<UdpSocket>, dns: Dns, pace: Pace) {
    let mut pending = JoinSet::new();
    let mut buffer = [0; 4096];
    loop {
        if pending.len() >= MOST_PENDING {
            pending.join_next().await;
        }
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                // An error here is a client's closed port: nothing to do with the next query.
                let Ok((length, client)) = received else { continue };
                let Some(reply) = reply(&dns, &buffer[..length], Over::Udp) else { continue };
                pending.spawn(send(Arc::clone(&socket), client, reply, pace.get()));
            }
            Some(_) = pending.join_next() => {}
        }
    }
}

async fn send(socket: Arc<UdpSocket>, client: SocketAddr, reply: Reply, pace: Duration) {
    let wait = pace + reply.wait;
    if !wait.is_zero() {
        sleep(wait).await;
    }
    for message in reply.messages {
        // The client may be gone.
        let _ = socket.send_to(&message, client).await;
    }
}

async fn serve_tcp(mut conn: Conn, dns: Dns) -> io::Result<()> {
    loop {
        let mut query = vec![0; usize::from(conn.read_u16().await?)];
        conn.read_exact(&mut query).await?;
        let Some(reply) = reply(&dns, &query, Over::Tcp) else {
            continue;
        };
        sleep(reply.wait).await;
        for message in reply.messages {
            let length = u16::try_from(message.len()).map_err(io::Error::other)?;
            let mut framed = length.to_be_bytes().to_vec();
            framed.extend(message);
            conn.write_all(&framed).await?;
        }
        if reply.close {
            return tcp::hang_up(conn).await;
        }
    }
}

/// The answer to the bytes of a query; none if they are no query.
fn reply(dns: &Dns, bytes: &[u8], over: Over) -> Option<Reply> {
    let query = Message::from_vec(bytes).ok()?;
    let [question] = query.queries.as_slice() else {
        return None;
    };
    let (mut state, name, kind) = (dns.lock(), question.name().clone(), question.query_type());
    state.count(&name, kind);
    let mut found = state.zone.look(&name, kind);
    if let Some(records) = state.keys.look(&name.to_lowercase(), kind) {
        found.code = ResponseCode::NoError;
        found.authority = records.is_empty().then(|| soa(&name));
        found.answers = records;
        found.expanded.clear();
    }
    let fault = state.faults.meet(&found.walked, kind);

    let mut answer = blank(&query);
    answer.metadata.response_code = found.code;
    let secure = found.secure || found.walked.iter().all(|name| state.keys.vouch_for(name, kind));
    answer.metadata.authentic_data = secure && asks_for_authenticity(&query);
    answer.answers = found.answers;
    answer.authorities.extend(found.authority);
    if query.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok) {
        state.keys.complete(&mut answer, &name, kind, &found.expanded, fault.as_ref());
    }
    drop(state);
    let mut reply = Reply { wait: Duration::ZERO, messages: Vec::new(), close: false };

    match fault {
        Some(Fault::Bogus) if query.metadata.checking_disabled => {
            answer.metadata.authentic_data = false;
        }
        Some(Fault::ServFail | Fault::Bogus) => answer = error(&query, ResponseCode::ServFail),
        Some(Fault::Refused) => answer = error(&query, ResponseCode::Refused),
        Some(Fault::Code(code)) => answer = error(&query, code),
        Some(Fault::Truncate | Fault::TruncateWithoutTcp | Fault::TruncateWithSilentTcp) if over == Over::Udp => {
            answer = truncated(&query);
        }
        Some(Fault::TruncateWithoutTcp) => {
            reply.close = true;
            return Some(reply);
        }
        Some(Fault::Late(wait)) => reply.wait = wait,
        Some(Fault::Garbage) => {
            reply.messages.push(b"\xff\xfeno DNS message\x00".to_vec());
            return Some(reply);
        }
        Some(Fault::Forged(forgery)) => {
            let forged = forgery.forge(&query, answer)?;
            reply.messages.push(fitting(forged, &query, over)?);
            return Some(reply);
        }
        Some(Fault::CnameLoop) => answer = circle(&query, &name),
        Some(Fault::WrongIdFirst) if over == Over::Udp => {
            let mut wrong = error(&query, ResponseCode::NXDomain);
            wrong.metadata.id = wrong.metadata.id.wrapping_add(1);
            reply.messages.push(wrong.to_vec().ok()?);
        }
        // `First` comes here unwrapped; see `Faults::meet`.
        Some(Fault::Drop | Fault::First(..) | Fault::TruncateWithSilentTcp) => return Some(reply),
        // Signatures were spoilt while they were made; nobody vouches for them.
        Some(Fault::BadSignatures | Fault::OldSignatures | Fault::NoSignatures) => answer.metadata.authentic_data = false,
        // They hold, and each costs a check.
        Some(Fault::ManySignatures) => {}
        // What concerns UDP alone is healthy over TCP.
        Some(Fault::Truncate | Fault::WrongIdFirst) | None => {}
    }

    reply.messages.push(fitting(answer.to_vec().ok()?, &query, over)?);
    Some(reply)
}

/// The bytes of an answer, or over UDP the TC bit where they are too many.
fn fitting(bytes: Vec<u8>, query: &Message, over: Over) -> Option<Vec<u8>> {
    let room = query.edns.as_ref().map_or(SMALLEST_PAYLOAD, Edns::max_payload).max(SMALLEST_PAYLOAD);
    if over == Over::Udp && bytes.len() > usize::from(room) { truncated(query).to_vec().ok() } else { Some(bytes) }
}

fn blank(query: &Message) -> Message {
    let mut answer = Message::response(query.metadata.id, query.metadata.op_code);
    answer.metadata = Metadata::response_from_request(&query.metadata);
    answer.metadata.recursion_available = true;
    answer.add_queries(query.queries.clone());
    if query.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(1232);
        answer.set_edns(edns);
    }
    answer
}

fn error(query: &Message, code: ResponseCode) -> Message {
    let mut answer = blank(query);
    answer.metadata.response_code = code;
    answer
}

fn truncated(query: &Message) -> Message {
    let mut answer = blank(query);
    answer.metadata.truncation = true;
    answer
}

/// Two aliases that lead to each other.
fn circle(query: &Message, name: &Name) -> Message {
    const TTL: u32 = 300;
    let mut answer = blank(query);
    let around = super::fqdn(&format!("loop.{name}"));
    answer.add_answer(Record::from_rdata(name.clone(), TTL, RData::CNAME(CNAME(around.clone()))));
    answer.add_answer(Record::from_rdata(around, TTL, RData::CNAME(CNAME(name.clone()))));
    answer
}

fn asks_for_authenticity(query: &Message) -> bool {
    query.metadata.authentic_data || query.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok)
}
