//! Transactions: Bitcoin's with a time in front, and up to three strings behind.

use alloc::vec::Vec;

use bytes::Bytes;

use super::output::TxOut;
use crate::wire::transaction::{string, write_inputs, write_witnesses};
use crate::wire::{
    DecodeErrorKind, FieldError, Reader, TxEncoding, TxFormat, TxIn, TxView, Txid, Writer, Wtxid,
    sha256d,
};

/// What follows the lock time, borrowed from its bytes. The version tells which of them there are.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::wire) struct Trailer<'a> {
    str_dzeel: &'a [u8],
    balance_sig: &'a [u8],
    tx_sig: &'a [u8],
}

impl<'a> Trailer<'a> {
    pub(in crate::wire) fn read(reader: &mut Reader<'a>, version: i32) -> Result<Self, FieldError> {
        let mut part = |there: bool, name| {
            if there {
                string(reader, name)
            } else {
                Ok(&[][..])
            }
        };
        Ok(Self {
            str_dzeel: part(has_str_dzeel(version), "strDZeel")?,
            balance_sig: part(has_balance_sig(version), "balance signature")?,
            tx_sig: part(has_tx_sig(version), "transaction signature")?,
        })
    }
}

const fn has_str_dzeel(version: i32) -> bool {
    version >= 2
}

const fn has_balance_sig(version: i32) -> bool {
    version & (Transaction::BLS_INPUT | Transaction::BLS_CT) != 0
}

const fn has_tx_sig(version: i32) -> bool {
    version & Transaction::BLS_INPUT != 0
}

/// A transaction in parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transaction {
    /// The version: a kind of transaction in the lower bits (2 and 3 have a `strDZeel`, 4 is a proposal, 5 a payment
    /// request, 6 a consultation, 7 an answer, 8 a vote), and flags from 16 on.
    pub version: i32,
    /// When it was made, in seconds since the Unix epoch.
    pub time: u32,
    /// What it spends.
    pub inputs: Vec<TxIn>,
    /// What it makes.
    pub outputs: Vec<TxOut>,
    /// The earliest block height or time at which it may be mined; 0 for any.
    pub lock_time: u32,
    /// `strDZeel`: text, or JSON of the community fund. Written from version 2 on.
    pub str_dzeel: Bytes,
    /// BLS signature of the balance. Written where the version has one of the flags.
    pub balance_sig: Bytes,
    /// BLS signature of the inputs. Written where the version has [`BLS_INPUT`](Self::BLS_INPUT).
    pub tx_sig: Bytes,
}

impl Transaction {
    /// Flag in the version: it spends BLS outputs (Navcoin Core's `TX_BLS_INPUT_FLAG`).
    pub const BLS_INPUT: i32 = 0x10;
    /// Flag in the version: it makes BLS outputs (Navcoin Core's `TX_BLS_CT_FLAG`).
    pub const BLS_CT: i32 = 0x20;

    /// The parts of `view`, which share one copy of its bytes; `None` if it is not of NavCoin's layout.
    #[must_use]
    pub fn from_view(view: &TxView) -> Option<Self> {
        if view.format() != TxFormat::NavCoin {
            return None;
        }
        // Cannot fail: the view was read before.
        Self::take(&view.detached()).ok()
    }

    fn take(view: &TxView) -> Result<Self, FieldError> {
        let share = |part: &[u8]| view.bytes().slice_ref(part);
        let layout = view.layout();
        let mut outputs = view.reader(layout.outputs());
        let count = outputs.compact_size("outputs")?;
        let outputs = (0..count).map(|_| TxOut::read(&mut outputs, share));
        let outputs = outputs.collect::<Result<_, _>>()?;
        let mut end = view.reader(layout.lock_time());
        let lock_time = end.u32("lock_time")?;
        let trailer = Trailer::read(&mut end, view.version())?;
        Ok(Self {
            version: view.version(),
            time: view.time().unwrap_or_default(),
            inputs: TxIn::all_of(view),
            outputs,
            lock_time,
            str_dzeel: share(trailer.str_dzeel),
            balance_sig: share(trailer.balance_sig),
            tx_sig: share(trailer.tx_sig),
        })
    }

    /// Whether any input has a witness.
    #[must_use]
    pub fn has_witness(&self) -> bool {
        self.inputs.iter().any(|input| !input.witness.is_empty())
    }

    /// Appends the transaction. [`TxEncoding::Witness`] makes a difference only where there is a witness.
    pub fn encode(&self, encoding: TxEncoding, writer: &mut Writer<'_>) {
        let with_witness = encoding != TxEncoding::Base && self.has_witness();
        writer.i32(self.version);
        writer.u32(self.time);
        write_inputs(&self.inputs, with_witness, writer);
        writer.size(self.outputs.len());
        for output in &self.outputs {
            output.encode(writer);
        }
        if with_witness {
            write_witnesses(&self.inputs, writer);
        }
        writer.u32(self.lock_time);
        for (there, part) in [
            (has_str_dzeel(self.version), &self.str_dzeel),
            (has_balance_sig(self.version), &self.balance_sig),
            (has_tx_sig(self.version), &self.tx_sig),
        ] {
            if there {
                writer.var_bytes(part);
            }
        }
    }

    /// The encoded transaction.
    #[must_use]
    pub fn to_bytes(&self, encoding: TxEncoding) -> Bytes {
        let mut bytes = Vec::new();
        self.encode(encoding, &mut Writer::new(&mut bytes));
        bytes.into()
    }

    /// The view over the encoded transaction, which is what messages carry.
    ///
    /// # Errors
    ///
    /// Transactions without an encoding: outputs but no inputs, which BIP144 cannot tell from its marker; an output of
    /// Bitcoin's layout with an amount below zero, or with flags that are none.
    pub fn to_view(&self) -> Result<TxView, FieldError> {
        self.check_encodable()?;
        TxView::from_bytes(self.to_bytes(TxEncoding::Witness), TxFormat::NavCoin)
    }

    pub(super) fn check_encodable(&self) -> Result<(), FieldError> {
        let invalid = |field| FieldError::new(field, DecodeErrorKind::InvalidValue { value: 0 });
        if self.inputs.is_empty() && !self.outputs.is_empty() {
            return Err(invalid("inputs"));
        }
        if !self.outputs.iter().all(TxOut::is_encodable) {
            return Err(invalid("outputs"));
        }
        Ok(())
    }

    /// The id: hash of the encoding without witness, time and signatures included.
    #[must_use]
    pub fn txid(&self) -> Txid {
        Txid::from_bytes(sha256d(&self.to_bytes(TxEncoding::Base)))
    }

    /// The witness id (BIP141): hash of the encoding with witness.
    #[must_use]
    pub fn wtxid(&self) -> Wtxid {
        Wtxid::from_bytes(sha256d(&self.to_bytes(TxEncoding::Witness)))
    }
}
