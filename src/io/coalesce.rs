//! Which reads serve a number of ranges: those that lie near each other are read at once.

use super::read_range::ReadRange;
use crate::error::Result;
use crate::shared::try_vec;

/// When two ranges are near each other.
#[derive(Clone, Copy, Debug)]
pub struct Nearness {
    /// At most so many bytes between them are read and not asked for.
    pub hole_size_limit: usize,
    /// No read becomes larger than this by taking in another range, unless that lies inside.
    pub range_size_limit: usize,
}

impl Default for Nearness {
    fn default() -> Self {
        Self { hole_size_limit: 8 << 10, range_size_limit: 32 << 20 }
    }
}

/// Reads in the order of the file, and which of them each range lies in.
#[derive(Debug)]
pub(crate) struct Coalesced {
    pub(crate) reads: Vec<ReadRange>,
    /// By the number of the range; `NONE` for empty ones.
    pub(crate) places: Vec<usize>,
}

impl Coalesced {
    /// The place of a range that needs no read.
    pub(crate) const NONE: usize = usize::MAX;
}

/// The reads for ranges in any order, which may overlap.
pub(crate) fn coalesce(ranges: &[ReadRange], near: Nearness) -> Result<Coalesced> {
    let mut order = try_vec(ranges.len())?;
    order.extend(ranges.iter().enumerate().filter(|(_, range)| range.size > 0).map(|(at, range)| (range.offset, at)));
    order.sort_unstable();
    let mut places = try_vec(ranges.len())?;
    places.resize(ranges.len(), Coalesced::NONE);
    let mut reads: Vec<ReadRange> = try_vec(order.len())?;
    for (_, at) in order {
        match reads.last_mut() {
            Some(read) if joins(*read, ranges[at], near) => read.size = read.end().max(ranges[at].end()) - read.offset,
            _ => reads.push(ranges[at]),
        }
        places[at] = reads.len() - 1;
    }
    Ok(Coalesced { reads, places })
}

/// Whether a range that begins in or behind `read` is read with it.
fn joins(read: ReadRange, range: ReadRange, near: Nearness) -> bool {
    let is_near = range.offset <= read.end().saturating_add(near.hole_size_limit);
    is_near && (range.end() <= read.end() || range.end() - read.offset <= near.range_size_limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranges() -> impl Strategy<Value = Vec<ReadRange>> {
        let range = (0usize..2000, prop_oneof![Just(0), 0usize..100, 0usize..3000]);
        prop::collection::vec(range.prop_map(|(offset, size)| ReadRange { offset, size }), 0..60)
    }

    proptest! {
        #[test]
        fn every_range_is_read(ranges in ranges(), hole_size_limit in 0usize..50, range_size_limit in 0usize..1000) {
            let near = Nearness { hole_size_limit, range_size_limit };
            let Coalesced { reads, places } = coalesce(&ranges, near).unwrap();
            prop_assert_eq!(places.len(), ranges.len());
            for (range, place) in ranges.iter().zip(&places) {
                if range.size == 0 {
                    prop_assert_eq!(*place, Coalesced::NONE);
                } else {
                    prop_assert!(reads[*place].contains(*range));
                }
            }
            for (number, read) in reads.iter().enumerate() {
                let mut inside: Vec<ReadRange> =
                    ranges.iter().zip(&places).filter(|(_, place)| **place == number).map(|(range, _)| *range).collect();
                inside.sort_by_key(|range| range.offset);
                // No read without a range, nothing before the first one and behind the last one.
                prop_assert_eq!(read.offset, inside[0].offset);
                prop_assert_eq!(Some(read.end()), inside.iter().map(|range| range.end()).max());
                // No hole that is too large, and no read that is too large but for one range alone.
                let mut end = inside[0].end();
                for range in &inside {
                    prop_assert!(range.offset <= end + hole_size_limit);
                    end = end.max(range.end());
                }
                let largest = inside.iter().map(|range| range.size).max();
                prop_assert!(read.size <= range_size_limit || Some(read.size) == largest);
            }
            // What could be read at once is.
            for pair in reads.windows(2) {
                prop_assert!(pair[0].offset <= pair[1].offset);
                let is_far = pair[1].offset > pair[0].end() + hole_size_limit;
                let first = ranges.iter().filter(|range| range.offset == pair[1].offset && range.size > 0);
                let is_large = first.map(|range| range.end()).max().unwrap() - pair[0].offset > range_size_limit;
                prop_assert!(is_far || is_large);
            }
        }

        #[test]
        fn numbers_at_their_limits(offset in (usize::MAX - 5)..=usize::MAX, size in (usize::MAX - 5)..=usize::MAX) {
            let range = |offset, size| ReadRange { offset, size };
            let ranges = [range(5, size), range(offset, 3), range(0, 1)];
            let reads = coalesce(&ranges, Nearness::default()).unwrap().reads;
            prop_assert!(!reads.is_empty() && reads[0].offset == 0);
        }
    }
}
