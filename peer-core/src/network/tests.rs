use super::*;
use crate::wire::TxEncoding;

#[test]
fn presets_by_name() {
    for network in Network::ALL {
        assert_eq!(Network::by_name(network.name), Some(network));
    }
    assert_eq!(Network::by_name("bitcoin"), Some(&Network::MAINNET));
    assert_eq!(Network::by_name("navcoin-mainnet"), Some(&Network::NAVCOIN));
    assert_eq!(
        Network::by_name("litecoin-mainnet"),
        Some(&Network::LITECOIN)
    );
    assert_eq!(Network::by_name("-mainnet"), None);
    assert_eq!(Network::by_name("nonet"), None);
}

/// The challenge of the default signet and the magic that follows from it, both from BIP325 and Core's parameters.
#[test]
fn signet_magic_follows_from_the_challenge() {
    let challenge: [u8; 71] = [
        0x51, 0x21, 0x03, 0xad, 0x5e, 0x0e, 0xda, 0xd1, 0x8c, 0xb1, 0xf0, 0xfc, 0x0d, 0x28, 0xa3,
        0xd4, 0xf1, 0xf3, 0xe4, 0x45, 0x64, 0x03, 0x37, 0x48, 0x9a, 0xbb, 0x10, 0x40, 0x4f, 0x2d,
        0x1e, 0x08, 0x6b, 0xe4, 0x30, 0x21, 0x03, 0x59, 0xef, 0x50, 0x21, 0x96, 0x4f, 0xe2, 0x2d,
        0x6f, 0x8e, 0x05, 0xb2, 0x46, 0x3c, 0x95, 0x40, 0xce, 0x96, 0x88, 0x3f, 0xe3, 0xb2, 0x78,
        0x76, 0x0f, 0x04, 0x8f, 0x51, 0x89, 0xf2, 0xe6, 0xc4, 0x52, 0xae,
    ];
    let network = Network::custom_signet(&challenge);
    assert_eq!(network.magic, Network::SIGNET.magic);
    assert_eq!(network.genesis, Network::SIGNET.genesis);
}

/// btcd's fault 27: the length before a challenge of 253 bytes or more takes three bytes or five. The magics of challenges
/// that are `OP_1` so many times, computed apart from the rule of BIP325.
#[test]
fn signets_may_have_long_challenges() {
    for (length, magic) in [
        (252, [0xff, 0x52, 0xc2, 0x07]),
        (253, [0xae, 0x28, 0x54, 0x78]),
        (300, [0xfd, 0x75, 0xbd, 0xc1]),
        (65_535, [0x80, 0x1f, 0xfd, 0x8e]),
        (65_536, [0xa3, 0x13, 0xad, 0xa9]),
    ] {
        let challenge = alloc::vec![0x51; length];
        assert_eq!(Network::custom_signet(&challenge).magic, magic, "{length}");
    }
}

#[test]
fn litecoin_has_no_feature_message() {
    assert_eq!(Network::LITECOIN.gates.feature, NEVER);
    assert_eq!(Network::LITECOIN_REGTEST.gates.feature, NEVER);
    assert_eq!(Network::LITECOIN_REGTEST.max_payload, 32_000_000);
}

#[test]
fn inventory_numbers_go_both_ways() {
    for numbering in [
        InvNumbering::Bitcoin,
        InvNumbering::Litecoin,
        InvNumbering::NavCoin,
    ] {
        for low in 0..16 {
            for number in [low, low | 1 << 30, low | 1 << 29, low | 3 << 29] {
                let kind = numbering.kind(number);
                assert_eq!(numbering.number(kind), Some(number));
            }
        }
    }
}

/// The same number, two meanings; the same meaning, two numbers or none.
#[test]
fn inventory_numbers_depend_on_the_network() {
    assert_eq!(InvNumbering::Bitcoin.kind(5), InvKind::Wtx);
    assert_eq!(InvNumbering::Litecoin.kind(5), InvKind::Wtx);
    assert_eq!(InvNumbering::NavCoin.kind(5), InvKind::DandelionAggSession);
    assert_eq!(InvNumbering::Bitcoin.kind(9), InvKind::Other(9));
    assert_eq!(InvNumbering::NavCoin.kind(9), InvKind::DandelionTx);
    assert_eq!(InvNumbering::Litecoin.kind(0x6000_0002), InvKind::MwebBlock);
    assert_eq!(InvNumbering::Bitcoin.number(InvKind::MwebBlock), None);
    assert_eq!(InvNumbering::NavCoin.number(InvKind::Wtx), None);
    assert_eq!(InvNumbering::Bitcoin.number(InvKind::CompactBlock), Some(4));
    assert_eq!(InvNumbering::NavCoin.number(InvKind::CompactBlock), Some(8));
    let filtered_witness = InvKind::FilteredWitnessBlock;
    assert_eq!(
        InvNumbering::Bitcoin.number(filtered_witness),
        Some(0x4000_0003)
    );
    assert_eq!(
        InvNumbering::NavCoin.number(filtered_witness),
        Some(0x4000_0007)
    );
}

/// As litecoind answered three peers: see `tests/data/mweb`. Blocks by what was asked for, transactions by what the
/// peer offers.
#[test]
fn encodings_of_what_is_asked_for() {
    let (plain, mweb) = (ServiceFlags::WITNESS, ServiceFlags::MWEB);
    let (base, witness, full) = (TxEncoding::Base, TxEncoding::Witness, TxEncoding::Full);
    for (kind, to_plain, to_mweb) in [
        (InvKind::Tx, base, base),
        (InvKind::Wtx, witness, full),
        (InvKind::WitnessTx, witness, full),
        (InvKind::MwebTx, witness, full),
        (InvKind::Block, base, base),
        (InvKind::WitnessBlock, witness, witness),
        (InvKind::MwebBlock, full, full),
    ] {
        assert_eq!(kind.encoding(plain), Some(to_plain), "{kind:?}");
        assert_eq!(kind.encoding(plain | mweb), Some(to_mweb), "{kind:?}");
    }
    assert_eq!(InvKind::CompactBlock.encoding(mweb), None);
    assert_eq!(InvKind::Other(77).encoding(mweb), None);
}
