//! Chance that is the same at every run.

use std::iter::repeat_with;

/// Endless numbers of which none tells the next.
fn numbers(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// Shuffles, always in the same way.
pub fn shuffle<T>(items: &mut [T]) {
    let mut number = numbers(0x9e37_79b9_7f4a_7c15);
    for i in (1..items.len()).rev() {
        let other = usize::try_from(number() % u64::try_from(i + 1).unwrap()).unwrap();
        items.swap(i, other);
    }
}

/// A text of so many bytes that does not compress.
#[must_use]
pub fn letters(length: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut number = numbers(0x2545_f491_4f6c_dd1d);
    let letter = || char::from(alphabet[usize::try_from(number() >> 58).unwrap()]);
    repeat_with(letter).take(length).collect()
}
