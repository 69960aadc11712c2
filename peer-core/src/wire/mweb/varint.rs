//! Bitcoin Core's `VARINT`: seven bits a byte, the most significant first, bit 7 set in all but the last.
//!
//! Each further byte stands for one more than it says, so that every number has exactly one form and none has to be
//! refused for being too long.

use crate::wire::{DecodeErrorKind, FieldError, Reader};

/// Reads a number not above `max`.
pub(super) fn read(
    reader: &mut Reader<'_>,
    field: &'static str,
    max: u64,
) -> Result<u64, FieldError> {
    let mut value = 0_u64;
    loop {
        let byte = reader.u8(field)?;
        if value > max >> 7 {
            break;
        }
        value = (value << 7) | u64::from(byte & 0x7f);
        let is_last = byte & 0x80 == 0;
        match value.checked_add(u64::from(!is_last)) {
            Some(next) if next <= max => value = next,
            _ => break,
        }
        if is_last {
            return Ok(value);
        }
    }
    Err(FieldError::new(
        field,
        DecodeErrorKind::InvalidValue { value },
    ))
}

/// A number as it is written. Ten bytes hold 70 bits.
pub(super) struct VarInt {
    bytes: [u8; 10],
    start: usize,
}

impl VarInt {
    pub(super) fn new(mut value: u64) -> Self {
        let mut bytes = [0; 10];
        let mut start = bytes.len();
        for byte in bytes.iter_mut().rev() {
            let more = if start == 10 { 0 } else { 0x80 };
            *byte = (value & 0x7f) as u8 | more;
            start -= 1;
            match (value >> 7).checked_sub(1) {
                Some(rest) => value = rest,
                None => break,
            }
        }
        Self { bytes, start }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}
