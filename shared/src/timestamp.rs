//! Points in time as providers write them and as the ledger stores them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time, millisecond precision, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Milliseconds of the year 10000, the first that RFC 3339 cannot write.
const END_MS: i64 = 253_402_300_800_000;

impl Timestamp {
    /// The earliest: what an event without any time of its own counts as.
    pub const ZERO: Self = Self(0);

    /// From milliseconds since 1970; outside the years 1970 to 9999 the nearest bound.
    #[must_use]
    pub fn from_ms(ms: i64) -> Self {
        Self(ms.clamp(0, END_MS - 1))
    }

    /// Reads RFC 3339 (`2026-10-02T09:30:00.123Z`, any offset).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self::from_ms)
    }

    /// The present, by this machine's clock.
    #[must_use]
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self::from_ms(since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(0)))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Later by `seconds`.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_ms(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// RFC 3339 with milliseconds, which sorts as text as it does in time.
    #[must_use]
    pub fn text(self) -> String {
        let at = OffsetDateTime::from_unix_timestamp(self.seconds())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            self.0.rem_euclid(1000)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_offsets_and_writes_sortable_utc() {
        for (text, out) in [
            ("2026-10-02T09:30:00Z", "2026-10-02T09:30:00.000Z"),
            ("2026-10-02T11:30:00.1239+02:00", "2026-10-02T09:30:00.123Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("1950-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999-10:00", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::parse(text).map(Timestamp::text).as_deref(), Some(out));
        }
        for text in ["", "yesterday", "2026-13-02T09:30:00Z", "1767225600"] {
            assert_eq!(Timestamp::parse(text), None);
        }
    }
}
