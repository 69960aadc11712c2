//! Iterators over the parts of a view. They read as they go and allocate nothing.
//!
//! The bytes were checked before, so reading cannot fail; if it did, iteration would end.

use core::iter::FusedIterator;

use super::item::{TxInView, TxOutView, WitnessView, string};
use crate::wire::{Reader, TxFormat};

macro_rules! iterators {
    ($($(#[$doc:meta])* $name:ident yields $item:ty, read by $read:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name<'a> {
            remaining: usize,
            reader: Reader<'a>,
        }

        impl<'a> $name<'a> {
            /// Over the next `remaining` items of `reader`.
            pub(super) const fn new(remaining: usize, reader: Reader<'a>) -> Self {
                Self { remaining, reader }
            }
        }

        impl<'a> Iterator for $name<'a> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                self.remaining = self.remaining.checked_sub(1)?;
                $read(&mut self.reader).ok()
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.remaining, Some(self.remaining))
            }
        }

        impl ExactSizeIterator for $name<'_> {}
        impl FusedIterator for $name<'_> {}
    )*};
}

iterators! {
    /// Iterator over the inputs of a [`TxView`](super::TxView).
    Inputs yields TxInView<'a>, read by TxInView::read;
    /// Iterator over the items of a [`WitnessView`].
    WitnessIter yields &'a [u8], read by |reader| string(reader, "witness item");
}

impl<'a> Inputs<'a> {
    /// Over the inputs whose count is at the reader's position.
    pub(super) fn counted(mut reader: Reader<'a>) -> Self {
        Self::new(reader.compact_size("inputs").unwrap_or_default(), reader)
    }
}

/// Iterator over the outputs of a [`TxView`](super::TxView).
#[derive(Clone, Debug)]
pub struct Outputs<'a> {
    remaining: usize,
    reader: Reader<'a>,
    format: TxFormat,
}

impl<'a> Outputs<'a> {
    /// Over the outputs whose count is at the reader's position.
    pub(super) fn counted(mut reader: Reader<'a>, format: TxFormat) -> Self {
        Self {
            remaining: reader.compact_size("outputs").unwrap_or_default(),
            reader,
            format,
        }
    }
}

impl<'a> Iterator for Outputs<'a> {
    type Item = TxOutView<'a>;

    #[inline]
    fn next(&mut self) -> Option<TxOutView<'a>> {
        self.remaining = self.remaining.checked_sub(1)?;
        TxOutView::read(&mut self.reader, self.format).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl ExactSizeIterator for Outputs<'_> {}
impl FusedIterator for Outputs<'_> {}

/// Iterator over the witnesses of a [`TxView`](super::TxView), one per input.
#[derive(Clone, Debug)]
pub struct Witnesses<'a> {
    remaining: usize,
    reader: Reader<'a>,
    present: bool,
}

impl<'a> Witnesses<'a> {
    /// Over `remaining` stacks: those at the reader's position if they are `present`, or else empty ones.
    pub(super) const fn new(remaining: usize, reader: Reader<'a>, present: bool) -> Self {
        Self {
            remaining,
            reader,
            present,
        }
    }
}

impl<'a> Iterator for Witnesses<'a> {
    type Item = WitnessView<'a>;

    #[inline]
    fn next(&mut self) -> Option<WitnessView<'a>> {
        self.remaining = self.remaining.checked_sub(1)?;
        if self.present {
            WitnessView::read(&mut self.reader).ok()
        } else {
            Some(WitnessView::empty(self.reader.clone()))
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl ExactSizeIterator for Witnesses<'_> {}
impl FusedIterator for Witnesses<'_> {}
