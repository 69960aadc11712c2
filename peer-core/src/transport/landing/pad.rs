//! One large frame on its way in: a buffer that grows with what arrives and ends up contiguous and
//! exact.

use alloc::vec;
use alloc::vec::Vec;

use sha2::{Digest, Sha256};

/// Reserved for a large frame beyond three times what has arrived of it: 64 KiB less what a pad
/// takes for itself.
pub(super) const ADVANCE: usize = 63 * 1_024;

/// The part of a large frame that lands here is its body: what follows the header.
#[derive(Debug)]
pub(crate) struct Pad {
    /// Bytes of the body.
    total: usize,
    /// Bytes of it that have arrived.
    arrived: usize,
    /// Full segments, until the whole body may be reserved.
    earlier: Vec<Vec<u8>>,
    /// The segment (in the end: the whole body) being filled.
    current: Vec<u8>,
    /// Filled part of `current`.
    filled: usize,
    /// Digest of everything that has arrived, fed as it lands, where somebody wants it.
    digest: Option<Sha256>,
}

impl Pad {
    /// A pad for `total` bytes, of which `landed` are at the beginning of `segment`.
    pub(super) fn new(total: usize, mut segment: Vec<u8>, landed: usize, digested: bool) -> Self {
        segment.truncate(total);
        let mut pad = Self {
            total,
            arrived: 0,
            earlier: Vec::new(),
            current: segment,
            filled: 0,
            digest: digested.then(Sha256::new),
        };
        pad.landed(landed);
        pad
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.arrived == self.total
    }

    pub(crate) fn arrived(&self) -> usize {
        self.arrived
    }

    /// The body from its start, as far as it lies in one piece.
    pub(crate) fn begun(&self) -> &[u8] {
        match self.earlier.first() {
            Some(first) => first,
            None => self.current.get(..self.filled).unwrap_or_default(),
        }
    }

    pub(super) fn held(&self) -> usize {
        self.earlier
            .iter()
            .map(Vec::capacity)
            .fold(self.current.capacity(), usize::saturating_add)
    }

    pub(super) fn window(&mut self) -> &mut [u8] {
        if self.filled == self.current.len() {
            self.grow();
        }
        self.lent()
    }

    /// The window as it is, without making one.
    pub(super) fn lent(&mut self) -> &mut [u8] {
        self.current.get_mut(self.filled..).unwrap_or_default()
    }

    pub(super) fn landed(&mut self, n: usize) -> usize {
        let end = self.filled.saturating_add(n).min(self.current.len());
        let fresh = self.current.get(self.filled..end).unwrap_or_default();
        if let Some(digest) = &mut self.digest {
            digest.update(fresh);
        }
        self.arrived = self.arrived.saturating_add(fresh.len());
        self.filled = end;
        fresh.len()
    }

    /// Makes room once `current` is full. The next segment is three times what has arrived (plus
    /// the first allowance), but ends where a third of the frame will have arrived: from there the
    /// whole body may be reserved, exactly, and what has arrived moves there, once. So no
    /// segment reaches past the end of the frame.
    fn grow(&mut self) {
        let allowance = self.arrived.saturating_mul(3).saturating_add(ADVANCE);
        let third = self.total.saturating_sub(ADVANCE).div_ceil(3);
        let missing = third.saturating_sub(self.arrived);
        if missing > 0 {
            let segment = vec![0; allowance.min(missing)];
            self.earlier
                .push(core::mem::replace(&mut self.current, segment));
            self.filled = 0;
            return;
        }
        let mut whole = vec![0; self.total];
        let mut rest = whole.as_mut_slice();
        for segment in self
            .earlier
            .drain(..)
            .chain([core::mem::take(&mut self.current)])
        {
            let (to, after) = rest.split_at_mut(segment.len().min(rest.len()));
            to.copy_from_slice(segment.get(..to.len()).unwrap_or_default());
            rest = after;
        }
        self.current = whole;
        self.filled = self.arrived;
    }

    /// The whole body, and its digest.
    pub(crate) fn into_body(self) -> (Vec<u8>, Option<Sha256>) {
        (self.current, self.digest)
    }
}
