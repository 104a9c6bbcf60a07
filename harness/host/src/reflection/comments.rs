//! The comments in a file, which nothing here reads.

use prost::DecodeError;
use prost::encoding::{DecodeContext, decode_key, skip_field};

/// The field of a file that holds its comments and where they stand.
const SOURCE_CODE_INFO: u32 = 9;

/// An encoded file without its comments, of which there may be more than of
/// all else.
pub(super) fn without_comments(encoded: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut kept = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while !rest.is_empty() {
        let before = rest;
        let (number, wire) = decode_key(&mut rest)?;
        skip_field(wire, number, &mut rest, DecodeContext::default())?;
        if number != SOURCE_CODE_INFO {
            kept.extend_from_slice(&before[..before.len() - rest.len()]);
        }
    }
    Ok(kept)
}
