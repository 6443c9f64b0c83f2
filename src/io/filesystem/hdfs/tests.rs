use super::ahead::Ahead;
use super::session::Session;
use crate::error::{ErrorKind, Result};
use crate::task::Cancellation;
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};
use hdfs_native::HdfsError;
use std::mem::MaybeUninit;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

const PACKET: usize = 1000;

fn session() -> Session {
    Session::new(1, Some(Duration::from_secs(20))).unwrap()
}

/// Packets of bytes that count up.
fn packets(count: usize) -> impl Stream<Item = hdfs_native::Result<Bytes>> + Send + 'static {
    stream::iter((0..count).map(|packet| Ok((packet * PACKET..(packet + 1) * PACKET).map(|at| at as u8).collect())))
}

/// What an attempt to fill so many bytes gives.
fn fill(session: &Session, ahead: &mut Ahead, size: usize) -> (Vec<u8>, Result<()>) {
    let mut room = vec![MaybeUninit::new(0); size];
    let mut done = 0;
    let result = ahead.fill(session, &mut room, &mut done);
    (crate::memory::filled(&room, done).to_vec(), result)
}

fn counting(from: usize, to: usize) -> Vec<u8> {
    (from..to).map(|at| at as u8).collect()
}

#[test]
fn what_comes_ahead_is_in_order() {
    let session = session();
    for size in [1, 7, PACKET, PACKET + 1, 5 * PACKET, 100 * PACKET] {
        let mut ahead = Ahead::start(&session, packets(100), 100 * PACKET);
        let mut at = 0;
        while at < 100 * PACKET {
            let (bytes, result) = fill(&session, &mut ahead, size);
            result.unwrap();
            assert_eq!(bytes, counting(at, (at + size).min(100 * PACKET)));
            at += bytes.len();
        }
        // At the end of the stretch there is nothing, which is no error.
        let (bytes, result) = fill(&session, &mut ahead, size);
        assert!(bytes.is_empty() && result.is_ok());
    }
}

#[test]
fn what_has_come_is_passed_over() {
    let session = session();
    let mut ahead = Ahead::start(&session, packets(100), 100 * PACKET);
    assert_eq!(fill(&session, &mut ahead, 10).0, counting(0, 10));
    assert!(ahead.skip(20));
    assert_eq!(fill(&session, &mut ahead, 10).0, counting(30, 40));
    // The other packets of the hand-over are there.
    assert!(ahead.skip(3 * PACKET));
    assert_eq!(fill(&session, &mut ahead, 10).0, counting(3 * PACKET + 40, 3 * PACKET + 50));
    assert!(!ahead.skip(100 * PACKET));
}

#[test]
fn failures_keep_what_came_before() {
    type Packets = stream::BoxStream<'static, hdfs_native::Result<Bytes>>;
    let whole = counting(0, 3 * PACKET);
    // What had not been handed over when the client panicked is lost with it, and is fetched again.
    let cases: [(Packets, ErrorKind, &str, &[u8]); 3] = [
        (packets(3).boxed(), ErrorKind::IoError, "sent 2000 bytes less", &whole),
        (
            packets(3).chain(stream::iter([Err(HdfsError::DataTransferError("lost".to_owned()))])).boxed(),
            ErrorKind::IoError,
            "lost",
            &whole,
        ),
        (
            packets(3).chain(stream::poll_fn(|_| panic!("of the client"))).boxed(),
            ErrorKind::Internal,
            "of the client",
            &[],
        ),
    ];
    let session = session();
    for (packets, kind, text, expected) in cases {
        let mut ahead = Ahead::start(&session, packets, 5 * PACKET);
        let (bytes, result) = fill(&session, &mut ahead, 5 * PACKET);
        let error = result.unwrap_err();
        assert_eq!(bytes, expected);
        assert_eq!((error.kind(), error.to_string().contains(text)), (kind, true), "{error}");
    }
}

#[test]
fn a_panic_of_the_client_is_an_error_and_nothing_else() {
    let session = session();
    let error = session.run(None, || async { panic!("of the client") }).map(|_: Option<()>| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.to_string().contains("of the client"));
    assert_eq!(session.run(None, || async { 5 }).unwrap(), Some(5));
}

/// As Kerberos' library does, which waits for the centre in the midst of what the client does.
async fn blocked(released: Receiver<()>) {
    let _ = released.recv();
}

#[test]
fn who_blocks_a_thread_is_waited_for_within_the_limit_only() {
    let session = session();
    let limit = Some(Duration::from_millis(50));
    let (release, released) = channel();
    assert_eq!(session.run(limit, || blocked(released)).unwrap(), None);

    // Also where none of the threads that stay is left to look at the clock.
    let (let_go, held) = channel();
    session.handle().spawn(blocked(held));
    assert_eq!(session.wait(limit, stream::pending::<()>().next()).unwrap(), None);
    assert_eq!(session.run(None, || async { 5 }).unwrap(), Some(5));

    // Until the host says stop.
    let (_release, released) = channel();
    let (begin, begun) = channel();
    let work = move || async move {
        begin.send(()).unwrap();
        blocked(released).await;
    };
    let cancellation = Cancellation::new().unwrap();
    let result = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| cancellation.while_heeded(|| session.run(None, work)).flatten());
        begun.recv().unwrap();
        cancellation.cancel();
        waiting.join().unwrap()
    });
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    drop((release, let_go));
}

#[test]
fn work_can_be_waited_for_again() {
    let session = session();
    let (release, released) = channel();
    let mut work = session.begin(|| blocked(released)).unwrap();
    assert_eq!(work.wait(&session, Some(Duration::from_millis(1))).unwrap(), None);
    release.send(()).unwrap();
    assert_eq!(work.wait(&session, None).unwrap(), Some(()));
}

#[test]
fn work_that_is_stopped_has_dropped_what_it_had() {
    let session = session();
    let (_never, never) = futures::channel::oneshot::channel::<()>();
    let (has, dropped) = channel::<()>();
    let work = session.begin(|| async move {
        let _has = has;
        let _ = never.await;
    });
    work.unwrap().stop(&session);
    assert!(dropped.try_recv().is_err_and(|error| error == TryRecvError::Disconnected));

    let mut failed = session.begin(|| async { panic!("of the client") }).unwrap();
    let result: Result<Option<()>> = failed.wait(&session, None);
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Internal);
    failed.stop(&session);
}
