//! The proxies of the command line. What is wrong with one is said without repeating it: it may hold a password.

use super::Failure;
use super::args::Common;
use crate::net::proxy::HttpsProxy;
use crate::net::socks::Socks5;

/// The SOCKS5 proxy for MX hosts.
pub(super) fn socks5(common: &Common) -> Result<Option<Socks5>, Failure> {
    let Some(text) = &common.socks5 else {
        // Not left to the parser: the variable may be set to "no".
        let alone = || Failure::Usage("--socks5-dns needs --socks5 HOST:PORT".to_owned());
        return if common.socks5_dns { Err(alone()) } else { Ok(None) };
    };
    let proxy = Socks5::parse(text).map_err(|error| Failure::Usage(error.to_string()))?;
    hidden(proxy.has_password(), text, "--socks5", "STSREADY_SOCKS5")?;
    Ok(Some(proxy))
}

/// The proxy for policies.
pub(super) fn https(common: &Common) -> Result<Option<HttpsProxy>, Failure> {
    let Some(text) = &common.proxy else { return Ok(None) };
    let proxy = HttpsProxy::parse(text).map_err(|error| Failure::Usage(error.to_string()))?;
    hidden(proxy.has_password(), text, "--proxy", "STSREADY_PROXY")?;
    Ok(Some(proxy))
}

/// Refuses a password that did not come by the environment.
fn hidden(has_password: bool, text: &str, option: &str, variable: &str) -> Result<(), Failure> {
    let by_environment = || std::env::var(variable).is_ok_and(|value| value == text);
    if has_password && !by_environment() {
        return Err(Failure::Usage(format!(
            "{option} has a password, and every user of this machine can read arguments; give it in the environment variable {variable}"
        )));
    }
    Ok(())
}
