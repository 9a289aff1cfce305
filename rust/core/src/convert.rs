//! The two conversions between floats and integers, in one place.

/// Toward zero; beyond the range the nearest end; NaN is 0.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` from a float saturates, and that is the promise"
)]
pub(crate) const fn to_u64(value: f64) -> u64 {
    value as u64
}

/// The nearest float: exact up to 2⁵³, which is 104 days of nanoseconds.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "there is no other way from u64 to f64, and the nearest one is wanted"
)]
pub(crate) const fn to_f64(value: u64) -> f64 {
    value as f64
}
