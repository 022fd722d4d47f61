use super::*;

/// The example of RFC 8463 §A: one mail, signed with Ed25519 and with RSA.
const MAIL: &str = "\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
";
const KEYS: [&str; 2] = [
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
];

/// What each of the two signatures says of a mail.
fn verified(mail: &str) -> [Result<(), Mismatch>; 2] {
    let header = Header::split(mail.as_bytes()).expect("short");
    let signed = Signed::new(&header);
    let places: Vec<usize> = header.named("DKIM-Signature").map(|(at, _)| at).collect();
    std::array::from_fn(|number| {
        let signature = Signature::read(&header.fields[places[number]]).expect("usable");
        let key = Key::read(KEYS[number], signature.algorithm).expect("a key");
        signed.verify(&signature, places[number], &key)
    })
}

#[test]
fn the_example_of_the_standard_verifies() {
    assert_eq!(verified(MAIL), [Ok(()), Ok(())]);
    assert_eq!(verified(&MAIL.replace('\n', "\r\n")), [Ok(()), Ok(())]);
    assert_eq!(verified(&format!("X-New: above\n{}\n\n", MAIL.replace("Hi.", "Hi. \t"))), [Ok(()), Ok(())], "neither is signed");
}

#[test]
fn what_was_altered_is_told_from_what_was_added() {
    for (change, to, mismatch) in [
        ("We lost", "We won", Mismatch::Body),
        ("Joe.\n", "Joe.\n-- \nlist\n", Mismatch::Body),
        ("Is dinner", "[list] Is dinner", Mismatch::Header),
        ("From: Joe", "From: Jim", Mismatch::Header),
        // Signed once more than it is there: another one was ruled out.
        ("Subject:", "Subject: first\nSubject:", Mismatch::Header),
        ("t=1528637909", "t=1528637910", Mismatch::Header),
    ] {
        assert_eq!(verified(&MAIL.replace(change, to)), [Err(mismatch); 2], "{to}");
    }
    // What is not signed may come and go.
    assert_eq!(verified(&MAIL.replace("To:", "Cc: a@b.example\nTo:")), [Ok(()), Ok(())]);
}
