//! How long to leave it after what was done ahead was of no use.

/// Each failure may have cost as much as all pieces that there may be. So twice as many frames follow it as the one before
/// that are decompressed serially, until it goes well again for as many pieces as one failure may cost.
pub(super) struct Backoff {
    /// So many pieces that go well make up for a failure.
    window: usize,
    /// So many frames follow the next failure.
    frames: u32,
    /// Of those behind the last one so many are left.
    left: u32,
    /// So many pieces went well since.
    successes: usize,
}

/// So many frames there are to it at most.
const MOST: u32 = 1 << 30;

impl Backoff {
    pub(super) fn new(window: usize) -> Self {
        Self { window, frames: 1, left: 0, successes: 0 }
    }

    pub(super) fn failed(&mut self) {
        self.left = self.frames;
        self.frames = (self.frames * 2).min(MOST);
        self.successes = 0;
    }

    pub(super) fn succeeded(&mut self) {
        self.successes += 1;
        if self.successes >= self.window {
            self.frames = (self.frames / 2).max(1);
            self.successes = 0;
        }
    }

    /// Whether a frame decompressed serially was the last one to be.
    pub(super) fn is_over(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Backoff {
        pub(in crate::codec::parallel) fn frames(&self) -> u32 {
            self.frames
        }
    }

    #[test]
    fn it_doubles_and_comes_back_slowly() {
        let mut backoff = Backoff::new(3);
        for frames in [1, 2, 4, 8] {
            backoff.failed();
            assert_eq!((1..).find(|_| backoff.is_over()), Some(frames));
        }
        for frames in [16, 16, 8, 8, 8, 4] {
            backoff.succeeded();
            assert_eq!(backoff.frames, frames);
        }
        (0..100).for_each(|_| backoff.failed());
        assert_eq!(backoff.frames, MOST);
    }
}
