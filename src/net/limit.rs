//! Politeness: how many connections at once, to one address and over all; and whether a visit is alone at its address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections to one address at a time.
pub const PER_ADDRESS: usize = 2;

/// The turnstile before every connection.
#[derive(Debug)]
pub struct Limiter {
    all: Arc<Semaphore>,
    addresses: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
    /// For visits that nobody of this run may cross.
    alone: Mutex<HashMap<(IpAddr, u16), Arc<Semaphore>>>,
}

/// The right to hold one connection; given back when dropped.
#[derive(Debug)]
pub struct Turn {
    _alone: Option<OwnedSemaphorePermit>,
    _address: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl Limiter {
    /// At most `jobs` connections over all (at least one), and [`PER_ADDRESS`] to one address.
    pub fn new(jobs: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(jobs.clamp(1, Semaphore::MAX_PERMITS))), addresses: Mutex::default(), alone: Mutex::default() }
    }

    /// Waits for a turn at `address`. The address comes first: who waits for a busy address must not block the others.
    pub async fn turn(&self, address: IpAddr) -> Turn {
        let own = {
            let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(addresses.entry(address.to_canonical()).or_insert_with(|| Arc::new(Semaphore::new(PER_ADDRESS))))
        };
        // A semaphore that nobody closes always grants in the end; `None` cannot occur and would cost no more than the limit.
        let address = own.acquire_owned().await.ok();
        let all = Arc::clone(&self.all).acquire_owned().await.ok();
        Turn { _alone: None, _address: address, _all: all }
    }

    /// Waits for a turn at `address` that is the only one of its kind at `port`.
    pub async fn turn_alone(&self, address: IpAddr, port: u16) -> Turn {
        let own = {
            let mut alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(alone.entry((address.to_canonical(), port)).or_insert_with(|| Arc::new(Semaphore::new(1))))
        };
        let alone = own.acquire_owned().await.ok();
        Turn { _alone: alone, ..self.turn(address).await }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_third_connection_to_one_address_waits_and_other_addresses_do_not() {
        let limiter = Limiter::new(10);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let first = limiter.turn(one).await;
        let _second = limiter.turn(one).await;
        assert!(tokio::time::timeout(Duration::from_millis(20), limiter.turn(one)).await.is_err());
        assert!(tokio::time::timeout(Duration::from_millis(20), limiter.turn(other)).await.is_ok());
        drop(first);
        assert!(tokio::time::timeout(Duration::from_secs(5), limiter.turn(one)).await.is_ok());
    }

    #[tokio::test]
    async fn who_goes_alone_waits_for_others_of_the_kind_and_keeps_nobody_else_waiting() {
        let limiter = Limiter::new(10);
        let (address, brief) = (IpAddr::from([192, 0, 2, 1]), Duration::from_millis(20));
        let first = limiter.turn_alone(address, 25).await;
        let mapped = "::ffff:192.0.2.1".parse().expect("valid");
        assert!(tokio::time::timeout(brief, limiter.turn_alone(mapped, 25)).await.is_err());
        assert!(tokio::time::timeout(brief, limiter.turn(address)).await.is_ok());
        assert!(tokio::time::timeout(brief, limiter.turn_alone(address, 26)).await.is_ok());
        drop(first);
        assert!(tokio::time::timeout(Duration::from_secs(5), limiter.turn_alone(address, 25)).await.is_ok());
    }

    #[tokio::test]
    async fn the_cap_over_all_holds_for_different_addresses() {
        let limiter = Limiter::new(1);
        let _turn = limiter.turn(IpAddr::from([192, 0, 2, 1])).await;
        assert!(tokio::time::timeout(Duration::from_millis(20), limiter.turn(IpAddr::from([192, 0, 2, 2]))).await.is_err());
    }
}
