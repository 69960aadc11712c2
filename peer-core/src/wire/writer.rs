//! The counterpart of [`Reader`](super::Reader): appends fields to a `Vec<u8>`.
//!
//! Writing cannot fail; whether something may be sent at all is decided before it comes here.

use alloc::vec::Vec;

use super::list::{Item, List};

/// Appends fields to a buffer.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// A writer that appends to `out`.
    pub const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    /// Two bytes, little-endian.
    pub fn u16(&mut self, value: u16) {
        self.bytes(&value.to_le_bytes());
    }

    /// Two bytes, big-endian: only ports are written this way.
    pub fn u16_be(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    /// Four bytes, little-endian.
    pub fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    /// Four bytes, little-endian, signed.
    pub fn i32(&mut self, value: i32) {
        self.bytes(&value.to_le_bytes());
    }

    /// Eight bytes, little-endian.
    pub fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    /// Eight bytes, little-endian, signed.
    pub fn i64(&mut self, value: i64) {
        self.bytes(&value.to_le_bytes());
    }

    /// A compact size in its shortest form.
    pub fn compact_size(&mut self, value: u64) {
        match value {
            0..=0xfc => self.u8(value as u8),
            0xfd..=0xffff => {
                self.u8(0xfd);
                self.u16(value as u16);
            }
            0x1_0000..=0xffff_ffff => {
                self.u8(0xfe);
                self.u32(value as u32);
            }
            _ => {
                self.u8(0xff);
                self.u64(value);
            }
        }
    }

    /// A compact size that is a length or a count in memory.
    pub fn size(&mut self, value: usize) {
        // usize is at most 64 bits on every platform that Rust supports.
        self.compact_size(value as u64);
    }

    /// A string of bytes after its length.
    pub fn var_bytes(&mut self, bytes: &[u8]) {
        self.size(bytes.len());
        self.bytes(bytes);
    }

    /// A list after its count.
    pub fn list<T: Item>(&mut self, list: &List<T>) {
        self.bytes(list.as_encoded());
    }
}
