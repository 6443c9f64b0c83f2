//! Codes as short as the frequencies of their symbols allow.

/// The code of a symbol, its first bit lowest. Size 0: it has none.
#[derive(Clone, Copy, Default)]
pub(super) struct Code {
    pub(super) bits: u32,
    pub(super) size: u8,
}

/// At most so many symbols.
const SYMBOLS: usize = 288;

/// Gives each symbol that occurs a code of at most `longest` bits.
pub(super) fn code_lengths(counts: &[u32], longest: usize, codes: &mut [Code]) {
    let mut sorted = [(0_u32, 0_u16); SYMBOLS];
    let mut used = 0;
    for (symbol, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        sorted[used] = (*count, symbol as u16);
        used += 1;
    }
    let sorted = &mut sorted[..used];
    sorted.sort_unstable();
    codes.fill(Code::default());
    let mut depths = [0; SYMBOLS];
    depths_of(sorted, &mut depths[..used]);
    let mut of_size = [0_usize; 64];
    depths[..used].iter().for_each(|depth| of_size[(*depth as usize).clamp(1, longest)] += 1);
    shorten(&mut of_size, longest);
    // The rarest have the longest codes.
    let mut rest = sorted.iter();
    for size in (1..=longest).rev() {
        rest.by_ref().take(of_size[size]).for_each(|(_, symbol)| codes[usize::from(*symbol)].size = size as u8);
    }
    assign(codes);
}

/// How deep in the tree each of the symbols is, which are sorted by their counts. The tree is made where the depths go: first
/// each inner node has its weight, then its parent, then its depth, and at last there are the leaves' depths.
fn depths_of(sorted: &[(u32, u16)], depths: &mut [u32]) {
    let count = sorted.len();
    if count < 2 {
        return depths.fill(1);
    }
    let (mut leaf, mut root) = (0, 0);
    for next in 0..count - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            if leaf >= count || root < next && depths[root] < sorted[leaf].0 {
                weight += depths[root];
                depths[root] = next as u32;
                root += 1;
            } else {
                weight += sorted[leaf].0;
                leaf += 1;
            }
        }
        depths[next] = weight;
    }
    depths[count - 2] = 0;
    for next in (0..count - 2).rev() {
        depths[next] = depths[depths[next] as usize] + 1;
    }
    let (mut free, mut depth, mut root, mut next) = (1, 0, count - 1, count);
    while free > 0 {
        let mut inner = 0;
        while root > 0 && depths[root - 1] == depth {
            inner += 1;
            root -= 1;
        }
        for _ in inner..free {
            next -= 1;
            depths[next] = depth;
        }
        free = 2 * inner;
        depth += 1;
    }
}

/// Where codes were cut to the longest size there are too many of them: others become longer until there is room for all.
fn shorten(of_size: &mut [usize; 64], longest: usize) {
    let mut total: usize = (1..=longest).map(|size| of_size[size] << (longest - size)).sum();
    while total > 1 << longest {
        let Some(size) = (1..longest).rev().find(|size| of_size[*size] > 0) else { return };
        // One of this size becomes an inner node, with itself and one of the longest below it.
        of_size[size] -= 1;
        of_size[size + 1] += 2;
        of_size[longest] -= 1;
        total -= 1;
    }
}

/// The codes that follow from their sizes.
pub(super) fn assign(codes: &mut [Code]) {
    let mut of_size = [0_u32; 16];
    codes.iter().for_each(|code| of_size[usize::from(code.size)] += 1);
    of_size[0] = 0;
    let mut next = [0_u32; 16];
    for size in 1..16 {
        next[size] = (next[size - 1] + of_size[size - 1]) << 1;
    }
    for code in codes.iter_mut().filter(|code| code.size > 0) {
        let value = next[usize::from(code.size)];
        next[usize::from(code.size)] += 1;
        code.bits = value.reverse_bits() >> (32 - u32::from(code.size));
    }
}
