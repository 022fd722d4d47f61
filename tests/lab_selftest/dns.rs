//! The DNS server.

use std::time::{Duration, Instant};

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, RecordType};

use super::client::{query, tcp, udp, udp_bytes};
use crate::lab::{Fault, Lab};

#[tokio::test]
async fn absence_comes_in_its_kinds() {
    let lab = Lab::start().await.unwrap();
    lab.dns().txt("a.b.alpha.test", "text");
    let nodata = udp(&lab, &query("a.b.alpha.test.", RecordType::MX)).await;
    assert_eq!((nodata.metadata.response_code, nodata.authorities.len()), (ResponseCode::NoError, 1));
    let empty = udp(&lab, &query("b.alpha.test.", RecordType::TXT)).await;
    assert_eq!((empty.metadata.response_code, empty.answers.len()), (ResponseCode::NoError, 0));
    let missing = udp(&lab, &query("c.alpha.test.", RecordType::TXT)).await;
    assert_eq!((missing.metadata.response_code, missing.authorities.len()), (ResponseCode::NXDomain, 1));
    assert_eq!(lab.dns().queries("c.alpha.test", RecordType::TXT), 1);
    assert_eq!(lab.dns().all_queries(), 3);
}

#[tokio::test]
async fn changes_and_aliases_are_followed() {
    let lab = Lab::start().await.unwrap();
    lab.dns().with_ttl(77).cname("_mta-sts.alpha.test", "target.beta.test");
    let ask = query("_mta-sts.alpha.test.", RecordType::TXT);
    let dangling = udp(&lab, &ask).await;
    assert_eq!((dangling.metadata.response_code, dangling.answers.len()), (ResponseCode::NXDomain, 1));
    assert_eq!(dangling.answers[0].ttl, 77);
    lab.dns().txt_strings("target.beta.test", &[b"v=STSv1;", b" id=1;"]);
    let found = udp(&lab, &ask).await;
    let RData::TXT(text) = &found.answers[1].data else { panic!("a TXT record") };
    assert_eq!(text.txt_data.concat(), b"v=STSv1; id=1;");
    lab.dns().cname("target.beta.test", "_mta-sts.alpha.test");
    lab.dns().remove("target.beta.test", RecordType::TXT);
    assert_eq!(udp(&lab, &ask).await.answers.len(), 2, "a circle is walked once");
}

#[tokio::test]
async fn wildcards_speak_for_what_is_not_there() {
    let lab = Lab::start().await.unwrap();
    lab.dns().address("*.alpha.test", lab.refusing_address());
    lab.dns().txt("deep.there.alpha.test", "text");
    let count = async |name: &str| udp(&lab, &query(name, RecordType::A)).await.answers.len();
    assert_eq!(count("x.y.alpha.test.").await, 1);
    assert_eq!(count("there.alpha.test.").await, 0, "an empty non-terminal is there");
    assert_eq!(count("other.there.alpha.test.").await, 0, "and hides the wildcard above it");
    assert_eq!(count("alpha.test.").await, 0);
}

#[tokio::test]
async fn large_answers_come_over_tcp() {
    let lab = Lab::start().await.unwrap();
    let number = lab.dns().mx_flood("alpha.test");
    let ask = query("alpha.test.", RecordType::MX);
    assert!(udp(&lab, &ask).await.metadata.truncation);
    let whole = tcp(&lab, &ask).await.unwrap();
    assert_eq!((whole.answers.len(), whole.metadata.truncation), (number, false));
}

#[tokio::test]
async fn faults_are_acted_out_and_healed() {
    let lab = Lab::start().await.unwrap();
    let dns = lab.dns();
    dns.txt("alpha.test", "text");
    dns.cname("alias.test", "alpha.test");
    let ask = query("alpha.test.", RecordType::TXT);

    dns.fault("alpha.test", Fault::ServFail);
    assert_eq!(udp(&lab, &ask).await.metadata.response_code, ResponseCode::ServFail);
    let alias = udp(&lab, &query("alias.test.", RecordType::TXT)).await;
    assert_eq!(alias.metadata.response_code, ResponseCode::ServFail, "a fault is met behind an alias too");
    dns.fault("alpha.test", Fault::First(1, Box::new(Fault::Refused)));
    assert_eq!(udp(&lab, &ask).await.metadata.response_code, ResponseCode::Refused);
    assert_eq!(udp(&lab, &ask).await.answers.len(), 1);

    dns.fault("alpha.test", Fault::Truncate);
    assert!(udp(&lab, &ask).await.metadata.truncation);
    assert_eq!(tcp(&lab, &ask).await.unwrap().answers.len(), 1);
    dns.fault("alpha.test", Fault::TruncateWithoutTcp);
    assert!(tcp(&lab, &ask).await.is_err());

    dns.fault("alpha.test", Fault::WrongIdFirst);
    assert_ne!(udp(&lab, &ask).await.metadata.id, ask.metadata.id);
    dns.fault("alpha.test", Fault::Garbage);
    assert!(hickory_proto::op::Message::from_vec(&udp_bytes(&lab, &ask).await).is_err());
    dns.fault("alpha.test", Fault::CnameLoop);
    assert_eq!(udp(&lab, &ask).await.answers.len(), 2);

    dns.fault("alpha.test", Fault::Bogus);
    dns.signed("test");
    assert_eq!(udp(&lab, &ask).await.metadata.response_code, ResponseCode::ServFail);
    let mut unchecked = ask.clone();
    unchecked.metadata.checking_disabled = true;
    assert_eq!(udp(&lab, &unchecked).await.answers.len(), 1);
    dns.heal("alpha.test");
    let mut careful = ask.clone();
    careful.metadata.authentic_data = true;
    assert!(udp(&lab, &careful).await.metadata.authentic_data);
}

#[tokio::test]
async fn a_dropped_query_holds_up_no_other() {
    let lab = Lab::start().await.unwrap();
    lab.dns().txt("alpha.test", "text");
    lab.dns().fault("never.test", Fault::Drop);
    lab.dns().fault("late.test", Fault::Late(Duration::from_millis(80)));
    let unanswered = query("never.test.", RecordType::TXT);
    tokio::select! {
        _ = udp(&lab, &unanswered) => panic!("it is never answered"),
        () = async {
            let begun = Instant::now();
            udp(&lab, &query("late.test.", RecordType::TXT)).await;
            assert!(begun.elapsed() >= Duration::from_millis(80));
            assert_eq!(udp(&lab, &query("alpha.test.", RecordType::TXT)).await.answers.len(), 1);
        } => {}
    }
    assert_eq!(lab.dns().queries("never.test", RecordType::TXT), 1);
}
