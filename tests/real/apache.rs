//! Apache as a policy host, set up as its page says.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::process::{Running, program, run};
use super::web::{Kind, Site, walk};

/// Where Debian keeps the modules.
const MODULES: &str = "/usr/lib/apache2/modules";

/// A whole configuration around `sites`, all of it below `folder`.
pub(super) fn configuration(folder: &Path, sites: &str) -> String {
    let root = folder.display();
    let modules = ["mpm_event", "authz_core", "mime", "dir", "socache_shmcb", "ssl"];
    let modules: String = modules.iter().map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n")).collect();
    format!(
        "ServerRoot {root}\nServerName localhost\nPidFile {root}/apache.pid\nDefaultRuntimeDir {root}\nErrorLog {root}/log\n\
         {modules}<IfModule unixd_module>\nUser nobody\nGroup nogroup\n</IfModule>\nTypesConfig /dev/null\nAddType text/plain .txt\n\
         <Directory />\nRequire all denied\n</Directory>\n{sites}"
    )
}

fn start(site: &Site<'_>, sites: &str) -> Option<Running> {
    let apache = program("apache2", "apache2")?;
    let place = site.place;
    let sites = sites.replace("*:443", &place.to_string()).replace("*:80", "127.0.0.1:80");
    let listening = format!("Listen {place} https\n{sites}");
    fs::write(site.folder().join("apache.conf"), configuration(site.folder(), &listening)).expect("written");
    let mut command = Command::new(apache);
    command.arg("-f").arg(site.folder().join("apache.conf")).arg("-DFOREGROUND");
    Some(Running::start(command, site.folder(), place))
}

/// `apachectl configtest && apachectl graceful`, which calls these.
fn reload(site: &Site<'_>, _: &Running) {
    for word in [&["-t"][..], &["-k", "graceful"]] {
        run(Command::new("apache2").arg("-f").arg(site.folder().join("apache.conf")).args(word));
    }
}

#[test]
fn apache_as_its_page_says() {
    walk(&Kind { page: ("host-apache.md", "apache"), start, reload });
}
