//! What a reader will want next, fetched while it is busy with what it has.

use super::errors;
use super::session::{Own, Session};
use crate::error::{Error, Result, error};
use bytes::{Buf, Bytes};
use futures::{Stream, StreamExt};
use std::mem::MaybeUninit;
use std::vec;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

/// How many packets, of mostly 64 KiB, are handed over at once where they have come: each hand-over wakes the reader, which
/// costs more than its packets do.
const PACKETS: usize = 16;
/// How many hand-overs lie ready beside the one that is being read and the one that is being made. With more, what comes is out
/// of the processor's caches by the time it is read.
const READY: usize = 1;

type Packet = hdfs_native::Result<Bytes>;

/// What comes of one stretch of a file, in order.
pub(super) struct Ahead {
    hand_overs: Receiver<Vec<Packet>>,
    /// Of the last of them.
    packets: vec::IntoIter<Packet>,
    /// Of the last packet.
    rest: Bytes,
    /// What has not been given by a packet.
    missing: usize,
    task: JoinHandle<()>,
}

impl Ahead {
    /// `packets` gives `size` bytes, or fails, or ends early.
    pub(super) fn start(
        session: &Session,
        packets: impl Stream<Item = Packet> + Send + 'static,
        size: usize,
    ) -> Own<Self> {
        let (sender, hand_overs) = channel(READY);
        let task = session.handle().spawn(async move {
            let mut packets = Box::pin(packets.ready_chunks(PACKETS));
            while let Some(hand_over) = packets.next().await {
                if sender.send(hand_over).await.is_err() {
                    break;
                }
            }
        });
        Own::new(Self { hand_overs, packets: Vec::new().into_iter(), rest: Bytes::new(), missing: size, task })
    }

    /// Fills `dst` as far as the stretch goes and counts in `done`, also where it fails.
    pub(super) async fn fill(
        &mut self,
        session: &Session,
        dst: &mut [MaybeUninit<u8>],
        done: &mut usize,
    ) -> Result<()> {
        loop {
            *done += take(&mut self.rest, &mut dst[*done..]);
            if *done == dst.len() || self.missing == 0 {
                return Ok(());
            }
            self.rest = self.next(session).await?;
            self.missing = self.missing.saturating_sub(self.rest.len());
        }
    }

    async fn next(&mut self, session: &Session) -> Result<Bytes> {
        loop {
            if let Some(packet) = self.packets.next() {
                return packet.map_err(errors::convert);
            }
            match session.in_time(self.hand_overs.recv()).await? {
                Some(hand_over) => self.packets = hand_over.into_iter(),
                None => return Err(self.failure().await),
            }
        }
    }

    /// Why nothing more comes.
    #[cold]
    async fn failure(&mut self) -> Error {
        match (&mut self.task).await {
            Err(ended) if ended.is_panic() => Error::from_panic(ended.into_panic()),
            _ => ended_early(self.missing),
        }
    }

    /// Passes over `count` bytes; `false`: so many have not come, and some may be gone.
    pub(super) fn skip(&mut self, mut count: usize) -> bool {
        while count > self.rest.len() {
            count -= self.rest.len();
            match self.packets.next().or_else(|| self.next_hand_over()) {
                Some(Ok(packet)) => self.rest = packet,
                _ => return false,
            }
            self.missing = self.missing.saturating_sub(self.rest.len());
        }
        self.rest.advance(count);
        true
    }

    /// Its first packet, if it has come.
    fn next_hand_over(&mut self) -> Option<Packet> {
        self.packets = self.hand_overs.try_recv().ok()?.into_iter();
        self.packets.next()
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // It may be waiting for a data node that says nothing more.
        self.task.abort();
    }
}

/// Moves what has room.
pub(super) fn take(from: &mut Bytes, to: &mut [MaybeUninit<u8>]) -> usize {
    let count = from.len().min(to.len());
    to[..count].write_copy_of_slice(&from[..count]);
    from.advance(count);
    count
}

#[cold]
pub(super) fn ended_early(missing: usize) -> Error {
    error!(IoError, "the data nodes sent {missing} bytes less than there are")
}
