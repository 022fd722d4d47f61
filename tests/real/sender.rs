//! A sender that honours policies: Postfix with postfix-mta-sts-resolver.
//!
//! Both live apart from the machine's own, with the lab's DNS in their `resolv.conf`. Programs ask DNS at port 53 and policy hosts at port
//! 443 only: from there connections are led on to the lab's ports.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::process::{PATIENCE, Running, apart, program_of_root, soon};
use super::site;
use crate::lab::{Domain, Lab};

/// The two programs, running.
pub(super) struct Sender {
    folder: TempDir,
    place: SocketAddr,
    _running: [Running; 2],
}

impl Sender {
    /// Starts both; `None` where they cannot be started.
    pub(super) fn start(lab: &Lab) -> Option<Self> {
        Self::start_with(lab, &[])
    }

    /// The same with these variables in Postfix's environment.
    pub(super) fn start_with(lab: &Lab, environment: &[(String, String)]) -> Option<Self> {
        let postfix = program_of_root("postfix", "postfix")?;
        let resolver = program_of_root("mta-sts-daemon", "postfix-mta-sts-resolver")?;
        let folder = site::folder();
        let root = folder.path();
        let (place, policies) = (lab.smtp_place(), lab.smtp_place());
        fs::write(root.join("resolv.conf"), format!("nameserver {}\n", names_at_port_53(lab))).expect("written");
        fs::write(root.join("resolver.yml"), resolver_configuration(policies)).expect("written");
        let (main, master) = (main(lab, root, policies), master(place));
        for (name, text) in [("main.cf", main), ("master.cf", master)] {
            fs::write(root.join(name), text).expect("written");
        }
        fs::create_dir_all(root.join("queue")).expect("an own folder");
        let mut asks = apart(root, &[], &resolver)?;
        asks.args(["--disable-uvloop", "--config"]).arg(root.join("resolver.yml")).env("SSL_CERT_FILE", lab.root_file());
        let mut sends = apart(root, &[], Path::new("env"))?;
        sends.args(environment.iter().map(|(name, value)| format!("{name}={value}"))).arg(postfix).arg("-c").arg(root).arg("start-fg");
        let running = [Running::start(asks, root, policies), Running::start(sends, root, place)];
        Some(Self { folder, place, _running: running })
    }

    /// Gives it a mail for a domain, and waits until it has tried.
    pub(super) fn send(&self, domain: &str) -> io::Result<()> {
        let attempts = || self.log().matches(&format!("to=<postmaster@{domain}>")).count();
        let before = attempts();
        let mut stream = TcpStream::connect(self.place)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut replies = BufReader::new(stream.try_clone()?);
        let recipient = format!("RCPT TO:<postmaster@{domain}>\r\n");
        for command in ["", "EHLO test\r\n", "MAIL FROM:<>\r\n", &recipient, "DATA\r\n", "Subject: test\r\n\r\ntest\r\n.\r\n", "QUIT\r\n"] {
            stream.write_all(command.as_bytes())?;
            let mut reply = String::from("-");
            while reply.as_bytes().get(3).is_none_or(|mark| *mark == b'-') {
                reply.clear();
                assert!(replies.read_line(&mut reply)? > 0, "it has hung up");
            }
            assert!(reply.starts_with(['2', '3']), "{command:?}: {reply}");
        }
        assert!(soon(|| attempts() > before), "it has not tried {domain}:\n{}", self.log());
        Ok(())
    }

    /// What it has written.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

fn resolver_configuration(place: SocketAddr) -> String {
    format!(
        "host: {}\nport: {}\ncache:\n  type: internal\n  options:\n    cache_size: 100\ndefault_zone:\n  strict_testing: false\n  timeout: 10\n",
        place.ip(),
        place.port()
    )
}

fn main(lab: &Lab, root: &Path, policies: SocketAddr) -> String {
    let root = root.display();
    format!(
        "compatibility_level = 3.6\nmyhostname = sender.test\nmydestination =\nlocal_recipient_maps =\nalias_maps =\nalias_database =\n\
         queue_directory = {root}/queue\ndata_directory = {root}/data\nmaillog_file = {root}/log\nmaillog_file_prefixes = {root}\n\
         mynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nsmtpd_peername_lookup = no\nnotify_classes =\n\
         smtpd_relay_restrictions = permit_mynetworks, reject\nsmtp_tcp_port = {port}\nsmtp_tls_CAfile = {roots}\n\
         import_environment = MAIL_CONFIG LD_PRELOAD FAKETIME FAKETIME_DONT_FAKE_MONOTONIC FAKETIME_ONLY_CMDS\nsmtp_tls_security_level = may\nsmtp_tls_loglevel = 1\nsmtp_tls_policy_maps = socketmap:inet:{policies}:postfix\n",
        port = lab.smtp_port(),
        roots = lab.root_file().display(),
    )
}

fn master(place: SocketAddr) -> String {
    format!(
        "{place} inet n - n - - smtpd\ncleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\nsmtp unix - - n - - smtp\n\
         rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\n\
         trace unix - - n - 0 bounce\nerror unix - - n - - error\nretry unix - - n - - error\ndiscard unix - - n - - discard\n\
         flush unix n - n 1000? 0 flush\nproxymap unix - - n - - proxymap\nanvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\n\
         tlsmgr unix - - n 1000? 1 tlsmgr\npostlog unix-dgram n - n - 1 postlogd\n"
    )
}

/// Leads port 53 of an address of its own to the lab's DNS.
fn names_at_port_53(lab: &Lab) -> IpAddr {
    let (ip, names) = (lab.smtp_place().ip(), lab.resolver());
    let socket = UdpSocket::bind((ip, 53)).expect("root may");
    thread::spawn(move || {
        let mut question = [0; 4096];
        while let Ok((length, asker)) = socket.recv_from(&mut question) {
            let asked = ask(names, question.get(..length).unwrap_or_default());
            // A question without an answer is asked again.
            let _ = asked.and_then(|answer| socket.send_to(&answer, asker));
        }
    });
    lead_on(SocketAddr::new(ip, 53), names);
    ip
}

fn ask(names: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    socket.send_to(question, names)?;
    let mut answer = vec![0; 4096];
    let length = socket.recv(&mut answer)?;
    answer.truncate(length);
    Ok(answer)
}

/// Leads port 443 of a policy host to where the lab has it.
pub(super) fn policy_at_port_443(domain: &Domain) {
    let policy_host = domain.policy_host.socket();
    lead_on(SocketAddr::new(policy_host.ip(), 443), policy_host);
}

/// Leads TCP connections to `from` on to `to`, until the tests end.
fn lead_on(from: SocketAddr, to: SocketAddr) {
    let listener = TcpListener::bind(from).expect("root may");
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let Ok(far) = TcpStream::connect(to) else { continue };
            let (Ok(near_again), Ok(far_again)) = (near.try_clone(), far.try_clone()) else { continue };
            for (mut reader, mut writer) in [(near, far), (far_again, near_again)] {
                thread::spawn(move || {
                    let _ = io::copy(&mut reader, &mut writer);
                    let _ = writer.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
}
