//! Cutting a view off the front of a payload that is owned.

use bytes::Bytes;

use super::{FieldError, Reader};

/// Runs `scan` over `payload` and returns what it found, the bytes it read, and the number of bytes after them.
///
/// A payload that was read to its end comes back as it is. A [`Reader`] would share it instead, and the count of
/// references that sharing begins is an allocation, which small messages should not pay for.
pub(crate) fn cut<T>(
    mut payload: Bytes,
    scan: impl FnOnce(&mut Reader<'_>) -> Result<T, FieldError>,
) -> Result<(T, Bytes, usize), FieldError> {
    let mut reader = Reader::new(&payload);
    let found = scan(&mut reader)?;
    let (end, trailing) = (reader.position(), reader.remaining());
    payload.truncate(end);
    Ok((found, payload, trailing))
}
