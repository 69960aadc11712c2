//! How values are written on a tape. Every number is a varint: seven bits a byte, the lowest first, and the top bit of
//! a byte says that more follow.
//!
//! A type is either a list of its fields, in this order, or a list of its variants with a number each; both lists must
//! name everything there is, or they do not compile. Knows no record and no machine.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use crate::network::Network;

/// What was written is not what stands here; names the part that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) &'static str);

/// Something that can stand on a tape.
pub(super) trait Value: Sized {
    /// Writes it.
    fn put(&self, out: &mut Out);

    /// Reads it.
    fn take(from: &mut In<'_>) -> Result<Self, Unreadable>;
}

/// What is being written, and what the layout of messages in it depends on.
pub(super) struct Out {
    pub(super) bytes: Vec<u8>,
    pub(super) network: Network,
    /// The protocol version in force.
    pub(super) version: u32,
    /// Something in it has no form on a tape.
    pub(super) is_impossible: bool,
}

impl Out {
    pub(super) fn new(network: Network, version: u32) -> Self {
        Self {
            bytes: Vec::new(),
            network,
            version,
            is_impossible: false,
        }
    }

    pub(super) fn varint(&mut self, value: u64) {
        put_varint(&mut self.bytes, value);
    }
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes after their number.
pub(super) fn put_run(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// What is being read.
pub(super) struct In<'a> {
    pub(super) rest: &'a [u8],
    /// What the values are for: the preset or the caller's until one is read.
    pub(super) network: Network,
}

impl<'a> In<'a> {
    pub(super) fn new(rest: &'a [u8], network: Network) -> Self {
        Self { rest, network }
    }

    pub(super) fn byte(&mut self) -> Result<u8, Unreadable> {
        let (first, rest) = self.rest.split_first().ok_or(Unreadable("end"))?;
        self.rest = rest;
        Ok(*first)
    }

    pub(super) fn varint(&mut self) -> Result<u64, Unreadable> {
        varint(&mut self.rest)?.ok_or(Unreadable("end"))
    }

    /// Bytes after their number, which allocates nothing.
    pub(super) fn run(&mut self) -> Result<&'a [u8], Unreadable> {
        let len = usize::try_from(self.varint()?).map_err(|_| Unreadable("length"))?;
        let (run, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(Unreadable("length"))?;
        self.rest = rest;
        Ok(run)
    }
}

/// The varint that `bytes` begin with, which it is cut from; `None` if it ends too early.
pub(super) fn varint(bytes: &mut &[u8]) -> Result<Option<u64>, Unreadable> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(MAX_VARINT).enumerate() {
        let bits = u64::from(byte & 0x7f);
        let shifted = bits << (7 * index);
        let is_longest = index + 1 == MAX_VARINT;
        // The shortest form only, and what fits: a value has one form.
        if (shifted >> (7 * index)) != bits || (index > 0 && *byte == 0) {
            return Err(Unreadable("varint"));
        }
        value |= shifted;
        if byte & 0x80 == 0 {
            *bytes = bytes.get(index + 1..).unwrap_or_default();
            return Ok(Some(value));
        }
        if is_longest {
            return Err(Unreadable("varint"));
        }
    }
    Ok(None)
}

/// Bytes of the longest varint.
const MAX_VARINT: usize = 10;

/// Types that are their fields.
macro_rules! fields {
    ($($type:ty { $($field:ident),* $(,)? })*) => { $(
        impl Value for $type {
            fn put(&self, out: &mut Out) {
                let Self { $($field),* } = self;
                $(Value::put($field, out);)*
            }

            fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
                Ok(Self { $($field: Value::take(from)?),* })
            }
        }
    )* };
}
pub(super) use fields;

/// Types that are one of several variants, each with its number.
macro_rules! variants {
    ($($type:ty {
        $($number:literal = $name:ident $(($($item:ident),*))? $({ $($field:ident),* })?),* $(,)?
    })*) => { $(
        impl Value for $type {
            fn put(&self, out: &mut Out) {
                match self {
                    $(Self::$name $(($($item),*))? $({ $($field),* })? => {
                        out.bytes.push($number);
                        $($(Value::put($item, out);)*)?
                        $($(Value::put($field, out);)*)?
                    })*
                }
            }

            fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
                match from.byte()? {
                    $($number => {
                        $($(let $item = Value::take(from)?;)*)?
                        $($(let $field = Value::take(from)?;)*)?
                        Ok(Self::$name $(($($item),*))? $({ $($field),* })?)
                    })*
                    _ => Err(Unreadable(stringify!($type))),
                }
            }
        }
    )* };
}
pub(super) use variants;

impl Value for bool {
    fn put(&self, out: &mut Out) {
        out.bytes.push(u8::from(*self));
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Unreadable("flag")),
        }
    }
}

/// Numbers: what does not fit is no number of that type.
macro_rules! numbers {
    ($($type:ty),*) => { $(
        impl Value for $type {
            fn put(&self, out: &mut Out) {
                out.varint(u64::try_from(*self).unwrap_or(u64::MAX));
            }

            fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
                Self::try_from(from.varint()?).map_err(|_| Unreadable(stringify!($type)))
            }
        }
    )* };
}
numbers!(u8, u16, u32, u64);

/// A limit; one that no memory of this machine can reach is no limit.
impl Value for usize {
    fn put(&self, out: &mut Out) {
        out.varint(if *self == Self::MAX {
            u64::MAX
        } else {
            *self as u64
        });
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        Ok(Self::try_from(from.varint()?).unwrap_or(Self::MAX))
    }
}

/// Small ones of either sign are short.
impl Value for i32 {
    fn put(&self, out: &mut Out) {
        out.varint(zigzag(i64::from(*self)));
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        Self::try_from(unzigzag(from.varint()?)).map_err(|_| Unreadable("i32"))
    }
}

pub(super) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

pub(super) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

impl<const N: usize> Value for [u8; N] {
    fn put(&self, out: &mut Out) {
        out.bytes.extend_from_slice(self);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        let (first, rest) = from.rest.split_first_chunk().ok_or(Unreadable("end"))?;
        from.rest = rest;
        Ok(*first)
    }
}

impl Value for Duration {
    fn put(&self, out: &mut Out) {
        out.varint(self.as_secs());
        out.varint(u64::from(self.subsec_nanos()));
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        let (secs, nanos) = (from.varint()?, u32::take(from)?);
        if nanos >= 1_000_000_000 {
            return Err(Unreadable("duration"));
        }
        Ok(Self::new(secs, nanos))
    }
}

impl Value for Bytes {
    fn put(&self, out: &mut Out) {
        put_run(&mut out.bytes, self);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        from.run().map(Self::copy_from_slice)
    }
}

impl<T: Value> Value for Option<T> {
    fn put(&self, out: &mut Out) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        bool::take(from)?.then(|| T::take(from)).transpose()
    }
}

impl<T: Value> Value for Vec<T> {
    fn put(&self, out: &mut Out) {
        out.varint(self.len() as u64);
        for item in self {
            item.put(out);
        }
    }

    /// Nothing is reserved for a count: every item takes a byte at least.
    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        let count = from.varint()?;
        let mut items = Self::new();
        for _ in 0..count {
            items.push(T::take(from)?);
        }
        Ok(items)
    }
}

impl<T: Value> Value for Box<T> {
    fn put(&self, out: &mut Out) {
        T::put(self, out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        T::take(from).map(Self::new)
    }
}
