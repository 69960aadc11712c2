//! A cursor over a payload that hands out fields, or says which one is broken and how.
//!
//! Long fields come out as slices of the payload's own allocation. The reader never allocates, whatever length or
//! count the bytes claim.

use bytes::Bytes;

use super::compact_size::MAX_SIZE;
use super::error::{DecodeErrorKind, FieldError, saturate};
use super::list::{self, Item, List};

/// Reads the fields of a payload from front to back.
///
/// Every method takes the name of the field it reads, which goes into the error if the field is broken. After an
/// error the position is unspecified.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    payload: &'a Bytes,
    position: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `payload`.
    #[must_use]
    pub const fn new(payload: &'a Bytes) -> Self {
        Self {
            payload,
            position: 0,
        }
    }

    /// Bytes read so far.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Bytes left to read.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.payload.len() - self.position
    }

    /// Whether everything was read. Optional fields at the end of a message are present if this is false.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// The bytes left to read, borrowed and not consumed.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.payload.get(self.position..).unwrap_or_default()
    }

    /// The next `length` bytes, borrowed.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::UnexpectedEnd`] if fewer are left.
    #[inline]
    pub fn slice(&mut self, field: &'static str, length: usize) -> Result<&'a [u8], FieldError> {
        match self.rest().get(..length) {
            Some(slice) => {
                self.position += length;
                Ok(slice)
            }
            None => Err(self.end(field, length)),
        }
    }

    /// The next `length` bytes as a share of the payload.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::UnexpectedEnd`] if fewer are left.
    pub fn bytes(&mut self, field: &'static str, length: usize) -> Result<Bytes, FieldError> {
        let start = self.position;
        self.slice(field, length)?;
        Ok(self.since(start))
    }

    /// The bytes from `start`, an earlier [`position`](Self::position), up to here, as a share of the payload.
    ///
    /// This is how an object that was only checked field by field keeps its raw bytes. A `start` past the current
    /// position gives no bytes.
    #[must_use]
    pub fn since(&self, start: usize) -> Bytes {
        self.payload.slice(start.min(self.position)..self.position)
    }

    /// The next `N` bytes, copied.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::UnexpectedEnd`] if fewer are left.
    #[inline]
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], FieldError> {
        match self.rest().first_chunk() {
            Some(array) => {
                self.position += N;
                Ok(*array)
            }
            None => Err(self.end(field, N)),
        }
    }

    /// One byte.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::UnexpectedEnd`] if none is left.
    #[inline]
    pub fn u8(&mut self, field: &'static str) -> Result<u8, FieldError> {
        self.array(field).map(u8::from_le_bytes)
    }

    /// Two bytes, little-endian.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::UnexpectedEnd`] if fewer are left.
    #[inline]
    pub fn u16(&mut self, field: &'static str) -> Result<u16, FieldError> {
        self.array(field).map(u16::from_le_bytes)
    }

    /// Two bytes, big-endian: only ports are written this way.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::UnexpectedEnd`] if fewer are left.
    #[inline]
    pub fn u16_be(&mut self, field: &'static str) -> Result<u16, FieldError> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// Four bytes, little-endian.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::UnexpectedEnd`] if fewer are left.
    #[inline]
    pub fn u32(&mut self, field: &'static str) -> Result<u32, FieldError> {
        self.array(field).map(u32::from_le_bytes)
    }

    /// Four bytes, little-endian, signed.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::UnexpectedEnd`] if fewer are left.
    #[inline]
    pub fn i32(&mut self, field: &'static str) -> Result<i32, FieldError> {
        self.array(field).map(i32::from_le_bytes)
    }

    /// Eight bytes, little-endian.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::UnexpectedEnd`] if fewer are left.
    #[inline]
    pub fn u64(&mut self, field: &'static str) -> Result<u64, FieldError> {
        self.array(field).map(u64::from_le_bytes)
    }

    /// Eight bytes, little-endian, signed.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::UnexpectedEnd`] if fewer are left.
    #[inline]
    pub fn i64(&mut self, field: &'static str) -> Result<i64, FieldError> {
        self.array(field).map(i64::from_le_bytes)
    }

    /// A compact size of any value: for the one field that uses the encoding for a plain number, the services of an
    /// `addrv2` entry (BIP155).
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::NonCanonicalSize`] if a shorter form of the value exists, or
    /// [`DecodeErrorKind::UnexpectedEnd`].
    #[inline]
    pub fn compact_u64(&mut self, field: &'static str) -> Result<u64, FieldError> {
        let (value, smallest) = match self.u8(field)? {
            0xff => (self.u64(field)?, 0x1_0000_0000),
            0xfe => (u64::from(self.u32(field)?), 0x1_0000),
            0xfd => (u64::from(self.u16(field)?), 0xfd),
            value => return Ok(u64::from(value)),
        };
        if value < smallest {
            return Err(FieldError::new(
                field,
                DecodeErrorKind::NonCanonicalSize { value },
            ));
        }
        Ok(value)
    }

    /// A compact size that counts or measures something, not above [`MAX_SIZE`].
    ///
    /// # Errors
    ///
    /// As [`compact_u64`](Self::compact_u64), or [`DecodeErrorKind::SizeAboveLimit`].
    #[inline]
    pub fn compact_size(&mut self, field: &'static str) -> Result<usize, FieldError> {
        const LIMIT: u32 = MAX_SIZE as u32;
        match self.compact_u64(field)? {
            size @ 0..=MAX_SIZE => Ok(size as usize),
            size => Err(FieldError::new(
                field,
                DecodeErrorKind::SizeAboveLimit { size, limit: LIMIT },
            )),
        }
    }

    /// A compact size that counts items, not above `limit`.
    ///
    /// # Errors
    ///
    /// As [`compact_u64`](Self::compact_u64), or [`DecodeErrorKind::CountAboveLimit`].
    #[inline]
    pub fn count(&mut self, field: &'static str, limit: usize) -> Result<usize, FieldError> {
        let count = self.compact_u64(field)?;
        match usize::try_from(count) {
            Ok(value) if value <= limit => Ok(value),
            _ => Err(FieldError::new(
                field,
                DecodeErrorKind::CountAboveLimit {
                    count,
                    limit: saturate(limit),
                },
            )),
        }
    }

    /// A string of bytes after its length, which is not above `limit`, as a share of the payload.
    ///
    /// # Errors
    ///
    /// As [`compact_u64`](Self::compact_u64), or [`DecodeErrorKind::SizeAboveLimit`].
    pub fn var_bytes(&mut self, field: &'static str, limit: usize) -> Result<Bytes, FieldError> {
        let size = self.compact_u64(field)?;
        match usize::try_from(size) {
            Ok(length) if length <= limit => self.bytes(field, length),
            _ => Err(FieldError::new(
                field,
                DecodeErrorKind::SizeAboveLimit {
                    size,
                    limit: saturate(limit),
                },
            )),
        }
    }

    /// A list of fixed-size records after its count, which is not above `limit`, as a share of the payload.
    ///
    /// # Errors
    ///
    /// As [`count`](Self::count), or [`DecodeErrorKind::UnexpectedEnd`] if the records are not all there.
    pub fn list<T: Item>(
        &mut self,
        field: &'static str,
        limit: usize,
    ) -> Result<List<T>, FieldError> {
        let start = self.position;
        list::scan::<T>(self, field, limit)?;
        Ok(List::from_encoded(self.since(start)))
    }

    fn end(&self, field: &'static str, needed: usize) -> FieldError {
        FieldError::new(
            field,
            DecodeErrorKind::UnexpectedEnd {
                needed: saturate(needed),
                remaining: saturate(self.remaining()),
            },
        )
    }
}

#[cfg(test)]
mod tests;
