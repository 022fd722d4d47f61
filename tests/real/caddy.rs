//! Caddy as a policy host, set up as its page says, with certificates from files.

use std::fs;
use std::process::Command;

use super::process::{Running, program, run};
use super::web::{Kind, Site, walk};

fn start(site: &Site<'_>, sites: &str) -> Option<Running> {
    let caddy = program("caddy", "caddy")?;
    let (root, place) = (site.folder().display(), site.place);
    // It would get its certificate by itself, which no lab has.
    let inside = format!("{} {{\n    bind {}\n    tls {root}/fullchain.pem {root}/privkey.pem", site.host, place.ip());
    let sites = sites.replacen(&format!("{} {{", site.host), &inside, 1);
    let options = format!("{{\n    admin unix/{root}/admin\n    https_port {}\n    auto_https disable_redirects\n}}\n", place.port());
    fs::write(site.folder().join("Caddyfile"), options + &sites).expect("written");
    let mut command = Command::new(caddy);
    command.args(["run", "--config", "Caddyfile"]).current_dir(site.folder()).env("HOME", site.folder());
    Some(Running::start(command, site.folder(), place))
}

/// Without `--force` a configuration that has not changed is not loaded again, and its certificates neither.
fn reload(site: &Site<'_>, _: &Running) {
    let address = format!("unix/{}/admin", site.folder().display());
    let mut command = Command::new("caddy");
    run(command
        .args(["reload", "--force", "--config", "Caddyfile", "--address", &address])
        .current_dir(site.folder())
        .env("HOME", site.folder()));
}

#[test]
fn caddy_as_its_page_says() {
    walk(&Kind { page: ("host-caddy.md", "caddy"), start, reload });
}
