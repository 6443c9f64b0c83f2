//! What the host says about reads to come, and what layers ask of the file beneath.

use super::read_range::ReadRange;
use super::stream::{Indexed, RandomAccess};
use super::{Capabilities, File};
use crate::error::{Error, Result, error};
use crate::memory::Buffer;

impl File {
    /// These ranges will be read soon: what can get them ready does. Others do nothing.
    pub fn will_need(&self, ranges: &[ReadRange]) -> Result<()> {
        if !self.capabilities().contains(Capabilities::READ_AT) && !self.is_closed() {
            return Ok(());
        }
        let (random, _aside) = self.begin_at()?;
        random.will_need(ranges).map_err(|error| error.context(format_args!("preparation of {}", self.name())))
    }

    /// What was made ready before `offset` is not needed any more, of a range cache.
    pub fn evict_before(&self, offset: usize) -> Result<()> {
        let not_kept = || error!(Invalid, "cannot evict what {} keeps: it is no range cache", self.name());
        if !self.capabilities().contains(Capabilities::READ_AT) {
            return Err(not_kept());
        }
        let (random, _aside) = self.begin_at()?;
        if random.evict_before(offset) { Ok(()) } else { Err(not_kept()) }
    }

    /// Writes the index of a seekable file to `target`; what is not known yet is found out first.
    pub fn save_index(&self, target: &File) -> Result<()> {
        let (random, _aside) = self.begin_at()?;
        self.indexed(&**random)?.save_index(target).map_err(|error| self.index_failed(error))
    }

    /// Takes the index of a seekable file from what `save_index` wrote, which lies ahead in `source`.
    pub fn load_index(&self, source: &File) -> Result<()> {
        let (random, _aside) = self.begin_at()?;
        self.indexed(&**random)?.load_index(source).map_err(|error| self.index_failed(error))
    }

    fn indexed<'a>(&self, random: &'a dyn RandomAccess) -> Result<&'a dyn Indexed> {
        random.indexed().ok_or_else(|| error!(Invalid, "{} has no index: it is no seekable file", self.name()))
    }

    #[cold]
    fn index_failed(&self, error: Error) -> Error {
        error.context(format_args!("index of {}", self.name()))
    }

    /// See `RandomAccess::size_hint`.
    pub(super) fn size_hint(&self) -> Option<usize> {
        self.begin_at().ok()?.0.size_hint()
    }

    /// See `RandomAccess::slice_at`.
    pub(super) fn slice_at(&self, offset: usize, size: usize) -> Result<Option<Buffer>> {
        self.begin_at()?.0.slice_at(offset, size)
    }
}
