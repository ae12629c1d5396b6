//! How many connections one client may hold.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Open connections by client address. Shared by all connections; memory is bounded by the
/// number of connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guests(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    guests: Guests,
    client: IpAddr,
}

impl Guests {
    /// A place for a connection from `client`, if it holds fewer than `most`.
    pub(crate) fn admit(&self, client: IpAddr, most: usize) -> Option<Seat> {
        let client = network(client);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(client).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { guests: self.clone(), client })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = self.guests.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.client);
            }
        }
    }
}

/// Who counts as one client: an IPv4 address, or the /64 that an IPv6 client has to itself.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_share_and_gets_it_back() {
        let guests = Guests::default();
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = guests.admit(address("192.0.2.1"), 2).unwrap();
        let second = guests.admit(address("::ffff:192.0.2.1"), 2).unwrap();
        assert!(guests.admit(address("192.0.2.1"), 2).is_none());
        assert!(guests.admit(address("192.0.2.2"), 2).is_some());
        drop(first);
        assert!(guests.admit(address("192.0.2.1"), 2).is_some());
        drop(second);
        let _one = guests.admit(address("2001:db8::1"), 1).unwrap();
        assert!(guests.admit(address("2001:db8::2"), 1).is_none(), "the same /64");
        assert!(guests.admit(address("2001:db8:0:1::1"), 1).is_some());
        assert_eq!(guests.0.lock().unwrap().len(), 1, "nothing is kept of those who left");
    }
}
