//! NavCoin's objects: the two genesis blocks, which are real, and the composed ones, whose fields are what the file says
//! beside them. Owned forms are written again to the same bytes.

use bytes::Bytes;
use peer_core::message::{
    AggregationSession, EncodeErrorKind, EncryptedCandidate, InvKind, Message, MessageKind,
    TxEncoding,
};
use peer_core::network::{Network, ServiceFlags};
use peer_core::wire::navcoin::{Block, Blsct, Bulletproof, OutputFlags, Transaction, TxOut};
use peer_core::wire::{
    BlockView, DecodeErrorKind, OutPoint, TxFormat, TxIn, TxView, Txid, sha256d,
};

use crate::samples::{Sample, codec_for, sample, samples, unhex};

fn transaction(name: &str) -> TxView {
    match sample(&format!("tx: {name}")).message() {
        Message::Tx(tx) => tx,
        other => panic!("{other:?}"),
    }
}

fn of(byte: u8, count: usize) -> Bytes {
    vec![byte; count].into()
}

fn navcoin_samples() -> impl Iterator<Item = Sample> {
    let mut samples = samples();
    samples.retain(|sample| sample.codec().network == &Network::NAVCOIN);
    samples.into_iter()
}

#[test]
fn genesis_blocks() {
    let text = include_str!("../data/navcoin/genesis.json");
    let told: serde_json::Value = serde_json::from_str(text).unwrap();
    for (name, time) in [("main", 1_460_561_040), ("test", 1_636_218_999)] {
        let field = |field: &str| told[name][field].as_str().unwrap();
        let block = BlockView::from_bytes(unhex(field("block")), TxFormat::NavCoin).unwrap();
        assert_eq!(block.header().to_bytes()[..], unhex(field("header")));
        assert_eq!(block.check_merkle_root(), Ok(()));
        let root = field("merkle_root");
        assert_eq!(block.compute_merkle_root().unwrap().to_string(), root);
        assert_eq!(block.tx_count(), 1);
        let coinbase = block.coinbase().unwrap();
        assert_eq!(coinbase.bytes()[..], unhex(field("transaction")));
        assert_eq!(coinbase.txid().to_string(), root);
        assert_eq!(coinbase.time(), Some(time));
        assert_eq!(block.signature(), Some(&[][..]));
        assert_eq!(block.check_witness_commitment(), Ok(()));
        let owned = Block::from_view(&block).unwrap();
        assert_eq!(owned.to_bytes(TxEncoding::Witness), *block.bytes());
        assert_eq!(owned.to_view().unwrap(), block);
        // Bitcoin's layout has no place for the time.
        assert!(BlockView::from_bytes(block.bytes().clone(), TxFormat::Bitcoin).is_err());
    }
}

#[test]
fn what_every_transaction_has() {
    let plain = transaction("plain");
    assert_eq!((plain.version(), plain.time()), (1, Some(1_460_561_040)));
    assert_eq!(plain.lock_time(), 42);
    let inputs: Vec<_> = plain.inputs().collect();
    assert_eq!(inputs.len(), 1);
    let txid = Txid::from_bytes([0xa1; 32]);
    assert_eq!(inputs[0].previous_output, OutPoint { txid, vout: 2 });
    assert_eq!(inputs[0].script_sig, [0x51, 0x52, 0x53]);
    assert_eq!(inputs[0].sequence, 0xffff_fffe);
    let outputs: Vec<_> = plain
        .outputs()
        .map(|output| (output.value, output.script_pubkey))
        .collect();
    let expected = [(100_000_000, &[0x51][..]), (i64::MAX, &[])];
    assert_eq!(outputs, expected);
    assert!(!plain.has_witness());
    assert_eq!(plain.txid().to_bytes(), sha256d(plain.bytes()));
    assert_eq!(plain.wtxid().to_bytes(), plain.txid().to_bytes());
    let owned = Transaction::from_view(&plain).unwrap();
    let blsct: Vec<_> = owned.outputs.iter().map(|output| &output.blsct).collect();
    assert_eq!(blsct, [&None, &None]);
    assert!(owned.str_dzeel.is_empty());
    // Bitcoin's parts cannot hold it.
    assert_eq!(plain.to_transaction(), None);
}

#[test]
fn str_dzeel_and_witness() {
    let view = transaction("with a strDZeel");
    let owned = Transaction::from_view(&view).unwrap();
    assert_eq!(owned.str_dzeel[..], *b"hello dzeel");
    assert!(owned.balance_sig.is_empty() && owned.tx_sig.is_empty());
    // It is part of what is hashed.
    assert_eq!(view.txid().to_bytes(), sha256d(view.bytes()));

    let view = transaction("with a witness and a strDZeel");
    let witness: Vec<Vec<_>> = view.witnesses().map(|w| w.iter().collect()).collect();
    assert_eq!(witness, [[&[0x77; 3][..], &[]]]);
    assert_eq!(view.lock_time(), 7);
    // Without marker, flags and witness.
    let all = view.bytes();
    let base = [&all[..8], &all[10..64], &all[70..]].concat();
    assert_eq!(view.without_witness(), base);
    assert_eq!(view.txid().to_bytes(), sha256d(&base));
    assert_eq!(view.wtxid().to_bytes(), sha256d(all));
    let owned = Transaction::from_view(&view).unwrap();
    assert_eq!(owned.str_dzeel[..], *b"{}");
    assert_eq!(owned.to_bytes(TxEncoding::Base), base);
    assert_eq!(owned.txid(), view.txid());
    assert_eq!(owned.wtxid(), view.wtxid());
}

#[test]
fn corner_cases_are_those_of_its_nodes() {
    let nothing = transaction("a witness of nothing");
    assert!(nothing.has_witness());
    assert_eq!(
        nothing.witnesses().map(|w| w.len()).collect::<Vec<_>>(),
        [0]
    );
    let neither = transaction("of neither inputs nor outputs");
    assert_eq!(neither.inputs().len(), 0);
    assert_eq!(neither.outputs().len(), 0);
    let mut unknown_flag = transaction("with a witness and a strDZeel")
        .bytes()
        .to_vec();
    for flag in [2, 3, 8] {
        unknown_flag[9] = flag;
        let view = TxView::from_bytes(unknown_flag.clone().into(), TxFormat::NavCoin);
        let error = view.unwrap_err();
        let value = flag.into();
        assert_eq!(
            (error.field, error.kind),
            ("flags", DecodeErrorKind::InvalidValue { value })
        );
    }
}

#[test]
fn confidential_outputs() {
    let view = transaction("confidential, in both encodings");
    let common: Vec<_> = view
        .outputs()
        .map(|output| (output.value, output.script_pubkey))
        .collect();
    let expected = [(1_000_000, &[0x51][..]), (0, &[]), (200_000, &[0x6a])];
    assert_eq!(common, expected);
    let owned = Transaction::from_view(&view).unwrap();
    assert_eq!(
        owned.version,
        3 | Transaction::BLS_INPUT | Transaction::BLS_CT
    );
    assert!(owned.str_dzeel.is_empty());
    assert_eq!(owned.balance_sig, of(0x51, 96));
    assert_eq!(owned.tx_sig, of(0x52, 96));
    assert_eq!(owned.outputs[2].blsct, None);
    let [flagged, marked, ..] = &owned.outputs[..] else {
        panic!("three outputs");
    };
    assert_eq!(
        flagged.blsct,
        Some(Blsct {
            flags: Some(OutputFlags(OutputFlags::FLAGGED | 0xff)),
            ephemeral_key: of(0x11, 48),
            output_key: of(0x12, 48),
            spending_key: of(0x13, 48),
            bulletproof: Bulletproof {
                commitments: vec![of(0x21, 48)],
                left: vec![of(0x22, 48), of(0x23, 48)],
                right: vec![of(0x24, 48), of(0x25, 48)],
                points: [of(0x26, 48), of(0x27, 48), of(0x28, 48), of(0x29, 48)],
                scalars: [
                    of(0x31, 32),
                    of(0x32, 32),
                    of(0x33, 32),
                    of(0x34, 31),
                    of(0x35, 32)
                ],
            },
            token_id: [0x41; 32],
            token_sub_id: 9,
            data: Bytes::from_static(b"data"),
        })
    );
    let blsct = marked.blsct.as_ref().unwrap();
    assert_eq!(blsct.flags, None);
    assert_eq!(blsct.spending_key, of(0x16, 48));
    assert_eq!(blsct.bulletproof.commitments, [of(0x2a, 48)]);
    assert!(blsct.bulletproof.left.is_empty());
    assert_eq!(blsct.bulletproof.scalars[4], of(0x3a, 32));
    assert_eq!((blsct.token_id, blsct.token_sub_id), ([0; 32], u64::MAX));
    assert!(blsct.data.is_empty());
}

#[test]
fn outputs_have_the_fields_that_their_flags_name() {
    let view = transaction("a balance signature alone");
    let owned = Transaction::from_view(&view).unwrap();
    assert_eq!(owned.balance_sig, of(0x53, 96));
    assert!(owned.tx_sig.is_empty());
    let [data, none, unknown] = &owned.outputs[..] else {
        panic!("three outputs");
    };
    assert_eq!(data.value, 15);
    let blsct = data.blsct.as_ref().unwrap();
    assert_eq!(blsct.data[..], [0xde, 0xad]);
    assert!(blsct.ephemeral_key.is_empty());
    assert_eq!(blsct.bulletproof, Bulletproof::default());
    assert_eq!(none.value, 0);
    let flags = |output: &TxOut| output.blsct.as_ref().unwrap().flags;
    assert_eq!(flags(none), Some(OutputFlags(1 << 63)));
    assert_eq!(flags(unknown), Some(OutputFlags(3 << 62 | 0x100)));
    assert_eq!(unknown.script_pubkey[..], [0x53]);
}

/// Whatever is taken apart is put together again.
#[test]
fn owned_forms_are_the_bytes_they_came_from() {
    let (mut transactions, mut blocks) = (0, 0);
    for sample in navcoin_samples() {
        match sample.message() {
            Message::Tx(view) | Message::DandelionTx(view) => {
                let owned = Transaction::from_view(&view).unwrap();
                transactions += 1;
                if sample.name == "tx: a witness of nothing" {
                    // Parts cannot say that there is a witness of nothing.
                    assert_eq!(owned.to_bytes(TxEncoding::Witness), view.without_witness());
                    continue;
                }
                assert_eq!(owned.to_bytes(TxEncoding::Witness), *view.bytes());
                assert_eq!(owned.to_bytes(TxEncoding::Base), view.without_witness());
                assert_eq!(owned.to_view().unwrap(), view);
                assert_eq!(owned.txid(), view.txid());
            }
            Message::Block(view) => {
                let owned = Block::from_view(&view).unwrap();
                assert_eq!(owned.to_bytes(TxEncoding::Witness), *view.bytes());
                assert_eq!(owned.to_view().unwrap(), view);
                blocks += 1;
            }
            _ => {}
        }
    }
    assert_eq!((transactions, blocks), (8, 1));
}

#[test]
fn parts_without_an_encoding() {
    let mut owned = Transaction::from_view(&transaction("plain")).unwrap();
    let refused = |change: &dyn Fn(&mut Transaction)| {
        let mut changed = owned.clone();
        change(&mut changed);
        changed.to_view().unwrap_err().field
    };
    assert_eq!(refused(&|tx| tx.inputs.clear()), "inputs");
    assert_eq!(refused(&|tx| tx.outputs[0].value = -1), "outputs");
    let blsct = Transaction::from_view(&transaction("a balance signature alone")).unwrap();
    let blsct = blsct.outputs[0].blsct.clone().unwrap();
    for flags in [0, 0x0f, u64::MAX] {
        let flags = Some(OutputFlags(flags));
        let blsct = Blsct {
            flags,
            ..blsct.clone()
        };
        let refused = refused(&|tx| tx.outputs[0].blsct = Some(blsct.clone()));
        assert_eq!(refused, "outputs");
    }
    // An input may be built like Bitcoin's.
    owned.inputs.push(TxIn {
        previous_output: OutPoint::NULL,
        script_sig: Bytes::new(),
        sequence: 0,
        witness: vec![Bytes::from_static(b"w")],
    });
    assert!(owned.to_view().unwrap().has_witness());
}

#[test]
fn a_staked_block() {
    let Message::Block(block) = sample("block: staked").message() else {
        panic!("no block");
    };
    assert_eq!(block.tx_count(), 2);
    assert_eq!(block.signature(), Some(&[0x61; 71][..]));
    assert_eq!(block.tail().len(), 72);
    let header = block.header();
    assert_eq!(header.version, 7);
    let hash = Network::NAVCOIN.block_hash(&header).unwrap();
    assert_eq!(hash.to_bytes(), sha256d(&block.bytes()[..80]));
    let stake: Vec<_> = block.transactions().skip(1).collect();
    let empty = stake[0].outputs().next().unwrap();
    assert_eq!((empty.value, empty.script_pubkey), (0, &[][..]));
    // The signature belongs to the block whichever encoding.
    assert_eq!(block.without_witness(), *block.bytes());
    assert_eq!(block.to_block(), None);
}

#[test]
fn what_lists_say() {
    let Message::Headers(headers) = sample("headers: two, of eighty-two bytes each").message()
    else {
        panic!("no headers");
    };
    let times: Vec<_> = headers.iter().map(|header| header.time).collect();
    assert_eq!(times, [0x6000_0001, 0x6000_0002]);

    let kinds = |name: &str| match sample(name).message() {
        Message::Inv(list) | Message::GetData(list) => {
            list.iter().map(|item| item.kind).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(
        kinds("inv: of every kind"),
        [
            InvKind::Tx,
            InvKind::Block,
            InvKind::DandelionEncCand,
            InvKind::EncCand,
            InvKind::DandelionAggSession,
            InvKind::AggSession,
            InvKind::FilteredBlock,
            InvKind::CompactBlock,
            InvKind::DandelionTx,
        ]
    );
    assert_eq!(
        kinds("getdata: with witness flags"),
        [
            InvKind::WitnessTx,
            InvKind::WitnessBlock,
            InvKind::FilteredWitnessBlock,
            InvKind::DandelionWitnessTx,
        ]
    );
}

#[test]
fn compact_blocks_end_with_the_signature() {
    let Message::CmpctBlock(block) = sample("cmpctblock: with a signature").message() else {
        panic!("no cmpctblock");
    };
    assert_eq!(block.tx_count(), 2);
    assert_eq!(block.nonce, 0x0102_0304_0506_0708);
    assert_eq!(
        block.short_ids.get(0).unwrap().0,
        [0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6]
    );
    assert_eq!(block.tail[..], [&[0x47][..], &[0x61; 71]].concat());
    let prefilled = block.prefilled.iter().next().unwrap();
    assert!(prefilled.transaction.is_coinbase());
    assert_eq!(prefilled.transaction.time(), Some(0x6000_0000));
    let Message::BlockTxn(answer) = sample("blocktxn: one").message() else {
        panic!("no blocktxn");
    };
    let answer = Transaction::from_view(&answer.transactions.iter().next().unwrap()).unwrap();
    assert_eq!(answer.str_dzeel[..], *b"stake");
}

#[test]
fn sessions_and_candidates() {
    let session = |name: &str| match sample(name).message() {
        Message::AggSess(session) | Message::DAggSess(session) => *session,
        other => panic!("{other:?}"),
    };
    let candidate = |name: &str| match sample(name).message() {
        Message::EncCand(candidate) | Message::DanEncCand(candidate) => *candidate,
        other => panic!("{other:?}"),
    };
    let hidden_service = Bytes::from_static(b"aggregate.onion:80").into();
    assert_eq!(
        session("aggsess: version 1"),
        AggregationSession::HiddenService { hidden_service }
    );
    let public_key = of(0x71, 48);
    assert_eq!(
        session("aggsess: version 2"),
        AggregationSession::PublicKey { public_key }
    );
    let (public_key, data) = (of(0x72, 48), Bytes::from_static(b"{\"a\":1}"));
    assert_eq!(
        session("daggsess: version 3"),
        AggregationSession::PublicKeyAndData { public_key, data }
    );
    let unknown = session("daggsess: a version that nobody knows");
    assert_eq!(unknown, AggregationSession::Other { version: 9 });

    let with = candidate("enccand: with a session");
    assert_eq!(with.session_id, Some(of(0x74, 48)));
    assert_eq!(with.data, of(0x75, 5));
    let without = candidate("enccand: without a session");
    assert_eq!((without.session_id, without.data), (None, of(0x77, 49)));
    let empty = candidate("danenccand: with a session of no bytes");
    assert_eq!(
        (empty.session_id, empty.data),
        (Some(Bytes::new()), of(0x79, 3))
    );
    let last = candidate("danenccand: with a session");
    assert_eq!(
        (last.session_id, last.data),
        (Some(of(0x7b, 32)), Bytes::new())
    );
}

/// What would be read as something else is not sent.
#[test]
fn sessions_and_candidates_that_cannot_be_said() {
    let refused = |message: Message| {
        let codec = codec_for(message.kind().unwrap());
        let error = message.payload(&codec, TxEncoding::Witness).unwrap_err();
        error.kind
    };
    for version in 1..=3 {
        let session = AggregationSession::Other { version };
        let kind = refused(Message::AggSess(Box::new(session)));
        assert_eq!(kind, EncodeErrorKind::InvalidValue { field: "version" });
    }
    let candidate = |session_id, data| {
        Message::EncCand(Box::new(EncryptedCandidate {
            public_key: of(1, 48),
            session_id,
            data,
        }))
    };
    let kind = refused(candidate(None, of(2, 48)));
    assert_eq!(kind, EncodeErrorKind::InvalidValue { field: "data" });
    let kind = refused(candidate(Some(of(2, 49)), of(3, 100)));
    let (field, size, limit) = ("session id", 49, 48);
    assert_eq!(kind, EncodeErrorKind::SizeAboveLimit { field, size, limit });
}

/// A node that says `version` as 7.0.3 does.
#[test]
fn version_of_a_node() {
    let Message::Version(version) = sample("version: as a node says it").message() else {
        panic!("no version");
    };
    assert_eq!(version.version, 80_021);
    let services = ServiceFlags::NETWORK | ServiceFlags::BLOOM | ServiceFlags::WITNESS;
    assert_eq!(version.services, services);
    assert_eq!(version.receiver.to_string(), "127.0.0.1:44440");
    assert_eq!(version.start_height, 123_456);
}

/// Claims in a proof are not believed.
#[test]
fn claims_in_a_proof_are_refused() {
    let bytes = transaction("confidential, in both encodings")
        .bytes()
        .clone();
    // The count of V is behind version, time, input, count of outputs, flags, value and three keys.
    let at = 8 + 1 + 41 + 1 + 8 + 8 + 3 * 49;
    assert_eq!(bytes[at..at + 3], [1, 0x30, 0x21]);
    let mut claim = bytes[..at].to_vec();
    claim.extend([0xfe, 0xff, 0xff, 0xff, 0x01]);
    claim.extend(&bytes[at + 1..]);
    let error = TxView::from_bytes(claim.into(), TxFormat::NavCoin).unwrap_err();
    assert_eq!(error.field, "bulletproof points");
    assert!(matches!(error.kind, DecodeErrorKind::UnexpectedEnd { .. }));
    let kind = MessageKind::Tx;
    let error = Message::decode_as(
        kind,
        bytes.slice(..at + 20),
        &codec_for(MessageKind::AggSess),
    );
    assert_eq!(error.unwrap_err().field, "bulletproof point");
}
