//! What will be wanted next, fetched while the caller is busy with what it has.

use super::room;
use super::session::{Own, Session};
use crate::error::{Error, Result, error};
use futures::{Stream, StreamExt};
use std::time::Duration;
use std::vec;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, timeout_at};

/// How many items, such as packets of mostly 64 KiB, are handed over at once: each hand-over wakes the caller, which costs more
/// than its items do.
const ITEMS: usize = 32;
/// How long is waited for so many at most.
const GATHERS_FOR: Duration = Duration::from_millis(1);
/// How many hand-overs lie ready beside the one that is being used and the one that is being made. With more, what comes is out
/// of the processor's caches by the time it is used.
const READY: usize = 1;

/// What comes of a stream, in order.
pub(super) struct Pump<T> {
    hand_overs: Receiver<Vec<T>>,
    /// Of the last of them.
    items: vec::IntoIter<T>,
    task: JoinHandle<()>,
}

pub(super) enum Next<T> {
    Item(T),
    End,
    /// Nothing came within the limit.
    Late,
}

impl<T: Send + 'static> Pump<T> {
    pub(super) fn start(session: &Session, stream: impl Stream<Item = T> + Send + 'static) -> Own<Self> {
        let (sender, hand_overs) = channel(READY);
        let task = session.handle().spawn(async move {
            let mut items = Box::pin(stream.fuse());
            while let Some(hand_over) = gathered(&mut items).await {
                if sender.send(hand_over).await.is_err() {
                    break;
                }
            }
        });
        Own::new(Self { hand_overs, items: Vec::new().into_iter(), task })
    }

    /// What the client panics with becomes an error.
    pub(super) fn next(&mut self, session: &Session, limit: Option<Duration>) -> Result<Next<T>> {
        loop {
            if let Some(item) = self.items.next() {
                return Ok(Next::Item(item));
            }
            match session.wait(limit, self.hand_overs.recv())? {
                None => return Ok(Next::Late),
                Some(Some(hand_over)) => self.items = hand_over.into_iter(),
                Some(None) => return self.end(session),
            }
        }
    }

    #[cold]
    fn end(&mut self, session: &Session) -> Result<Next<T>> {
        match session.wait(None, &mut self.task)? {
            Some(Err(failure)) => Err(failed(failure)),
            _ => Ok(Next::End),
        }
    }

    /// The next one, if it has come.
    pub(super) fn next_at_hand(&mut self) -> Option<T> {
        self.items.next().or_else(|| {
            self.items = self.hand_overs.try_recv().ok()?.into_iter();
            self.items.next()
        })
    }
}

/// What the client panicked with.
#[cold]
fn failed(failure: JoinError) -> Error {
    match failure.try_into_panic() {
        Ok(payload) => Error::from_panic(payload),
        Err(failure) => error!(Internal, "{failure}"),
    }
}

/// What is handed over at once.
async fn gathered<T>(items: &mut (impl Stream<Item = T> + Unpin)) -> Option<Vec<T>> {
    room::keep();
    let mut hand_over = Vec::with_capacity(ITEMS);
    hand_over.push(items.next().await?);
    let until = Instant::now() + GATHERS_FOR;
    while hand_over.len() < ITEMS
        && let Ok(Some(item)) = timeout_at(until, items.next()).await
    {
        hand_over.push(item);
    }
    Some(hand_over)
}

impl<T> Drop for Pump<T> {
    fn drop(&mut self) {
        // It may be waiting for a server that says nothing more.
        self.task.abort();
    }
}
