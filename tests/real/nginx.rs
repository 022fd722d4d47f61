//! nginx as a policy host, set up as its page says, and the pitfalls that the pages of `fetch` name.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::process::{Running, program, run};
use super::web::{Kind, Site, walk};
use crate::lab::Lab;

/// The lines that a site needs which has none on its certificate.
pub(super) const CERTIFICATE: &str = "ssl_certificate /etc/fullchain.pem;\nssl_certificate_key /etc/privkey.pem;";

const KIND: Kind = Kind { page: ("host-nginx.md", "nginx"), start, reload };

/// A whole configuration around `sites`, all of it below `folder`.
pub(super) fn configuration(folder: &Path, sites: &str) -> String {
    let root = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {root}/tmp;\n")).concat();
    format!(
        "daemon off;\nworker_processes 1;\npid {root}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\nserver_names_hash_bucket_size 128;\n\
         types {{ text/html html; text/plain txt; }}\n{temporary}{sites}}}\n"
    )
}

fn start(site: &Site<'_>, sites: &str) -> Option<Running> {
    let nginx = program("nginx", "nginx-light")?;
    write(site, sites);
    let mut command = Command::new(nginx);
    command.args(arguments(site));
    Some(Running::start(command, site.folder(), site.place))
}

/// The sites, listening at the site's place alone.
fn write(site: &Site<'_>, sites: &str) {
    let place = site.place;
    let sites: String = sites
        .replace("listen 443 ssl", &format!("listen {place} ssl"))
        .replace("listen 80;", &format!("listen unix:{}/80;", site.folder().display()))
        .lines()
        .filter(|line| !line.contains("listen [::]"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(site.folder().join("nginx.conf"), configuration(site.folder(), &sites)).expect("written");
}

fn arguments(site: &Site<'_>) -> Vec<String> {
    let root = site.folder().display();
    ["-p", &root.to_string(), "-e", "stderr", "-c", "nginx.conf"].map(str::to_owned).to_vec()
}

/// `nginx -t && systemctl reload nginx`, where the latter is `nginx -s reload`.
fn reload(site: &Site<'_>, _: &Running) {
    for word in [&["-t"][..], &["-s", "reload"]] {
        run(Command::new("nginx").args(arguments(site)).args(word));
    }
}

/// A site of the policy host's name with this inside; `ROOT` is its folder.
fn own_site(site: &Site<'_>, inside: &str) -> String {
    let root = site.folder().display().to_string();
    let certificate = CERTIFICATE.replace("/etc", &root);
    format!("server {{\nlisten 443 ssl;\nserver_name {};\n{certificate}\n{}\n}}\n", site.host, inside.replace("ROOT", &root))
}

#[test]
fn nginx_as_its_page_says() {
    walk(&KIND);
}

/// A site as it should not be, then as the rule's own page has it.
#[test]
fn pitfalls_and_what_the_rule_pages_say() {
    let lab = Lab::start_blocking().expect("a lab");
    let rows: [(&str, &str, &[&str], &str); 4] = [
        (
            "type.test",
            "root ROOT/srv; types { }\ndefault_type application/octet-stream;",
            &["blocker fetch-content-type"],
            "fetch-content-type",
        ),
        ("redirect.test", "return 301 https://www.example.com$request_uri;", &["blocker fetch-redirect"], "fetch-redirect"),
        ("dotted.test", "root ROOT/srv;\nlocation ~ /\\. { deny all; }", &["blocker fetch-status"], "fetch-status"),
        (
            "agents.test",
            "root ROOT/srv;\nif ($http_user_agent !~* Mozilla) { return 403; }",
            &["blocker fetch-status", "warning fetch-blocked-agent"],
            "fetch-blocked-agent",
        ),
    ];
    for (domain, inside, due, page) in rows {
        let site = Site::new(&lab, domain);
        let Some(server) = start(&site, &own_site(&site, inside)) else { return };
        site.comes_to_show(due);
        let block = site.blocks(&format!("rules/{page}.md"), "nginx").remove(0);
        let mended = if block.contains("server {") {
            block
        } else if page == "fetch-blocked-agent" {
            // The page has the rule taken away as well.
            own_site(&site, &block)
        } else {
            own_site(&site, &format!("{inside}\n{block}"))
        };
        write(&site, &mended);
        reload(&site, &server);
        site.comes_to_show(&[]);
    }
}
