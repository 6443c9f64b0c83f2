//! Memory for what is on its way, which stays with the threads that it comes on.

use crate::shared::try_vec;
use std::cell::OnceCell;

/// Less than what malloc asks the system for by itself, each time anew.
const BLOCK: usize = 120 << 10;
/// So many are kept together: twice the 100 packets of 64 KiB and their checksums that the client holds of one stretch, and
/// those that are handed over.
const BLOCKS: usize = 160;

thread_local! {
    static ROOF: OnceCell<Vec<u8>> = const { OnceCell::new() };
}

/// Keeps room in the memory of malloc that is this thread's until it ends.
///
/// The client has new memory for each packet. Once those that were read are free, malloc gives the end of its memory, beyond
/// 128 KiB, back to the system, and gets it again, page by page, for the next ones: a third of the time of reading. It gives back
/// nothing that lies before a block in use, and that is what the last one of these is for. Hardly a byte of them is touched,
/// so that they cost addresses and not memory until there are packets.
pub(super) fn keep() {
    ROOF.with(|roof| {
        roof.get_or_init(|| {
            let blocks = try_vec(BLOCKS).map(|mut blocks| {
                blocks.extend((0..BLOCKS).map_while(|_| try_vec(BLOCK).ok()));
                blocks
            });
            blocks.ok().and_then(|mut blocks| blocks.pop()).unwrap_or_default()
        });
    });
}
