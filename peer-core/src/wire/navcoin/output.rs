//! Outputs, in their three encodings. One reader serves checking, looking and taking apart.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::wire::transaction::{WitnessView, string};
use crate::wire::{FieldError, Reader, Writer};

/// Which fields an output has, as they stand on the wire where they do: bit 63 is set, and each further bit names a
/// field. The fields follow in the order of the bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OutputFlags(pub u64);

impl OutputFlags {
    /// The flags are flags and no amount.
    pub const FLAGGED: u64 = 1 << 63;
    /// [`TxOut::value`].
    pub const VALUE: u64 = 1 << 0;
    /// [`Blsct::ephemeral_key`].
    pub const EPHEMERAL_KEY: u64 = 1 << 1;
    /// [`Blsct::output_key`].
    pub const OUTPUT_KEY: u64 = 1 << 2;
    /// [`Blsct::spending_key`].
    pub const SPENDING_KEY: u64 = 1 << 3;
    /// [`Blsct::bulletproof`].
    pub const BULLETPROOF: u64 = 1 << 4;
    /// [`Blsct::token_id`].
    pub const TOKEN_ID: u64 = 1 << 5;
    /// [`Blsct::token_sub_id`].
    pub const TOKEN_SUB_ID: u64 = 1 << 6;
    /// [`Blsct::data`].
    pub const DATA: u64 = 1 << 7;

    /// The fields of the older encoding with BLS keys, which has no flags to say so: an amount, keys and a proof.
    const MARKED: Self = Self(
        Self::VALUE
            | Self::EPHEMERAL_KEY
            | Self::OUTPUT_KEY
            | Self::SPENDING_KEY
            | Self::BULLETPROOF,
    );

    /// Whether the field of `flag` is there.
    #[must_use]
    pub const fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }
}

/// What the older encoding with BLS keys begins with, in place of an amount.
const MARKER: u64 = u64::MAX;

/// An output.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TxOut {
    /// Amount in satoshi; 0 where the encoding leaves it out.
    pub value: i64,
    /// The script that locks it.
    pub script_pubkey: Bytes,
    /// What makes it confidential; `None` in an output of Bitcoin's layout.
    pub blsct: Option<Blsct>,
}

/// The BLS part of an output.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Blsct {
    /// The fields that are there; `None` in the older encoding, which begins with a marker and always has an amount, the
    /// three keys and a proof. What the flags leave out is not written, whatever stands here.
    pub flags: Option<OutputFlags>,
    /// Key of the sender for this output.
    pub ephemeral_key: Bytes,
    /// Key that the output belongs to.
    pub output_key: Bytes,
    /// Key that it is spent with.
    pub spending_key: Bytes,
    /// Range proof of the amount.
    pub bulletproof: Bulletproof,
    /// The token that the amount is of; zeros for the coin itself.
    pub token_id: [u8; 32],
    /// Which of the tokens of that id; `u64::MAX` for none.
    pub token_sub_id: u64,
    /// `vData`: what the output says to the network, such as the creation of a token.
    pub data: Bytes,
}

/// A range proof, as its points and scalars stand on the wire: each behind its length, 48 bytes for a point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bulletproof {
    /// `V`: commitments to the amounts.
    pub commitments: Vec<Bytes>,
    /// `L`: left halves of the inner product argument.
    pub left: Vec<Bytes>,
    /// `R`: right halves of the inner product argument.
    pub right: Vec<Bytes>,
    /// The points `A`, `S`, `T1`, `T2`.
    pub points: [Bytes; 4],
    /// The scalars `taux`, `mu`, `a`, `b`, `t`.
    pub scalars: [Bytes; 5],
}

/// An output, borrowed from its bytes.
pub(in crate::wire) struct RawOutput<'a> {
    pub(in crate::wire) value: i64,
    pub(in crate::wire) script_pubkey: &'a [u8],
    blsct: Option<RawBlsct<'a>>,
}

struct RawBlsct<'a> {
    flags: Option<OutputFlags>,
    keys: [&'a [u8]; 3],
    proof: Option<RawProof<'a>>,
    token_id: [u8; 32],
    token_sub_id: u64,
    data: &'a [u8],
}

struct RawProof<'a> {
    lists: [WitnessView<'a>; 3],
    points: [&'a [u8]; 4],
    scalars: [&'a [u8]; 5],
}

impl<'a> RawOutput<'a> {
    #[inline(never)]
    pub(in crate::wire) fn read(reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        let first = reader.u64("value")?;
        if first & OutputFlags::FLAGGED == 0 {
            return Ok(Self {
                // Cannot be negative: the sign is the bit that is clear.
                value: first.cast_signed(),
                script_pubkey: string(reader, "script_pubkey")?,
                blsct: None,
            });
        }
        let flags = Some(OutputFlags(first)).filter(|flags| flags.0 != MARKER);
        let fields = flags.unwrap_or(OutputFlags::MARKED);
        let value = optional(fields.has(OutputFlags::VALUE), || reader.i64("value"))?;
        let blsct = RawBlsct::read(reader, flags, fields)?;
        Ok(Self {
            value,
            script_pubkey: string(reader, "script_pubkey")?,
            blsct: Some(blsct),
        })
    }
}

impl<'a> RawBlsct<'a> {
    fn read(
        reader: &mut Reader<'a>,
        flags: Option<OutputFlags>,
        fields: OutputFlags,
    ) -> Result<Self, FieldError> {
        let mut key = |flag, name| optional(fields.has(flag), || string(reader, name));
        let keys = [
            key(OutputFlags::EPHEMERAL_KEY, "ephemeral key")?,
            key(OutputFlags::OUTPUT_KEY, "output key")?,
            key(OutputFlags::SPENDING_KEY, "spending key")?,
        ];
        Ok(Self {
            flags,
            keys,
            proof: optional(fields.has(OutputFlags::BULLETPROOF), || {
                RawProof::read(reader).map(Some)
            })?,
            token_id: optional(fields.has(OutputFlags::TOKEN_ID), || {
                reader.array("token id")
            })?,
            token_sub_id: if fields.has(OutputFlags::TOKEN_SUB_ID) {
                reader.u64("token sub id")?
            } else {
                u64::MAX
            },
            data: optional(fields.has(OutputFlags::DATA), || {
                string(reader, "output data")
            })?,
        })
    }
}

/// What `read` reads if it is `there`, or else nothing.
fn optional<T: Default>(
    there: bool,
    read: impl FnOnce() -> Result<T, FieldError>,
) -> Result<T, FieldError> {
    if there { read() } else { Ok(T::default()) }
}

impl<'a> RawProof<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        let mut list = || WitnessView::read_as(reader, "bulletproof points", "bulletproof point");
        let lists = [list()?, list()?, list()?];
        let mut point = || string(reader, "bulletproof point");
        let points = [point()?, point()?, point()?, point()?];
        let mut scalar = || string(reader, "bulletproof scalar");
        let scalars = [scalar()?, scalar()?, scalar()?, scalar()?, scalar()?];
        Ok(Self {
            lists,
            points,
            scalars,
        })
    }

    fn to_owned(&self, share: impl Fn(&[u8]) -> Bytes) -> Bulletproof {
        let [commitments, left, right] = &self.lists;
        let all = |list: &WitnessView<'_>| list.iter().map(&share).collect();
        Bulletproof {
            commitments: all(commitments),
            left: all(left),
            right: all(right),
            points: self.points.map(&share),
            scalars: self.scalars.map(&share),
        }
    }
}

impl TxOut {
    /// The output at the reader's position, whose parts `share` makes owned.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        share: impl Fn(&[u8]) -> Bytes,
    ) -> Result<Self, FieldError> {
        let raw = RawOutput::read(reader)?;
        let blsct = raw.blsct.map(|blsct| {
            let [ephemeral_key, output_key, spending_key] = blsct.keys.map(&share);
            let proof = blsct.proof.map(|proof| proof.to_owned(&share));
            Blsct {
                flags: blsct.flags,
                ephemeral_key,
                output_key,
                spending_key,
                bulletproof: proof.unwrap_or_default(),
                token_id: blsct.token_id,
                token_sub_id: blsct.token_sub_id,
                data: share(blsct.data),
            }
        });
        Ok(Self {
            value: raw.value,
            script_pubkey: share(raw.script_pubkey),
            blsct,
        })
    }

    /// Whether it has an encoding: an amount below zero has none in Bitcoin's layout, where the sign is taken, and the
    /// flags must be flags and not the marker.
    pub(super) fn is_encodable(&self) -> bool {
        match &self.blsct {
            None => self.value >= 0,
            Some(blsct) => blsct
                .flags
                .is_none_or(|flags| flags.has(OutputFlags::FLAGGED) && flags.0 != MARKER),
        }
    }

    /// Appends the output.
    pub(super) fn encode(&self, writer: &mut Writer<'_>) {
        match &self.blsct {
            None => writer.i64(self.value),
            Some(blsct) => blsct.encode(self.value, writer),
        }
        writer.var_bytes(&self.script_pubkey);
    }
}

impl Blsct {
    fn encode(&self, value: i64, writer: &mut Writer<'_>) {
        writer.u64(self.flags.map_or(MARKER, |flags| flags.0));
        let fields = self.flags.unwrap_or(OutputFlags::MARKED);
        if fields.has(OutputFlags::VALUE) {
            writer.i64(value);
        }
        for (flag, key) in [
            (OutputFlags::EPHEMERAL_KEY, &self.ephemeral_key),
            (OutputFlags::OUTPUT_KEY, &self.output_key),
            (OutputFlags::SPENDING_KEY, &self.spending_key),
        ] {
            if fields.has(flag) {
                writer.var_bytes(key);
            }
        }
        if fields.has(OutputFlags::BULLETPROOF) {
            self.bulletproof.encode(writer);
        }
        if fields.has(OutputFlags::TOKEN_ID) {
            writer.bytes(&self.token_id);
        }
        if fields.has(OutputFlags::TOKEN_SUB_ID) {
            writer.u64(self.token_sub_id);
        }
        if fields.has(OutputFlags::DATA) {
            writer.var_bytes(&self.data);
        }
    }
}

impl Bulletproof {
    fn encode(&self, writer: &mut Writer<'_>) {
        for list in [&self.commitments, &self.left, &self.right] {
            writer.size(list.len());
            for point in list {
                writer.var_bytes(point);
            }
        }
        for part in self.points.iter().chain(&self.scalars) {
            writer.var_bytes(part);
        }
    }
}
