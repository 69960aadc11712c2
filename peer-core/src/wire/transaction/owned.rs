//! [`Transaction`]: the owned form, to build and to change.

use alloc::vec::Vec;

use bytes::Bytes;

use super::item::OutPoint;
use super::layout::WITNESS_FLAG;
use super::view::TxView;
use crate::wire::{
    DecodeErrorKind, FieldError, TxEncoding, TxFormat, Txid, Writer, Wtxid, sha256d,
};

/// A transaction in parts, Bitcoin's layout.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transaction {
    /// The version, which decides over the meaning of lock times (BIP68).
    pub version: i32,
    /// What it spends.
    pub inputs: Vec<TxIn>,
    /// What it makes.
    pub outputs: Vec<TxOut>,
    /// The earliest block height or time at which it may be mined; 0 for any.
    pub lock_time: u32,
}

/// An input of a [`Transaction`], with its witness.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TxIn {
    /// The output that it spends.
    pub previous_output: OutPoint,
    /// The script that unlocks it; empty where a witness does.
    pub script_sig: Bytes,
    /// Replacement and relative lock time (BIP125, BIP68).
    pub sequence: u32,
    /// The witness stack from the bottom to the top (BIP141).
    pub witness: Vec<Bytes>,
}

/// An output of a [`Transaction`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TxOut {
    /// Amount in satoshi.
    pub value: i64,
    /// The script that locks it.
    pub script_pubkey: Bytes,
}

impl TxIn {
    /// The inputs of `view` with their witnesses, which share its bytes.
    pub(in crate::wire) fn all_of(view: &TxView) -> Vec<Self> {
        let share = |part: &[u8]| view.bytes().slice_ref(part);
        let inputs = view.inputs().zip(view.witnesses());
        inputs
            .map(|(input, witness)| Self {
                previous_output: input.previous_output,
                script_sig: share(input.script_sig),
                sequence: input.sequence,
                witness: witness.iter().map(share).collect(),
            })
            .collect()
    }
}

/// Marker and flags if there is a witness to come, and the inputs.
pub(in crate::wire) fn write_inputs(inputs: &[TxIn], with_witness: bool, writer: &mut Writer<'_>) {
    if with_witness {
        writer.bytes(&[0, WITNESS_FLAG]);
    }
    writer.size(inputs.len());
    for input in inputs {
        input.previous_output.write(writer);
        writer.var_bytes(&input.script_sig);
        writer.u32(input.sequence);
    }
}

/// The witness of each input.
pub(in crate::wire) fn write_witnesses(inputs: &[TxIn], writer: &mut Writer<'_>) {
    for input in inputs {
        writer.size(input.witness.len());
        for item in &input.witness {
            writer.var_bytes(item);
        }
    }
}

impl Transaction {
    /// The parts of `view`, whose bytes the scripts share.
    pub(super) fn from_view(view: &TxView) -> Self {
        let share = |part: &[u8]| view.bytes().slice_ref(part);
        let outputs = view.outputs().map(|output| TxOut {
            value: output.value,
            script_pubkey: share(output.script_pubkey),
        });
        Self {
            version: view.version(),
            inputs: TxIn::all_of(view),
            outputs: outputs.collect(),
            lock_time: view.lock_time(),
        }
    }

    /// Whether any input has a witness.
    #[must_use]
    pub fn has_witness(&self) -> bool {
        self.inputs.iter().any(|input| !input.witness.is_empty())
    }

    /// Appends the transaction. The encoding makes a difference only where there is a witness.
    pub fn encode(&self, encoding: TxEncoding, writer: &mut Writer<'_>) {
        let with_witness = encoding != TxEncoding::Base && self.has_witness();
        writer.i32(self.version);
        write_inputs(&self.inputs, with_witness, writer);
        writer.size(self.outputs.len());
        for output in &self.outputs {
            writer.i64(output.value);
            writer.var_bytes(&output.script_pubkey);
        }
        if with_witness {
            write_witnesses(&self.inputs, writer);
        }
        writer.u32(self.lock_time);
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
    /// The one transaction without an encoding: outputs but no inputs, which BIP144 cannot tell from its marker.
    pub fn to_view(&self) -> Result<TxView, FieldError> {
        self.check_encodable()?;
        TxView::from_bytes(self.to_bytes(TxEncoding::Witness), TxFormat::Bitcoin)
    }

    pub(in crate::wire) fn check_encodable(&self) -> Result<(), FieldError> {
        if self.inputs.is_empty() && !self.outputs.is_empty() {
            return Err(FieldError::new(
                "inputs",
                DecodeErrorKind::InvalidValue { value: 0 },
            ));
        }
        Ok(())
    }

    /// The id: hash of the encoding without witness.
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
