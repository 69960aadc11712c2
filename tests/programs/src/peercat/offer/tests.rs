use super::*;
use crate::demo;
use crate::testing::{TX, TXID, WTXID};
use peer_core::network::{InvNumbering, Network};

const TIP: &str = "12de6a65a6a13c85ef4a26775ee5cc18df29a01ea18e68e3fc769d3042ed29ec";

fn config(network: Network) -> Config {
    Config::with_secret(network, [1; 32])
}

fn read(text: &str) -> Result<Offer, OfferError> {
    Offer::parse(text, &config(Network::REGTEST))
}

/// A file that is gone when nobody cares any more.
struct File(std::path::PathBuf);

impl File {
    fn with(contents: &[u8], name: &str) -> Self {
        let name = format!("peercat-offer-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, contents).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn transaction(rate: Option<u64>) -> Announcement {
    Announcement::Tx {
        txid: TXID.parse().unwrap(),
        wtxid: WTXID.parse().unwrap(),
        fee_rate: rate,
    }
}

#[test]
fn transactions_with_and_without_a_fee_rate() {
    let offer = read(&format!("tx:{TX}")).unwrap();
    assert_eq!(offer.announcement(), transaction(None));
    assert!(matches!(offer.object(), Some(Message::Tx(_))));
    let offer = read(&format!("tx:{TX}:1000")).unwrap();
    assert_eq!(offer.announcement(), transaction(Some(1_000)));
}

#[test]
fn files_hold_bytes_or_digits() {
    let bytes = request::hex(TX).unwrap();
    for (name, contents) in [
        ("raw", bytes.to_vec()),
        ("digits", TX.as_bytes().to_vec()),
        ("line", format!("{TX}\n").into_bytes()),
    ] {
        let file = File::with(&contents, name);
        let offer = read(&format!("tx:@{}", file.path())).unwrap();
        assert_eq!(offer.announcement(), transaction(None), "{name}");
        let offer = read(&format!("tx:@{}:7", file.path())).unwrap();
        assert_eq!(offer.announcement(), transaction(Some(7)), "{name}");
    }
}

#[test]
fn blocks_are_announced_by_their_header() {
    let chain = demo::chain();
    let block = chain.block(310).unwrap();
    let file = File::with(block.bytes(), "block");
    let offer = read(&format!("block:@{}", file.path())).unwrap();
    let Announcement::Block { header } = offer.announcement() else {
        panic!("{offer:?}");
    };
    assert_eq!(header.block_hash().to_string(), TIP);
    assert!(matches!(offer.object(), Some(Message::Block(_))));
}

#[test]
fn whatever_has_a_number_is_announced_by_name() {
    let hash: Hash = TIP.parse().unwrap();
    for (kind, meaning) in [
        ("tx", InvKind::Tx),
        ("wtx", InvKind::Wtx),
        ("block", InvKind::Block),
        ("99", InvKind::Other(99)),
    ] {
        let offer = read(&format!("inv:{kind}:{TIP}")).unwrap();
        let expected = Announcement::Item(InvVect::new(meaning, hash));
        assert_eq!(offer.announcement(), expected);
        assert!(offer.object().is_none());
    }
}

#[test]
fn what_is_wrong_is_said() {
    let refused = |text: &str| read(text).unwrap_err();
    let form = |text: &str| OfferError::Form(text.to_owned());
    assert_eq!(refused(""), form(""));
    assert_eq!(refused("tx"), form("tx"));
    assert_eq!(refused("feefilter:1"), form("feefilter:1"));
    assert_eq!(refused("inv:tx"), form("inv:tx"));
    assert_eq!(refused("tx:0g"), OfferError::Hex("0g".to_owned()));
    assert_eq!(
        refused(&format!("tx:{TX}:cheap")),
        OfferError::FeeRate("cheap".to_owned())
    );
    assert!(matches!(refused("inv:tx:12"), OfferError::Hash(..)));
    assert!(matches!(
        refused("inv:txn:12"),
        OfferError::Request(RequestError::Type(_))
    ));
    assert!(matches!(
        refused("block:@/no/such/file"),
        OfferError::File { .. }
    ));
    for (text, what) in [
        (format!("tx:{}", &TX[..TX.len() - 2]), "transaction"),
        (format!("tx:{TX}00"), "transaction"),
        (format!("block:{TX}"), "block"),
        ("block:".to_owned(), "block"),
    ] {
        let error = refused(&text);
        assert!(
            matches!(&error, OfferError::Object { what: found, .. } if *found == what),
            "{error:?}"
        );
    }
    // Where there is no announcing by wtxid.
    let mut network = Network::REGTEST;
    network.inv_numbering = InvNumbering::NavCoin;
    let error = Offer::parse(&format!("inv:wtx:{TIP}"), &config(network));
    assert!(matches!(
        error,
        Err(OfferError::Request(RequestError::Unnumbered(_)))
    ));
}

#[test]
fn errors_do_not_repeat_a_whole_block() {
    let error = read(&format!("tx:{}", "g".repeat(100_000))).unwrap_err();
    assert!(error.to_string().len() < 200, "{error}");
    let error = read(&"t".repeat(100_000)).unwrap_err();
    assert!(error.to_string().len() < 200, "{error}");
}
