//! Picking some of many without favour.

use alloc::vec::Vec;

use super::Rng;

impl Rng {
    /// `count` different indices below `total`, every choice of them as likely as any other, in ascending order; all of
    /// them if there are no more than `count`.
    ///
    /// One draw for each index picked, none if all are.
    pub(crate) fn sample(&mut self, count: usize, total: usize) -> Vec<usize> {
        let mut indices: Vec<usize> = (0..total).collect();
        if count >= total {
            return indices;
        }
        // The first steps of a Fisher-Yates shuffle.
        for picked in 0..count {
            let left = total.saturating_sub(picked) as u64;
            let other = picked.saturating_add(self.below(left) as usize);
            indices.swap(picked, other);
        }
        indices.truncate(count);
        indices.sort_unstable();
        indices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_below_a_bound_are_below_it_and_all_of_them_come() {
        let mut rng = Rng::new([1; 32]);
        assert_eq!((rng.below(0), rng.below(1)), (0, 0));
        for bound in [2, 3, 7, 10] {
            let mut seen = [0_u32; 10];
            for _ in 0..1_000 {
                seen[rng.below(bound) as usize] += 1;
            }
            let (inside, outside) = seen.split_at(bound as usize);
            assert!(inside.iter().all(|count| *count > 0), "{bound} {inside:?}");
            assert!(outside.iter().all(|count| *count == 0), "{bound}");
        }
    }

    /// With three quarters of all numbers as the bound, one draw in four is surplus. Reduced all the same, it would make
    /// the lowest third as likely as the other two together.
    #[test]
    fn draws_that_would_favour_small_numbers_are_drawn_again() {
        let bound = 0xc000_0000_0000_0000;
        let mut rng = Rng::new([2; 32]);
        let low = (0..3_000).filter(|_| rng.below(bound) < 0x4000_0000_0000_0000);
        // A third of 3,000, give or take seven standard deviations of 26; it would be half of them.
        assert!((820..1_180).contains(&low.count()));
        assert!(rng.draws > 3_500, "{}", rng.draws);
    }

    #[test]
    fn a_sample_has_no_duplicates_and_keeps_the_order() {
        let mut rng = Rng::new([3; 32]);
        for (count, total) in [(0, 0), (0, 5), (1, 1), (3, 5), (5, 5), (9, 5), (999, 1_000)] {
            let sample = rng.sample(count, total);
            assert_eq!(sample.len(), count.min(total));
            assert!(
                sample.windows(2).all(|pair| pair[0] < pair[1]),
                "{sample:?}"
            );
            assert!(sample.iter().all(|index| *index < total), "{sample:?}");
        }
    }

    /// All ten pairs of five come equally often: a chi-square test by hand.
    #[test]
    fn every_choice_is_as_likely_as_any_other() {
        let mut rng = Rng::new([4; 32]);
        let mut seen = [[0_i64; 5]; 5];
        for _ in 0..10_000 {
            let pair = rng.sample(2, 5);
            seen[pair[0]][pair[1]] += 1;
        }
        let squares: i64 = (0..5)
            .flat_map(|a| (a + 1..5).map(move |b| (a, b)))
            .map(|(a, b)| (seen[a][b] - 1_000).pow(2))
            .sum();
        // Chi-square with 9 degrees of freedom is above 33.7 once in 10,000 samples.
        assert!(squares < 33_700, "{squares} {seen:?}");
    }

    #[test]
    fn draws_are_as_many_as_what_is_picked() {
        let mut rng = Rng::new([5; 32]);
        rng.sample(1_000, 1_000);
        assert_eq!(rng.draws, 0);
        rng.sample(7, 1_000_000);
        assert!(rng.draws <= 8, "{}", rng.draws);
    }
}
