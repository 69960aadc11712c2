//! A bounded set in order of insertion, oldest first out. Serves as the cache of what a remote knows and as the line of
//! what waits to be announced.
//!
//! ```text
//!   index (open addressing)        slots (dense)
//!   [ . 2 . . 0 . 1 . ]   ──►   0 │ fingerprint │ older, newer │ value
//!                               1 │     ...     │              │
//!                               2 │             │              │   ◄── newest
//! ```
//!
//! Every operation is O(1). An entry costs 16 to 20 bytes and its value, because positions are 16 bits wide and keys are
//! fingerprints of 64. What a fingerprint is made of is not known here; they must be as good as random bits, or chosen
//! ones could pile up in the index.

use alloc::vec::Vec;

/// Entries there can be: positions are 16 bits wide, and one of them means "none".
pub(crate) const MAX_CAPACITY: usize = 65_534;

/// No entry.
const NONE: u16 = u16::MAX;

/// Neighbours in order of insertion.
#[derive(Clone, Copy, Debug)]
struct Link {
    older: u16,
    newer: u16,
}

#[derive(Debug)]
pub(super) struct Recent<V> {
    capacity: usize,
    fingerprints: Vec<u64>,
    links: Vec<Link>,
    values: Vec<V>,
    /// Slots by fingerprint, a power of two of them, at most half in use.
    index: Vec<u16>,
    oldest: u16,
    newest: u16,
}

#[expect(
    clippy::indexing_slicing,
    reason = "slots and places come from the structure itself; a model test holds it to that"
)]
impl<V: Copy> Recent<V> {
    /// Empty, without memory.
    pub(super) const fn new(capacity: usize) -> Self {
        let capacity = if capacity < MAX_CAPACITY {
            capacity
        } else {
            MAX_CAPACITY
        };
        Self {
            capacity,
            fingerprints: Vec::new(),
            links: Vec::new(),
            values: Vec::new(),
            index: Vec::new(),
            oldest: NONE,
            newest: NONE,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.fingerprints.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fingerprints.is_empty()
    }

    pub(super) fn contains(&self, fingerprint: u64) -> bool {
        self.place(fingerprint).is_some()
    }

    /// Makes `fingerprint` the newest entry, with this value. Returns what had to go for it: the oldest entry's value, or
    /// this one where nothing can be kept.
    pub(super) fn insert(&mut self, fingerprint: u64, value: V) -> Option<V> {
        if self.capacity == 0 {
            return Some(value);
        }
        if let Some(place) = self.place(fingerprint) {
            let slot = self.index[place];
            self.values[usize::from(slot)] = value;
            self.unlink(slot);
            self.append(slot);
            return None;
        }
        let gone = if self.len() < self.capacity {
            None
        } else {
            self.pop_oldest()
        };
        self.reserve();
        let slot = self.fingerprints.len() as u16;
        self.fingerprints.push(fingerprint);
        self.values.push(value);
        self.links.push(Link {
            older: NONE,
            newer: NONE,
        });
        self.append(slot);
        self.enter(slot);
        gone.map(|(_, value)| value)
    }

    /// Removes an entry and returns its value.
    pub(super) fn remove(&mut self, fingerprint: u64) -> Option<V> {
        let place = self.place(fingerprint)?;
        let (_, value) = self.take(self.index[place], place);
        Some(value)
    }

    /// Removes the oldest entry.
    pub(super) fn pop_oldest(&mut self) -> Option<(u64, V)> {
        let fingerprint = *self.fingerprints.get(usize::from(self.oldest))?;
        let place = self.place(fingerprint)?;
        Some(self.take(self.oldest, place))
    }

    /// Gives all memory back.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.capacity);
    }

    /// Bytes on the heap.
    pub(super) fn held(&self) -> usize {
        let slots = self.fingerprints.capacity() * size_of::<u64>()
            + self.links.capacity() * size_of::<Link>()
            + self.values.capacity() * size_of::<V>();
        slots + self.index.capacity() * size_of::<u16>()
    }

    // --- the order ------------------------------------------------------------------------

    fn append(&mut self, slot: u16) {
        self.links[usize::from(slot)] = Link {
            older: self.newest,
            newer: NONE,
        };
        *self.newer_of(self.newest) = slot;
        self.newest = slot;
    }

    fn unlink(&mut self, slot: u16) {
        let Link { older, newer } = self.links[usize::from(slot)];
        *self.newer_of(older) = newer;
        *self.older_of(newer) = older;
    }

    /// What says which entry comes after this one; after none comes the oldest.
    fn newer_of(&mut self, slot: u16) -> &mut u16 {
        match self.links.get_mut(usize::from(slot)) {
            Some(link) => &mut link.newer,
            None => &mut self.oldest,
        }
    }

    /// What says which entry comes before this one; before none comes the newest.
    fn older_of(&mut self, slot: u16) -> &mut u16 {
        match self.links.get_mut(usize::from(slot)) {
            Some(link) => &mut link.older,
            None => &mut self.newest,
        }
    }

    // --- the slots ------------------------------------------------------------------------

    /// Removes the entry in `slot`, which the index has at `place`. The last slot moves into the gap.
    fn take(&mut self, slot: u16, place: usize) -> (u64, V) {
        self.unlink(slot);
        self.leave(place);
        let last = (self.fingerprints.len() - 1) as u16;
        if slot != last {
            if let Some(place) = self.place(self.fingerprints[usize::from(last)]) {
                self.index[place] = slot;
            }
            let Link { older, newer } = self.links[usize::from(last)];
            *self.newer_of(older) = slot;
            *self.older_of(newer) = slot;
        }
        let slot = usize::from(slot);
        self.links.swap_remove(slot);
        let value = self.values.swap_remove(slot);
        (self.fingerprints.swap_remove(slot), value)
    }

    /// Makes room for one more entry: twice as many at a time, and never more than the capacity.
    fn reserve(&mut self) {
        const FIRST: usize = 8;
        let len = self.fingerprints.len();
        if len < self.index.len() / 2 && len < self.fingerprints.capacity() {
            return;
        }
        let room = (2 * len).clamp(FIRST, self.capacity.max(FIRST));
        let more = room - len;
        self.fingerprints.reserve_exact(more);
        self.links.reserve_exact(more);
        self.values.reserve_exact(more);
        self.index.clear();
        self.index.shrink_to_fit();
        self.index.resize((2 * room).next_power_of_two(), NONE);
        for slot in 0..len {
            self.enter(slot as u16);
        }
    }

    // --- the index ------------------------------------------------------------------------

    /// Where the index has a fingerprint.
    fn place(&self, fingerprint: u64) -> Option<usize> {
        if self.index.is_empty() {
            return None;
        }
        let mut place = self.home(fingerprint);
        while self.index[place] != NONE {
            if self.fingerprints[usize::from(self.index[place])] == fingerprint {
                return Some(place);
            }
            place = self.after(place);
        }
        None
    }

    fn enter(&mut self, slot: u16) {
        let mut place = self.home(self.fingerprints[usize::from(slot)]);
        while self.index[place] != NONE {
            place = self.after(place);
        }
        self.index[place] = slot;
    }

    /// Empties a place. Entries after it move up, so that none is cut off from its home.
    fn leave(&mut self, place: usize) {
        let mask = self.index.len() - 1;
        let (mut gap, mut next) = (place, self.after(place));
        while self.index[next] != NONE {
            let home = self.home(self.fingerprints[usize::from(self.index[next])]);
            // It may move unless its home lies behind the gap.
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(gap) & mask {
                self.index[gap] = self.index[next];
                gap = next;
            }
            next = self.after(next);
        }
        self.index[gap] = NONE;
    }

    fn home(&self, fingerprint: u64) -> usize {
        fingerprint as usize & (self.index.len() - 1)
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.index.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::VecDeque;

    use allocation_counter::measure;
    use proptest::prelude::*;

    use super::*;

    /// The same, obviously right and slow.
    struct Model {
        capacity: usize,
        entries: VecDeque<(u64, u32)>,
    }

    impl Model {
        fn remove(&mut self, fingerprint: u64) -> Option<u32> {
            let index = self.entries.iter().position(|(key, _)| *key == fingerprint);
            let (_, value) = self.entries.remove(index?)?;
            Some(value)
        }

        fn insert(&mut self, fingerprint: u64, value: u32) -> Option<u32> {
            let refreshed = self.remove(fingerprint).is_some();
            self.entries.push_back((fingerprint, value));
            let full = !refreshed && self.entries.len() > self.capacity;
            full.then(|| self.entries.pop_front().unwrap().1)
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Insert(u64, u32),
        Remove(u64),
        PopOldest,
        Clear,
    }

    /// Few fingerprints, many of which share a home, at the end of the index too.
    fn fingerprint() -> impl Strategy<Value = u64> {
        (prop_oneof![0..6_u64, 10..18_u64, 1020..1024_u64], 0..4_u64)
            .prop_map(|(home, high)| (high << 40) | home)
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            12 => (fingerprint(), any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
            5 => fingerprint().prop_map(Step::Remove),
            2 => Just(Step::PopOldest),
            1 => Just(Step::Clear),
        ]
    }

    proptest! {
        #[test]
        fn it_is_what_a_queue_with_a_search_is(
            capacity in prop_oneof![1..6_usize, 30..60_usize],
            steps in prop::collection::vec(step(), 0..400),
        ) {
            let mut set = Recent::new(capacity);
            let mut model = Model { capacity, entries: VecDeque::new() };
            for step in steps {
                match step {
                    Step::Insert(key, value) => {
                        prop_assert_eq!(set.insert(key, value), model.insert(key, value));
                    }
                    Step::Remove(key) => prop_assert_eq!(set.remove(key), model.remove(key)),
                    Step::PopOldest => {
                        prop_assert_eq!(set.pop_oldest(), model.entries.pop_front());
                    }
                    Step::Clear => {
                        set.clear();
                        model.entries.clear();
                        prop_assert_eq!(set.held(), 0);
                    }
                }
                prop_assert_eq!(set.len(), model.entries.len());
                for (key, _) in &model.entries {
                    prop_assert!(set.contains(*key));
                }
                prop_assert!(2 * set.len() <= set.index.len());
            }
            let mut rest = VecDeque::new();
            while let Some(entry) = set.pop_oldest() {
                rest.push_back(entry);
            }
            prop_assert_eq!(rest, model.entries);
        }
    }

    /// Fingerprints as good as random.
    fn scattered(number: u64) -> u64 {
        siphasher::sip::SipHasher13::new_with_keys(1, 2).hash(&number.to_le_bytes())
    }

    #[test]
    fn a_full_cache_of_a_thousand_costs_less_than_24_kilobytes() {
        let mut set = Recent::new(1_000);
        let info = measure(|| {
            for number in 0..10_000 {
                set.insert(scattered(number), ());
            }
        });
        assert_eq!(set.len(), 1_000);
        assert!(info.bytes_max <= 24_000, "{}", info.bytes_max);
        assert_eq!(info.bytes_current as usize, set.held());
        assert!((9_000..10_000).all(|number| set.contains(scattered(number))));
        assert!(!(0..9_000).any(|number| set.contains(scattered(number))));
    }

    #[test]
    fn the_largest_there_is_holds_what_it_says() {
        let mut set = Recent::new(usize::MAX);
        let most = MAX_CAPACITY as u64;
        for number in 0..most {
            assert_eq!(set.insert(scattered(number), number as u32), None);
        }
        assert_eq!(set.insert(scattered(most), 0), Some(0));
        assert_eq!(set.insert(scattered(most + 1), 0), Some(1));
        assert_eq!(set.len(), MAX_CAPACITY);
        assert!(set.contains(scattered(2)) && !set.contains(scattered(1)));
    }

    #[test]
    fn without_capacity_nothing_is_kept() {
        let mut set = Recent::new(0);
        assert_eq!(set.insert(7, 'x'), Some('x'));
        assert!(set.is_empty() && !set.contains(7));
        assert_eq!(
            (set.pop_oldest(), set.remove(7), set.held()),
            (None, None, 0)
        );
    }
}
