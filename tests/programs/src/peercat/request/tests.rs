use super::*;

const HASH: &str = "12de6a65a6a13c85ef4a26775ee5cc18df29a01ea18e68e3fc769d3042ed29ec";

fn config() -> Config {
    Config::with_secret(Network::REGTEST, [1; 32])
}

fn read(text: &str) -> Result<Message, RequestError> {
    parse(text, &config())
}

#[test]
fn messages_without_arguments() {
    assert_eq!(read("getaddr"), Ok(Message::GetAddr));
    assert_eq!(read("mempool"), Ok(Message::MemPool));
    assert_eq!(read("sendheaders"), Ok(Message::SendHeaders));
    assert_eq!(read("filterclear"), Ok(Message::FilterClear));
    let Ok(Message::Headers(headers)) = read("headers") else {
        panic!("headers");
    };
    assert!(headers.is_empty());
    assert!(matches!(
        read("ping"),
        Ok(Message::Ping(Ping { nonce: Some(_) }))
    ));
}

#[test]
fn numbers() {
    assert_eq!(
        read("ping:18446744073709551615"),
        Ok(Message::Ping(Ping::new(u64::MAX)))
    );
    assert_eq!(read("pong:7"), Ok(Message::Pong(Pong { nonce: 7 })));
    assert_eq!(
        read("feefilter:1000"),
        Ok(Message::FeeFilter(FeeFilter { fee_rate: 1000 }))
    );
    let compact = |announce, version| Ok(Message::SendCmpct(SendCmpct { announce, version }));
    assert_eq!(read("sendcmpct"), compact(false, 2));
    assert_eq!(read("sendcmpct:1:1"), compact(true, 1));
}

#[test]
fn hashes() {
    let tip: BlockHash = HASH.parse().unwrap();
    let genesis = Network::REGTEST.genesis;
    let locator = |hashes: &[BlockHash], stop| {
        Box::new(Locator {
            version: 70_016,
            hashes: hashes.iter().copied().collect(),
            stop,
        })
    };
    let none = BlockHash::ALL_ZERO;
    assert_eq!(
        read("getheaders"),
        Ok(Message::GetHeaders(locator(&[genesis], none)))
    );
    assert_eq!(
        read(&format!("getblocks:{HASH},genesis:{HASH}")),
        Ok(Message::GetBlocks(locator(&[tip, genesis], tip)))
    );
    let wanted = [
        InvVect::new(InvKind::WitnessBlock, tip),
        InvVect::new(InvKind::WitnessBlock, genesis),
        InvVect::new(InvKind::Wtx, tip),
        InvVect::new(InvKind::Other(99), tip),
    ];
    let wanted = Inventory::new(&Network::REGTEST, wanted).unwrap();
    let list = format!("witness-block:{HASH},genesis:wtx:{HASH}:99:{HASH}");
    assert_eq!(
        read(&format!("getdata:{list}")),
        Ok(Message::GetData(wanted.clone()))
    );
    assert_eq!(
        read(&format!("inv:{list}")),
        Ok(Message::Inv(wanted.clone()))
    );
    assert_eq!(
        read(&format!("notfound:{list}")),
        Ok(Message::NotFound(wanted))
    );
}

#[test]
fn filters_and_compact_blocks() {
    let stop: BlockHash = HASH.parse().unwrap();
    let range = |filter_type, start_height| FilterRange {
        filter_type,
        start_height,
        stop,
    };
    assert_eq!(
        read(&format!("getcfilters:5:{HASH}")),
        Ok(Message::GetCFilters(range(0, 5)))
    );
    assert_eq!(
        read(&format!("getcfheaders:5:{HASH}:1")),
        Ok(Message::GetCFHeaders(GetCFHeaders::Range(range(1, 5))))
    );
    let filter_type = 0;
    assert_eq!(
        read(&format!("getcfcheckpt:{HASH}")),
        Ok(Message::GetCFCheckpt(GetCFCheckpt { filter_type, stop }))
    );
    let Ok(Message::GetBlockTxn(wanted)) = read(&format!("getblocktxn:{HASH}:1,5,9")) else {
        panic!("getblocktxn");
    };
    assert!(wanted.indexes.iter().eq([1, 5, 9]));
    let Ok(Message::FilterLoad(filter)) = read("filterload:b50f:11:5:1") else {
        panic!("filterload");
    };
    assert_eq!(
        (&filter.filter[..], filter.hash_funcs),
        (&[0xb5, 0x0f][..], 11)
    );
}

#[test]
fn raw_messages_may_be_anything() {
    let raw = |command: &str, payload: &'static [u8]| {
        Ok(Message::Unknown {
            command: command.parse().unwrap(),
            payload: Bytes::from_static(payload),
        })
    };
    assert_eq!(read("raw:hello"), raw("hello", &[]));
    assert_eq!(read("raw:hello:"), raw("hello", &[]));
    assert_eq!(read("raw:ping:00fF"), raw("ping", &[0, 0xff]));
}

#[test]
fn everything_else_is_an_error_that_says_what_is_wrong() {
    let says = |text: &str, what: &str| {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(what), "{text}: {error}");
    };
    says("", "COMMAND is missing");
    says("version", "no message \"version\"");
    says("getadr", "raw:COMMAND:HEX");
    says("getaddr:1", "one argument too many");
    says("pong", "NONCE is missing");
    says("ping:-1", "NONCE");
    says("ping:", "NONCE");
    says("getheaders:", "no hash");
    says("getdata", "TYPE is missing");
    says("getdata:block", "HASH is missing");
    says("getdata:block:1234", "64 hexadecimal digits");
    says(&format!("getdata:blok:{HASH}"), "witness-block");
    says(&format!("getdata:block:{HASH}:tx"), "HASH is missing");
    says(&format!("getblocktxn:{HASH}:2,1"), "does not come after");
    says("raw", "COMMAND is missing");
    says("raw:hello:xyz", "hexadecimal");
    says("raw:hello:abc", "hexadecimal");
    says("raw:hello:00:00", "too many");
    says("raw:thirteenchars:00", "12 printable");
    says("filterload:00:51", "hash functions");
    says("feefilter:-1", "fee rate");
    let mut old = config();
    old.protocol_version = 60_000;
    let error = parse("mempool", &old).unwrap_err();
    assert!(
        error.to_string().contains("needs protocol version"),
        "{error}"
    );
}

#[test]
fn kinds_have_the_names_they_are_typed_by() {
    for (kind, name) in KINDS {
        assert_eq!(kind_name(kind, &Network::REGTEST), name);
        assert!(
            TYPE_NAMES.contains(name) && GRAMMAR.contains(name),
            "{name}"
        );
    }
    assert_eq!(kind_name(InvKind::Other(77), &Network::REGTEST), "77");
    assert_eq!(kind_name(InvKind::Error, &Network::REGTEST), "0");
}
