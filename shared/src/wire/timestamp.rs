//! Points in time as providers write them and as the ledger stores them.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time, millisecond precision, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Milliseconds of the year 10000, the first that RFC 3339 cannot write.
const END_MS: i64 = 253_402_300_800_000;

impl Timestamp {
    /// The earliest point in time.
    pub const ZERO: Self = Self(0);

    /// The time at these milliseconds since 1970; outside the years 1970 to 9999
    /// the nearest bound.
    #[must_use]
    pub fn from_ms(ms: i64) -> Self {
        Self(ms.clamp(0, END_MS - 1))
    }

    /// Reads RFC 3339 (`2026-10-02T09:30:00.123Z`, any offset); `None` for anything
    /// else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        ms_of(text).map(Self::from_ms)
    }

    /// Reads a time as providers write it. Accepts RFC 3339 and, besides, a time
    /// without a zone, which means UTC; a space before time or zone; the zone as
    /// `UTC`, `+0000` or `+00`; Unix seconds and milliseconds. `None` for all else,
    /// and for the zero dates that stand for no time at all.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return unix_ms(text).map(Self::from_ms);
        }
        // No webhook is from before 1970: such a date is another system's zero
        // date.
        ms_of(&rfc3339(text)?).filter(|ms| *ms >= 0).map(Self::from_ms)
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

    /// The time `seconds` later.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_ms(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// The time in RFC 3339 with milliseconds, which sorts as text as it does in
    /// time.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
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

fn ms_of(rfc3339: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(rfc3339.trim(), &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// Milliseconds of a Unix time: seconds have nine to eleven digits, milliseconds
/// twelve to fourteen. From 1973 on the two do not overlap, and no date written
/// without separators is among them.
fn unix_ms(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let thousandths: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let plain = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    match whole.parse().ok()? {
        seconds @ 100_000_000..100_000_000_000_i64 if plain => Some(seconds * 1000 + thousandths),
        ms @ 100_000_000_000..100_000_000_000_000 if plain => Some(ms),
        _ => None,
    }
}

/// The RFC 3339 spelling of a date with a time.
fn rfc3339(text: &str) -> Option<String> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.');
    let (time, zone) = rest.split_at(end.unwrap_or(rest.len()));
    let zone = zone.trim_start();
    let utc = ["", "z", "utc", "gmt"].iter().any(|name| zone.eq_ignore_ascii_case(name));
    if utc {
        return Some(format!("{date}T{time}Z"));
    }
    let sign = zone.get(..1).filter(|sign| matches!(*sign, "+" | "-"))?;
    let (hours, minutes) = zone.get(1..)?.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let minutes = if minutes.is_empty() { "00" } else { minutes };
    Some(format!("{date}T{time}{sign}{hours}:{minutes}"))
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimeVisitor;
        impl Visitor<'_> for TimeVisitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ISO 8601 time")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse(text).ok_or_else(|| E::custom("is not an ISO 8601 time"))
            }
        }
        deserializer.deserialize_any(TimeVisitor)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
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
            assert_eq!(Timestamp::parse(text).map(Timestamp::to_rfc3339).as_deref(), Some(out));
        }
        for text in ["", "yesterday", "2026-13-02T09:30:00Z", "1767225600"] {
            assert_eq!(Timestamp::parse(text), None);
        }
    }

    #[test]
    fn reads_times_as_providers_write_them() {
        let ten = "2026-03-01T10:00:00.000Z";
        for (text, out) in [
            ("2026-03-01T10:00:00Z", ten),
            ("2026-03-01t10:00:00z", ten),
            ("2026-03-01 10:00:00", ten),
            (" 2026-03-01T10:00:00 ", ten),
            ("2026-03-01 10:00:00 UTC", ten),
            ("2026-03-01 10:00:00 +0000", ten),
            ("2026-03-01T10:00:00+00", ten),
            ("2026-03-01 10:00:00+00:00", ten),
            ("2026-03-01T12:30:00+0230", ten),
            ("2026-03-01T05:00:00 -05", ten),
            ("2026-03-01 10:00:00.000000", ten),
            ("2026-03-01T10:00:00.123456789Z", "2026-03-01T10:00:00.123Z"),
            ("1772359200", ten),
            ("1772359200.5", "2026-03-01T10:00:00.500Z"),
            ("1772359200123", "2026-03-01T10:00:00.123Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(
                Timestamp::read(text).map(Timestamp::to_rfc3339).as_deref(),
                Some(out),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            " ",
            "0",
            "00000000",
            "7",
            "20260301",
            "17723592001234567",
            "99999999999999999999",
            "1772359200.",
            ".5",
            "1772359200.1.2",
            "-1772359200",
            "1.7e9",
            "0000-00-00 00:00:00",
            "0000-00-00T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "2026-03-01",
            "2026-03-01 10:00",
            "2026-13-01 10:00:00",
            "2026-03-01 10:00:00 AM",
            "2026-03-01 10:00:00 +1",
            "2026-03-01 10:00:00 +00000",
            "01/03/2026 10:00:00",
            "2026-03-0ü 10:00:00",
            "soon",
        ] {
            assert_eq!(Timestamp::read(text), None, "{text}");
        }
    }
}
