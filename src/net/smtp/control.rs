//! The control connection: a host that is known to answer tells a blocked port from MX hosts that are down. Greeting and QUIT, once.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::time::Instant;

use super::connection::Connection;
use super::{Prober, reach};
use crate::model::looked::Looked;
use crate::wire::smtp::Reply;

impl Prober {
    /// Connects to `address`, waits for the greeting, and leaves. The operator named it: `--deny-private` does not keep it away.
    pub async fn greeting(&self, address: IpAddr, port: u16) -> Looked<Reply> {
        let turn = Arc::new(self.limiter.turn(address).await);
        let timeouts = self.options.timeouts;
        let deadline = Instant::now() + timeouts.dialogue;
        let dialer = crate::net::dial::Dialer { deny_private: false, ..self.options.dialer.clone() };
        let stream = match reach::connect(&dialer, address, port, timeouts.connect).await {
            Ok((stream, _)) => stream,
            Err(failure) => return Looked::Failed(failure),
        };
        let mut connection = Connection::new(stream, deadline, &turn);
        let greeting = connection.reply(timeouts.greeting).await;
        if greeting.seen().is_some() {
            connection.farewell().await;
        }
        greeting
    }
}
