//! A domain, and the host of it that is a real server.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use crate::lab::Lab;

/// Where the server is to listen, its files, and what its role brings along.
pub(super) struct Site<'a, Role> {
    pub(super) lab: &'a Lab,
    pub(super) domain: String,
    /// The host's name.
    pub(super) host: String,
    /// Where it is expected.
    pub(super) place: SocketAddr,
    pub(super) role: Role,
    folder: TempDir,
}

impl<'a, Role> Site<'a, Role> {
    /// A host that the lab's DNS leads to `place`.
    pub(super) fn at(lab: &'a Lab, domain: &str, host: String, place: SocketAddr, role: Role) -> Self {
        lab.dns().address(&host, place.ip());
        Self { lab, domain: domain.into(), host, place, role, folder: folder() }
    }

    /// Where the server's files are.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A folder of a server's own. Servers give up root, and still look into it.
pub(super) fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("server").tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("an own folder");
    folder
}
