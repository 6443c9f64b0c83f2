//! One stretch of a file, fetched while its reader is busy with what has come.

use super::errors;
use super::pump::{Next, Pump};
use super::session::{Own, Session};
use crate::error::{Result, error};
use bytes::{Buf, Bytes};
use futures::Stream;
use std::mem::MaybeUninit;

type Packet = hdfs_native::Result<Bytes>;

/// What comes of it, in order.
pub(super) struct Ahead {
    packets: Own<Pump<Packet>>,
    /// Of the last packet.
    rest: Bytes,
    /// What has not been given by a packet.
    missing: usize,
}

impl Ahead {
    /// `packets` gives `size` bytes, or fails, or ends early.
    pub(super) fn start(session: &Session, packets: impl Stream<Item = Packet> + Send + 'static, size: usize) -> Self {
        Self { packets: Pump::start(session, packets), rest: Bytes::new(), missing: size }
    }

    /// Fills `dst` as far as the stretch goes and counts in `done`, also where it fails.
    pub(super) fn fill(&mut self, session: &Session, dst: &mut [MaybeUninit<u8>], done: &mut usize) -> Result<()> {
        loop {
            *done += take(&mut self.rest, &mut dst[*done..]);
            if *done == dst.len() || self.missing == 0 {
                return Ok(());
            }
            self.rest = match self.packets.next(session, session.timeout())? {
                Next::Item(packet) => packet.map_err(errors::convert)?,
                Next::End => {
                    return Err(error!(IoError, "the data nodes sent {} bytes less than there are", self.missing));
                }
                Next::Late => return Err(session.late()),
            };
            self.missing = self.missing.saturating_sub(self.rest.len());
        }
    }

    /// Passes over `count` bytes; `false`: so many have not come, and some may be gone.
    pub(super) fn skip(&mut self, mut count: usize) -> bool {
        while count > self.rest.len() {
            count -= self.rest.len();
            match self.packets.next_at_hand() {
                Some(Ok(packet)) => self.rest = packet,
                _ => return false,
            }
            self.missing = self.missing.saturating_sub(self.rest.len());
        }
        self.rest.advance(count);
        true
    }
}

/// Moves what has room.
fn take(from: &mut Bytes, to: &mut [MaybeUninit<u8>]) -> usize {
    let count = from.len().min(to.len());
    to[..count].write_copy_of_slice(&from[..count]);
    from.advance(count);
    count
}
