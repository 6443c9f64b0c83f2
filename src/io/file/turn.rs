//! How a call begins: what it stops for, its turn on the file's state, and what the file must be able to do.

use super::File;
use crate::error::Result;
use crate::io::Capabilities;
use crate::io::state::State;
use crate::io::statistics::Counting;
use crate::io::stream::RandomAccess;
use crate::shared::Shared;
use crate::sys::uninterrupted;
use crate::task::{Held, Scope};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering::Acquire;

impl File {
    /// The turn of a question that can be asked of a closed file too.
    pub(in crate::io) fn turn(&self, doing: &str) -> Result<Held<'_, State>> {
        self.0.state.hold().map_err(|error| self.refused(error, doing))
    }

    /// The turn of a call that transfers nothing, and therefore does not stop for a cancellation of the file.
    pub(super) fn begin_question(&self, doing: &str, needs: Capabilities) -> Result<Held<'_, State>> {
        let held = self.turn(doing)?;
        self.check(doing, needs)?;
        Ok(held)
    }

    /// What calls on the file stop for, for a work of several calls.
    pub(in crate::io) fn scope(&self, doing: &str) -> Result<Option<Scope>> {
        self.0.cancellable.begin().map_err(|error| self.refused(error, doing))
    }

    /// Waits for every call that is under way, before the file is closed.
    pub(super) fn begin_closing(&self, doing: &str) -> Result<Held<'_, State>> {
        let wait = || {
            self.0.state.check_entry()?;
            self.0.random.as_deref().map_or(Ok(()), RandomAccess::end_reads)?;
            let state = self.0.state.hold()?;
            if !self.is_closed() {
                state.stream.check_close()?;
            }
            Ok(state)
        };
        // Whatever the thread's work is to stop for: half closed is no state to be in.
        uninterrupted(wait).map_err(|error| self.refused(error, doing))
    }

    /// Whether the calling thread may close this file with one above it: not from within a call on it, or on one that it
    /// closes in turn. Waits for nobody; what another thread is at now is not looked into.
    pub(in crate::io) fn check_close(&self) -> Result<()> {
        let check = || {
            self.0.state.check_entry()?;
            self.0.random.as_deref().map_or(Ok(()), RandomAccess::check_entry)?;
            self.0.state.try_hold().filter(|_| !self.is_closed()).map_or(Ok(()), |state| state.stream.check_close())
        };
        check().map_err(|error| self.refused(error, "close"))
    }

    #[inline]
    pub(in crate::io) fn begin_read(&self) -> Result<Turn<'_>> {
        self.begin("read from", Capabilities::READ)
    }

    #[inline]
    pub(in crate::io) fn begin(&self, doing: &str, needs: Capabilities) -> Result<Turn<'_>> {
        let scope = match self.0.cancellable.begin() {
            Ok(scope) => scope,
            Err(error) => return Err(self.refused(error, doing)),
        };
        let held = match self.0.state.hold() {
            Ok(held) => held,
            Err(error) => return Err(self.refused(error, doing)),
        };
        self.check(doing, needs)?;
        Ok(Turn { held, _scope: scope, _counting: self.0.counters.begin() })
    }

    #[inline]
    pub(in crate::io) fn begin_at(&self) -> Result<(&Shared<dyn RandomAccess>, Aside<'_>)> {
        const DOING: &str = "read at an offset of";
        let scope = match self.0.cancellable.begin() {
            Ok(scope) => scope,
            Err(error) => return Err(self.refused(error, DOING)),
        };
        self.check(DOING, Capabilities::READ_AT)?;
        let aside = (scope, self.0.counters.begin());
        self.0.random.as_ref().map(|random| (random, aside)).ok_or_else(|| self.unable(DOING))
    }

    #[inline]
    pub(in crate::io) fn check(&self, doing: &str, needs: Capabilities) -> Result<()> {
        if self.0.closed.load(Acquire) || !self.0.capabilities.contains(needs) {
            return Err(self.unable(doing));
        }
        Ok(())
    }
}

/// What stands by a call that needs no turn: what it stops for, and what is counted of it.
pub(in crate::io) type Aside<'a> = (Option<Scope>, Option<Counting<'a>>);

/// A call's turn on the file's state, and what it stops for.
pub(in crate::io) struct Turn<'a> {
    held: Held<'a, State>,
    _scope: Option<Scope>,
    _counting: Option<Counting<'a>>,
}

impl Deref for Turn<'_> {
    type Target = State;

    #[inline]
    fn deref(&self) -> &State {
        &self.held
    }
}

impl DerefMut for Turn<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut State {
        &mut self.held
    }
}
