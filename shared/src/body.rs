//! Bodies as they are kept: compressed.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};

/// Largest body read, in bytes (1 MiB). Real payloads stay under 100 KB.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Largest body kept, in bytes after compression; a table item holds 400 KB.
pub const MAX_COMPRESSED_BYTES: usize = 350 * 1024;

/// SHA-256 of the exact bytes, in hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Compresses (raw DEFLATE). `None` when the result is over
/// [`MAX_COMPRESSED_BYTES`].
#[must_use]
pub fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(4));
    encoder.write_all(bytes).ok()?;
    let compressed = encoder.finish().ok()?;
    (compressed.len() <= MAX_COMPRESSED_BYTES).then_some(compressed)
}

/// Undoes [`compress`]. `None` when the bytes are not its result.
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
    fn comes_back_as_it_was() {
        let bytes = br#"{"amount":250.00}"#.repeat(1000);
        assert_eq!(decompress(&compress(&bytes).unwrap()).unwrap(), bytes);
    }
}
