use std::str::FromStr;

use hickory_resolver::proto::dnssec::rdata::NSEC;
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::rdata::{A, CNAME, SOA};

use super::*;

const ASKED: &str = "a.example";

fn name(text: &str) -> Name {
    Name::from_str(text).unwrap()
}

fn record(owner: &str, data: RData, proof: Proof) -> Record {
    let mut record = Record::from_rdata(name(owner), 300, data);
    record.proof = proof;
    record
}

fn address(owner: &str, proof: Proof) -> Record {
    record(owner, RData::A(A::new(192, 0, 2, 1)), proof)
}

fn alias(owner: &str, target: &str, proof: Proof) -> Record {
    record(owner, RData::CNAME(CNAME(name(target))), proof)
}

fn soa(proof: Proof) -> Record {
    record("example.", RData::SOA(SOA::new(name("ns.example."), name("ns.example."), 1, 1, 1, 1, 1)), proof)
}

fn nsec(proof: Proof) -> Record {
    record("a.example.", RData::DNSSEC(DNSSECRData::NSEC(NSEC::new(name("b.example."), [RecordType::MX]))), proof)
}

fn response(answers: Vec<Record>, authorities: Vec<Record>, code: ResponseCode) -> DnsResponse {
    let mut message = Message::query().into_response();
    message.answers = answers;
    message.authorities = authorities;
    message.metadata.response_code = code;
    DnsResponse::from_message(message).unwrap()
}

fn judged(answers: Vec<Record>, authorities: Vec<Record>) -> Judged {
    let answer = response(answers, authorities, ResponseCode::NoError);
    validated(&Domain::from_dns(ASKED), &name("a.example."), RecordType::A, Ok(answer))
}

#[test]
fn the_weakest_link_on_the_way_counts_and_nothing_beside_it() {
    use Proof::{Bogus, Indeterminate, Insecure, Secure};
    for (answers, expected) in [
        (vec![address("a.example.", Secure)], Security::Secure),
        (vec![address("a.example.", Secure), address("other.example.", Bogus)], Security::Secure),
        (vec![address("a.example.", Insecure)], Security::Insecure),
        (vec![address("b.example.", Secure), alias("a.example.", "b.example.", Insecure)], Security::Insecure),
        (vec![alias("a.example.", "b.example.", Secure), address("b.example.", Insecure)], Security::Insecure),
        (vec![alias("a.example.", "b.example.", Secure), address("b.example.", Secure)], Security::Secure),
        (vec![alias("a.example.", "b.example.", Bogus), address("b.example.", Secure)], Security::Bogus),
        (vec![address("a.example.", Indeterminate)], Security::Indeterminate),
    ] {
        let judged = judged(answers.clone(), Vec::new());
        assert_eq!((judged.security, judged.looked.seen().is_some()), (expected, true), "{answers:?}");
        assert_eq!(judged.problem.is_some(), expected == Security::Bogus);
    }
}

#[test]
fn a_denial_is_secure_by_its_proof() {
    for (authorities, expected) in [
        (vec![soa(Proof::Secure), nsec(Proof::Secure)], Security::Secure),
        (vec![soa(Proof::Insecure)], Security::Insecure),
        (vec![soa(Proof::Insecure), nsec(Proof::Insecure)], Security::Insecure),
        (Vec::new(), Security::Insecure),
    ] {
        let judged = judged(Vec::new(), authorities.clone());
        assert!(judged.looked.is_absent());
        assert_eq!(judged.security, expected, "{authorities:?}");
    }
    let alias = vec![alias("a.example.", "b.example.", Proof::Insecure)];
    assert_eq!(judged(alias, vec![soa(Proof::Secure), nsec(Proof::Secure)]).security, Security::Insecure, "the alias is forgeable");
}

#[test]
fn a_proof_that_the_library_cannot_follow_accuses_nobody() {
    let answer = response(vec![address("a.example.", Proof::Secure)], vec![nsec(Proof::Secure)], ResponseCode::NoError);
    for (proof, expected) in [(Proof::Bogus, Security::Indeterminate), (Proof::Insecure, Security::Insecure)] {
        let judged = unproven(&Domain::from_dns(ASKED), &name("a.example."), RecordType::A, &answer, proof);
        assert_eq!((judged.security, judged.looked.seen().is_some()), (expected, true));
    }
    let failed = validated(&Domain::from_dns(ASKED), &name("a.example."), RecordType::A, Err(NetError::Timeout));
    assert_eq!((failed.security, failed.looked.failure().is_some()), (Security::Indeterminate, true));
}

#[test]
fn a_wildcard_is_right_where_nothing_closer_can_be() {
    use hickory_resolver::proto::dnssec::Algorithm;
    use hickory_resolver::proto::dnssec::rdata::RRSIG;
    use hickory_resolver::proto::dnssec::rdata::sig::SigInput;
    use hickory_resolver::proto::rr::SerialNumber;
    let owner = "x.a.example.";
    let judged = |labels: u8, span: Option<(&str, &str)>, proof: Proof| {
        let input = SigInput {
            type_covered: RecordType::A,
            algorithm: Algorithm::ED25519,
            num_labels: labels,
            original_ttl: 300,
            sig_expiration: SerialNumber::new(2),
            sig_inception: SerialNumber::new(1),
            key_tag: 1,
            signer_name: name("example."),
        };
        let signature = record(owner, RData::DNSSEC(DNSSECRData::RRSIG(RRSIG::from_sig(input, Vec::new()))), Proof::Secure);
        let nsec = |(from, to): (&str, &str)| record(from, RData::DNSSEC(DNSSECRData::NSEC(NSEC::new(name(to), [RecordType::A]))), proof);
        let answer = response(vec![address(owner, Proof::Secure), signature], span.map(nsec).into_iter().collect(), ResponseCode::NoError);
        unproven(&Domain::from_dns("x.a.example"), &name(owner), RecordType::A, &answer, Proof::Bogus).security
    };
    let secure = Proof::Secure;
    // `*.example` stands for x.a.example: neither it nor anything at or below a.example may be there.
    for (span, expected) in [
        (Some(("*.example.", "b.example.")), Security::Secure),
        (Some(("*.example.", "example.")), Security::Secure),
        (Some(("a.example.", "b.example.")), Security::Indeterminate),
        (Some(("w.a.example.", "b.example.")), Security::Indeterminate),
        (Some(("*.example.", "y.a.example.")), Security::Indeterminate),
        (Some(("b.example.", "c.example.")), Security::Indeterminate),
        (None, Security::Indeterminate),
    ] {
        assert_eq!(judged(1, span, secure), expected, "{span:?}");
    }
    assert_eq!(judged(1, Some(("*.example.", "b.example.")), Proof::Bogus), Security::Indeterminate);
    assert_eq!(judged(3, Some(("*.example.", "b.example.")), secure), Security::Secure, "no wildcard: there is nothing to prove");
}

#[test]
fn what_the_resolver_did_not_follow_is_told_from_what_is_not_there() {
    let hanging = |answers, authorities, code| dangling(&name("a.example."), RecordType::A, &response(answers, authorities, code));
    let alias = || vec![alias("a.example.", "b.example.", Proof::Secure)];
    assert_eq!(hanging(alias(), Vec::new(), ResponseCode::NoError), Some(Domain::from_dns("b.example")));
    assert_eq!(hanging(alias(), vec![soa(Proof::Secure)], ResponseCode::NoError), None, "denied");
    assert_eq!(hanging(alias(), Vec::new(), ResponseCode::NXDomain), None);
    assert_eq!(hanging(Vec::new(), Vec::new(), ResponseCode::NoError), None);
    let circle = vec![self::alias("a.example.", "a.example.", Proof::Secure)];
    assert_eq!(hanging(circle, Vec::new(), ResponseCode::NoError), None);
}

#[test]
fn who_signed_what_does_not_hold_is_named() {
    use hickory_resolver::proto::dnssec::Algorithm;
    use hickory_resolver::proto::dnssec::rdata::{RRSIG, SigInput};
    use hickory_resolver::proto::rr::SerialNumber;
    let signature = |type_covered| {
        let input = SigInput {
            type_covered,
            algorithm: Algorithm::ED25519,
            num_labels: 2,
            original_ttl: 300,
            sig_expiration: SerialNumber::new(2),
            sig_inception: SerialNumber::new(1),
            key_tag: 1,
            signer_name: name("example."),
        };
        record("a.example.", RData::DNSSEC(DNSSECRData::RRSIG(RRSIG::from_sig(input, Vec::new()))), Proof::Bogus)
    };
    let of = |answers| signer(&name("a.example."), &response(answers, Vec::new(), ResponseCode::NoError));
    assert_eq!(of(vec![address("a.example.", Proof::Bogus), signature(RecordType::A)]), Some(name("example.")));
    assert_eq!(of(vec![address("a.example.", Proof::Bogus), signature(RecordType::MX)]), None, "not for these records");
    assert_eq!(of(vec![address("a.example.", Proof::Bogus)]), None);
    assert_eq!(of(vec![address("a.example.", Proof::Secure), signature(RecordType::A)]), None, "nothing is wrong");
}
