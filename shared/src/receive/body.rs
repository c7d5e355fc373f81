//! Bodies in the form in which they are kept: compressed.

use std::cell::RefCell;
use std::io::Read;

use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};

/// Largest body read, in bytes (1 MiB). Real payloads stay under 100 KB.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Largest body kept, in bytes after compression; a table item holds 400 KB.
pub const MAX_COMPRESSED_BYTES: usize = 350 * 1024;

/// Most kept of a body that changes no record, in bytes before compression (64
/// KiB): whoever has got hold of a secret must not fill the table with it.
pub const MAX_INERT_BYTES: usize = 64 * 1024;

/// The beginning of a body, as much as is kept where the body changes no record. No
/// UTF-8 character is cut.
#[must_use]
pub fn clip(body: &[u8]) -> &[u8] {
    let Some(clipped) = body.get(..MAX_INERT_BYTES) else {
        return body;
    };
    match std::str::from_utf8(clipped) {
        Err(e) if e.error_len().is_none() => clipped.get(..e.valid_up_to()).unwrap_or(clipped),
        _ => clipped,
    }
}

/// Largest body that is kept as it is, in bytes. Its event's item stays below the
/// 1,024 bytes that one unit of writing pays for, compressed or not.
const MAX_PLAIN_BYTES: usize = 400;

thread_local! {
    /// The compressor's state, some 300 KB, made at the first use and then used again:
    /// to fetch that memory anew takes four times as long as to compress a webhook.
    static COMPRESSOR: RefCell<Compress> =
        RefCell::new(Compress::new(Compression::new(4), false));
}

/// Compresses bytes (raw DEFLATE), but for a few, which become a block that is not
/// compressed. `None` when the result is over [`MAX_COMPRESSED_BYTES`].
#[must_use]
pub fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() <= MAX_PLAIN_BYTES {
        return plain_block(bytes);
    }
    // Incompressible bytes grow by less than a hundredth.
    let room = (bytes.len() + bytes.len() / 100 + 64).min(MAX_COMPRESSED_BYTES);
    let mut compressed = Vec::with_capacity(room);
    let status = COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        compressor.compress_vec(bytes, &mut compressed, FlushCompress::Finish)
    });
    matches!(status, Ok(Status::StreamEnd)).then_some(compressed)
}

/// The last and only block of a DEFLATE stream, stored as it is (RFC 1951, 3.2.4).
/// `None` over 65,535 bytes.
fn plain_block(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(bytes.len()).ok()?;
    let [length, inverse] = [length, !length].map(u16::to_le_bytes);
    Some([&[1], &length[..], &inverse, bytes].concat())
}

/// Decompresses bytes; undoes [`compress`]. `None` when they are not its result.
#[must_use]
pub fn decompress(compressed: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(4 * MAX_BODY_BYTES).ok()?;
    DeflateDecoder::new(compressed).take(limit).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_an_inert_body_ends_with_a_character() {
        let limit = MAX_INERT_BYTES;
        let text = |before: usize, rest: usize| ["x".repeat(before), "ö".repeat(rest)].concat();
        for (body, kept) in [
            (vec![], 0),
            (b"x".repeat(limit), limit),
            (b"x".repeat(limit + 1), limit),
            (text(0, limit).into_bytes(), limit),
            (text(1, limit).into_bytes(), limit - 1),
            // Bytes that are no UTF-8: there is no character to spare.
            (b"\xff".repeat(limit + 1), limit),
        ] {
            assert_eq!(clip(&body).len(), kept, "{} bytes", body.len());
            assert!(body.starts_with(clip(&body)));
        }
    }

    #[test]
    fn comes_back_as_it_was_whatever_came_before() {
        let bytes = br#"{"amount":250.00}"#.repeat(1000);
        let small = MAX_PLAIN_BYTES;
        for length in [bytes.len(), 0, 1, small, small + 1, bytes.len(), small + 1] {
            let bytes = &bytes[..length];
            let compressed = compress(bytes).unwrap();
            assert_eq!(decompress(&compressed).unwrap(), bytes);
            assert_eq!(compressed.len() > length, length <= small, "{length}");
        }
        for length in [small + 1, 5_000, 70_000] {
            let noise = noise(length);
            assert_eq!(decompress(&compress(&noise).unwrap()).unwrap(), noise);
        }
        assert_eq!(compress(&noise(600 * 1024)), None);
        assert_eq!(decompress(&compress(&bytes).unwrap()).unwrap(), bytes);
    }

    /// As this project compressed every body, however small.
    #[test]
    fn bodies_kept_before_are_read() {
        use flate2::write::DeflateEncoder;
        use std::io::Write;
        for body in [&b""[..], br#"{"payment_id":41873,"status":"SUCCESS"}"#, &noise(5_000)] {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(4));
            encoder.write_all(body).unwrap();
            assert_eq!(decompress(&encoder.finish().unwrap()).unwrap(), body);
        }
    }

    /// Bytes that no compression makes smaller.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_be_bytes()[3]
        };
        (0..length).map(|_| next()).collect()
    }

    /// A table item holds 400 KB, of which a body may take 350 KiB.
    #[test]
    fn a_body_is_kept_up_to_350_kib_compressed_and_read_back_up_to_its_limit() {
        let fits = noise(350 * 1024 - 300);
        assert_eq!(decompress(&compress(&fits).unwrap()).unwrap(), fits);
        assert_eq!(compress(&noise(350 * 1024 + 1)), None);
        // The largest body that is read, and the largest that is decompressed.
        let largest = vec![b'x'; MAX_BODY_BYTES];
        assert_eq!(decompress(&compress(&largest).unwrap()).unwrap(), largest);
        let bomb = vec![b'x'; 5 * 1024 * 1024];
        assert_eq!(decompress(&compress(&bomb).unwrap()).unwrap().len(), 4 * 1024 * 1024);
        assert_eq!((MAX_BODY_BYTES, MAX_INERT_BYTES), (1_048_576, 65_536));
    }
}
