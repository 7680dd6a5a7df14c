//! Reproducible chance.

use serde::{Deserialize, Serialize};

/// A probability and the state of its random sequence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "Draft")]
pub struct Chance {
    probability: f64,
    /// Changes with every draw, so that the state can be displayed and set again.
    seed: u64,
}

/// The written form of a chance.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    probability: f64,
    seed: u64,
}

impl Chance {
    /// A probability between 0 and 1, inclusive; other values are clamped.
    #[must_use]
    pub fn new(probability: f64, seed: u64) -> Self {
        Self { probability: probability.clamp(0.0, 1.0), seed }
    }

    /// One draw. The sequence is `SplitMix64`'s.
    pub(super) fn draw(&mut self) -> bool {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let drawn = u32::try_from(mixed >> 32).expect("the upper half of 64 bits");
        f64::from(drawn) < self.probability * 2_f64.powi(32)
    }
}

impl TryFrom<Draft> for Chance {
    type Error = &'static str;

    fn try_from(draft: Draft) -> Result<Self, Self::Error> {
        if (0.0..=1.0).contains(&draft.probability) {
            Ok(Self { probability: draft.probability, seed: draft.seed })
        } else {
            Err("a probability lies between 0 and 1")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_never_and_always_is_always() {
        let (mut never, mut always) = (Chance::new(0.0, 1), Chance::new(1.0, 1));
        assert!((0..1_000).all(|_| !never.draw() && always.draw()));
    }
}
