//! The shelf: every certificate served in this run, once. Facts name certificates by fingerprint and take the bytes from here.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::model::facts::Der;
use crate::wire::fingerprint::Fingerprint;

/// DER by its SHA-256; shared by all rooms that look.
#[derive(Debug, Default)]
pub struct Shelf(Mutex<HashMap<Fingerprint, Der>>);

impl Shelf {
    /// An empty shelf.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a chain on the shelf; out come its fingerprints, in order.
    pub fn put(&self, chain: &[Vec<u8>]) -> Vec<Fingerprint> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        chain
            .iter()
            .map(|der| {
                let print = Fingerprint::of(der);
                shelf.entry(print).or_insert_with(|| Der(der.clone()));
                print
            })
            .collect()
    }

    /// Copies of the certificates named, for the facts of one domain. Several domains may be served the same.
    pub fn take_for(&self, prints: &[Fingerprint]) -> BTreeMap<Fingerprint, Der> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        prints.iter().filter_map(|print| shelf.get(print).map(|der| (*print, der.clone()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_kept_once_and_given_to_whoever_names_it() {
        let shelf = Shelf::new();
        let first = shelf.put(&[b"leaf".to_vec(), b"intermediate".to_vec()]);
        let second = shelf.put(&[b"other".to_vec(), b"intermediate".to_vec()]);
        assert_eq!(first[1], second[1]);
        for _ in 0..2 {
            let taken = shelf.take_for(&first);
            assert_eq!(taken.len(), 2);
            assert_eq!(taken[&first[0]], Der(b"leaf".to_vec()));
        }
        assert!(shelf.take_for(&[Fingerprint::of(b"unknown")]).is_empty());
    }
}
