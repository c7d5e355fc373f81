//! Faults: a kind, the calls that it strikes, and how often.

use std::fmt;

/// A way in which a fake misbehaves.
pub trait FaultKind: Clone + Send + 'static {
    /// The fake's record of a call.
    type Call;

    /// The name of the kind, as the record of a call has it.
    fn name(&self) -> &'static str;

    /// True if the fault can happen to this call at all.
    fn fits(&self, call: &Self::Call) -> bool;
}

/// A kind of fault with the calls that it strikes: all that it fits, unless
/// narrowed by [`times`](Self::times), [`chance`](Self::chance) and
/// [`when`](Self::when).
///
/// ```
/// use local::fakes::Fault;
/// use local::fakes::firstpromoter::{Operation, PlatformFault};
///
/// // The next two replies to mark_fulfilled are lost.
/// Fault::of(PlatformFault::DropsReply).on(Operation::MarkFulfilled).times(2);
/// // One call in five fails in one of two ways, the same calls in every run.
/// Fault::one_of([PlatformFault::Unavailable503, PlatformFault::CreatedBut500]).chance(0.2, 7);
/// ```
pub struct Fault<K: FaultKind> {
    kinds: Vec<K>,
    left: Option<u32>,
    chance: f64,
    draws: Generator,
    conditions: Vec<Condition<K::Call>>,
}

type Condition<C> = Box<dyn Fn(&C) -> bool + Send>;

impl<K: FaultKind> Fault<K> {
    /// A fault of this kind.
    #[must_use]
    pub fn of(kind: K) -> Self {
        Self::one_of([kind])
    }

    /// A fault of one of these kinds at a time, drawn among those that fit the call.
    #[must_use]
    pub fn one_of(kinds: impl IntoIterator<Item = K>) -> Self {
        Self {
            kinds: kinds.into_iter().collect(),
            left: None,
            chance: 1.0,
            draws: Generator(0),
            conditions: Vec::new(),
        }
    }

    /// Strikes only `times` times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.left = Some(times);
        self
    }

    /// Strikes only with this probability (0 to 1), drawn from `seed`.
    #[must_use]
    pub fn chance(mut self, probability: f64, seed: u64) -> Self {
        self.chance = probability;
        self.draws = Generator(seed);
        self
    }

    /// Strikes only calls for which the condition holds, as well as every earlier
    /// one. The condition must not call the fake.
    #[must_use]
    pub fn when(mut self, condition: impl Fn(&K::Call) -> bool + Send + 'static) -> Self {
        self.conditions.push(Box::new(condition));
        self
    }

    fn strike(&mut self, call: &K::Call) -> Option<K> {
        if self.left == Some(0) || !self.conditions.iter().all(|holds| holds(call)) {
            return None;
        }
        let mut fitting: Vec<&K> = self.kinds.iter().filter(|kind| kind.fits(call)).collect();
        if fitting.is_empty() || self.draws.fraction() >= self.chance {
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        let drawn = self.draws.below(fitting.len());
        Some(fitting.swap_remove(drawn).clone())
    }
}

impl<K: FaultKind> From<K> for Fault<K> {
    fn from(kind: K) -> Self {
        Self::of(kind)
    }
}

impl<K: FaultKind> fmt::Debug for Fault<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.kinds.iter().map(FaultKind::name).collect();
        f.debug_struct("Fault")
            .field("kinds", &names)
            .field("left", &self.left)
            .field("chance", &self.chance)
            .finish_non_exhaustive()
    }
}

/// The faults in force, in the order of their injection.
#[derive(Debug)]
pub(super) struct Faults<K: FaultKind>(Vec<Fault<K>>);

impl<K: FaultKind> Default for Faults<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: FaultKind> Faults<K> {
    pub(super) fn inject(&mut self, fault: Fault<K>) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first fault that strikes this call.
    pub(super) fn strike(&mut self, call: &K::Call) -> Option<K> {
        let struck = self.0.iter_mut().find_map(|fault| fault.strike(call));
        self.0.retain(|fault| fault.left != Some(0));
        struck
    }
}

/// `SplitMix64`: the same draws for the same seed.
#[derive(Debug)]
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below 1.
    fn fraction(&mut self) -> f64 {
        let high = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }

    /// A number from 0 to below `bound`, which is small and not 0.
    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    enum Bad {
        Luck,
        Day,
        /// Fits even numbers only.
        Parity,
    }

    impl FaultKind for Bad {
        type Call = u32;

        fn name(&self) -> &'static str {
            "bad"
        }

        fn fits(&self, call: &u32) -> bool {
            *self != Self::Parity || call.is_multiple_of(2)
        }
    }

    fn struck(faults: &mut Faults<Bad>, calls: std::ops::Range<u32>) -> Vec<Option<Bad>> {
        calls.map(|call| faults.strike(&call)).collect()
    }

    #[test]
    fn the_first_fault_that_fits_strikes_until_it_is_used_up() {
        let mut faults = Faults::default();
        faults.inject(Fault::of(Bad::Parity).times(1));
        faults.inject(Fault::of(Bad::Day).when(|call| *call > 2).times(1));
        assert_eq!(
            struck(&mut faults, 1..6),
            [None, Some(Bad::Parity), Some(Bad::Day), None, None]
        );
        faults.inject(Bad::Luck.into());
        assert_eq!(struck(&mut faults, 0..2), [Some(Bad::Luck), Some(Bad::Luck)]);
        faults.clear();
        assert_eq!(faults.strike(&0), None);
    }

    #[test]
    fn chance_is_near_its_probability_and_the_same_for_the_same_seed() {
        let run = |seed| {
            let mut faults = Faults::default();
            faults.inject(Fault::one_of([Bad::Luck, Bad::Day]).chance(0.2, seed));
            struck(&mut faults, 0..2_000)
        };
        let first = run(1);
        let count = |bad: &Bad| first.iter().flatten().filter(|b| *b == bad).count();
        assert!((350..450).contains(&(count(&Bad::Luck) + count(&Bad::Day))));
        assert!(count(&Bad::Luck) > 150 && count(&Bad::Day) > 150);
        assert_eq!(first, run(1));
        assert_ne!(first, run(2));
    }

    #[test]
    fn certainty_is_certain_and_no_chance_is_none() {
        for (chance, expected) in [(1.0, 100), (0.0, 0)] {
            let mut faults = Faults::default();
            faults.inject(Fault::of(Bad::Luck).chance(chance, 3));
            let hits = struck(&mut faults, 0..100).into_iter().flatten().count();
            assert_eq!(hits, expected);
        }
    }
}
