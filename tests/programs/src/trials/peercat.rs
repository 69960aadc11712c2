//! Trials of `peercat`.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{JoinHandle, spawn};

use peer_core::wire::BlockView;
use serde_json::Value;

use super::process::{Examples, PATIENCE, Running};
use crate::demo;

/// On regtest. No trial takes a minute; the duration is for those that hang.
const LISTEN: [&str; 6] = [
    "--listen",
    "127.0.0.1:0",
    "--network",
    "regtest",
    "--duration",
    "60",
];

pub(super) fn listen(examples: &Examples, more: &[&str]) -> (Running, String) {
    let listener = examples.start("peercat", &[&LISTEN, more].concat());
    let address = listener.address();
    (listener, address)
}

pub(super) fn connect<'a>(address: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let always = [
        "--connect",
        address,
        "--network",
        "regtest",
        "--duration",
        "60",
    ];
    [&always[..], more].concat()
}

/// Two of them, both ways, in both transports.
pub fn peercats_meet(examples: &Examples) {
    // What nobody knows has no short type in v2.
    meet(examples, "v1", 24 + 2);
    meet(examples, "v2", 33 + 2);
}

fn meet(examples: &Examples, transport: &str, hello_len: u32) {
    let services = [
        "--services",
        "NETWORK|WITNESS",
        "--user-agent",
        "cat:1",
        "--send",
        "ping:5",
        "--transport",
        transport,
    ];
    let (listener, address) = listen(examples, &services);
    let arguments = connect(
        &address,
        &[
            "--send",
            "getaddr",
            "--send",
            "raw:hello:00ff",
            "--count",
            "5",
            "--transport",
            transport,
        ],
    );
    let dialler = examples.run("peercat", &arguments);
    assert_eq!(dialler.code, 0, "{}", dialler.errors);
    let events = dialler.events();
    assert!(events.iter().all(|line| line["peer"] == address.as_str()));
    assert!(events.iter().all(|line| line["time"].is_f64()));
    let named = |name: &str| {
        events
            .iter()
            .filter(|line| line["event"] == name)
            .collect::<Vec<_>>()
    };
    assert_eq!(named("version")[0]["user_agent"], "/cat:1/");
    assert_eq!(named("version")[0]["services"], 9);
    assert_eq!(named("negotiated")[0]["protocol_version"], 70_016);
    assert_eq!(named("message").len(), 5);
    assert_eq!(named("disconnected")[0]["class"], "clean");

    let version = listener.event("version");
    assert!(
        version["user_agent"]
            .as_str()
            .unwrap()
            .starts_with("/peercat:")
    );
    listener.event("negotiated");
    let mut commands = Vec::new();
    loop {
        let line = listener.line();
        match line["event"].as_str().unwrap() {
            "message" => commands.push(line),
            "disconnected" => break,
            _ => {}
        }
    }
    let sent = |command: &str| commands.iter().find(|line| line["command"] == command);
    assert!(sent("getaddr").is_some());
    assert_eq!(sent("hello").unwrap()["payload"], "00ff");
    assert_eq!(sent("hello").unwrap()["wire_len"], hello_len);
}

/// Bytes that are no frames, connections that end in all ways, and then a good peer.
pub fn peercat_listener_outlives_strangers(examples: &Examples) {
    let (mut listener, address) = listen(examples, &["--count", "12"]);
    let garbage = [
        b"GET / HTTP/1.1\r\nHost: example\r\n\r\n".to_vec(),
        [
            &b"\xfa\xbf\xb5\xdaversion\0\0\0\0\0\xff\xff\xff\xff"[..],
            &[0; 4],
        ]
        .concat(),
        [
            &b"\xfa\xbf\xb5\xda\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"[..],
            &[0; 8],
        ]
        .concat(),
        vec![0; 100_000],
        vec![],
    ];
    for bytes in &garbage {
        let mut stream = TcpStream::connect(&address).unwrap();
        // The other side may hang up in the middle of it.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    // One that stays and says nothing.
    let silent = TcpStream::connect(&address).unwrap();
    let mut ends = 0;
    while ends < garbage.len() {
        listener.event("disconnected");
        ends += 1;
    }
    let arguments = connect(&address, &["--count", "4"]);
    assert_eq!(examples.run("peercat", &arguments).code, 0);
    listener.event("negotiated");
    drop(silent);
    // Whatever its peers did, a listener ends well.
    let more = connect(&address, &["--ping-interval", "0.05"]);
    let _talker = examples.start("peercat", &more);
    assert_eq!(listener.wait(), 0);
}

/// `--max-peers`.
pub fn peercat_listener_takes_so_many_peers_and_no_more(examples: &Examples) {
    let (listener, address) = listen(examples, &["--max-peers", "1"]);
    let first = TcpStream::connect(&address).unwrap();
    listener.event("connected");
    let mut second = TcpStream::connect(&address).unwrap();
    let refused = listener.event("refused");
    assert_eq!(refused["max_peers"], 1);
    assert_eq!(refused["peer"], second.local_addr().unwrap().to_string());
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(second.read(&mut [0]).unwrap_or(0), 0);
    drop(first);
    listener.event("disconnected");
    // The line comes a moment before the place is free.
    loop {
        let _third = TcpStream::connect(&address).unwrap();
        if listener.line()["event"] == "connected" {
            break;
        }
    }
}

/// Text of strangers in `version`, `reject` and commands.
pub fn peercat_prints_one_object_a_line_whatever_comes(examples: &Examples) {
    let hostile = "raw:reject:0322 0a9b1004f09f9280".replace(' ', "");
    let send = [
        "--send",
        "raw:a\"{}b:7b",
        "--send",
        &hostile,
        "--send",
        "raw:tx:00",
    ];
    let (_listener, address) = listen(examples, &send);
    let dialler = examples.run("peercat", &connect(&address, &["--count", "6"]));
    assert_eq!(dialler.code, 0, "{}", dialler.errors);
    let printable = |line: &String| line.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    assert!(dialler.lines.iter().all(printable));
    let events = dialler.events();
    let by = |command: &str| {
        events
            .iter()
            .find(|line| line["command"] == command)
            .unwrap()
    };
    assert_eq!(by("a\"{}b")["payload"], "7b");
    assert_eq!(by("reject")["refused"], "\"\n\u{fffd}");
}

/// `--hexdump`: frames of v1, and what is encrypted in v2.
pub fn peercat_shows_raw_bytes(examples: &Examples) {
    let (_listener, address) = listen(examples, &[]);
    for (transport, first) in [
        ("v1", "fa bf b5 da 76 65 72 73  69 6f 6e 00 00 00 00 00"),
        // The type in full, and the first bytes of the payload: protocol version 70016.
        ("v2", "00 76 65 72 73 69 6f 6e  00 00 00 00 00 80 11 01"),
    ] {
        let more = ["--count", "2", "--hexdump", "--transport", transport];
        let dialler = examples.run("peercat", &connect(&address, &more));
        assert_eq!(dialler.code, 0);
        for arrow in ["->", "<-"] {
            let head = format!("{address} {arrow} version, ");
            let at = dialler.errors.find(&head).expect("a dump of version");
            let dump = dialler.errors.get(at..).unwrap().lines().nth(1).unwrap();
            let first = format!("00000000  {first}");
            assert_eq!(dump.get(..58), Some(first.as_str()), "{transport}");
        }
        assert_eq!(dialler.events().len(), dialler.lines.len());
    }
}

/// Serves one connection, and nobody else, with `bytes` and then does `after` with it.
pub(super) fn scripted(bytes: Vec<u8>, after: fn(TcpStream)) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(listener);
        let _ = stream.write_all(&bytes);
        after(stream);
    });
    (address, server)
}

/// Keeps the connection until the other side leaves.
pub(super) fn hold(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

/// One code for each class.
pub fn peercat_ends_with_the_class_of_the_end(examples: &Examples) {
    let ends = |address: &str, more: &[&str]| {
        let ended = examples.run("peercat", &connect(address, more));
        let last = ended.events().pop().expect("a last line");
        assert_eq!(
            last.get("exit_code")
                .map_or(3, |code| code.as_i64().unwrap()),
            i64::from(ended.code)
        );
        (
            ended.code,
            last["class"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let script = |bytes: &[u8], after, more: &[&str]| {
        let (address, server) = scripted(bytes.to_vec(), after);
        let end = ends(&address, more);
        server.join().unwrap();
        end
    };
    let is = |code: i32, class: &str| (code, class.to_owned());

    // Bytes that are no frame are a key in v2, which has its own trial.
    let v1 = ["--transport", "v1"];
    assert_eq!(script(&[7; 100], hold, &v1), is(4, "frame"));
    assert_eq!(script(&[], drop, &v1), is(9, "hung-up"));
    for transport in ["v1", "auto"] {
        let impatient = ["--negotiate-timeout", "0.1", "--transport", transport];
        assert_eq!(script(&[], hold, &impatient), is(8, "timeout"));
    }

    let against = |listener: &[&str], more: &[&str]| {
        let (_listener, address) = listen(examples, listener);
        ends(&address, more)
    };
    // A ping that is too short, for one that forgives nothing.
    let strict = ["--strictness", "btcd"];
    assert_eq!(
        against(&["--send", "raw:ping:00"], &strict),
        is(5, "malformed")
    );
    assert_eq!(
        against(&["--send", "raw:sendaddrv2"], &[]),
        is(6, "violation")
    );
    assert_eq!(
        against(&["--protocol-version", "209"], &[]),
        is(7, "incompatible")
    );
    // A listener that announces nothing does not answer, and nodes say so when they lack a transaction.
    let ask = format!("getdata:tx:{}", "ab".repeat(32));
    let impatient = ["--send", &ask, "--request-timeout", "0.1"];
    assert_eq!(against(&[], &impatient), is(8, "timeout"));
    // The listener leaves first, in order.
    assert_eq!(against(&["--count", "2"], &[]), is(0, "clean"));

    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    assert_eq!(ends(&address, &[]), is(3, ""));
}

/// A closed pipe is no error.
pub fn peercat_ends_when_its_reader_leaves(examples: &Examples) {
    let (_listener, address) = listen(examples, &["--ping-interval", "0.05"]);
    let arguments = connect(&address, &["--hexdump"]);
    let mut dialler = examples.start_and_leave("peercat", &arguments);
    assert_eq!(dialler.line()["event"], "connected");
    assert_eq!(dialler.wait(), 0);
    let errors = dialler.errors();
    assert!(
        !errors.contains("error") && !errors.contains("panic"),
        "{errors}"
    );
}

/// `--duration`, whether anybody is there or not.
pub fn peercat_ends_in_time(examples: &Examples) {
    let soon = ["--listen", "127.0.0.1:0", "--duration", "0.1"];
    let listener = examples.run("peercat", &soon);
    assert_eq!((listener.code, listener.lines.len()), (0, 1));
    let (address, server) = scripted(Vec::new(), hold);
    let start = std::time::Instant::now();
    let dialler = examples.run("peercat", &["--connect", &address, "--duration", "0.1"]);
    server.join().unwrap();
    assert_eq!(dialler.code, 0, "{}", dialler.errors);
    assert!(start.elapsed() < Duration::from_secs(30));
}

/// Ctrl-C and SIGTERM end it well, with a last line about every peer.
#[cfg(unix)]
pub fn peercat_ends_on_signals(examples: &Examples) {
    let (mut listener, address) = listen(examples, &[]);
    let arguments = connect(&address, &[]);
    let mut dialler = examples.start("peercat", &arguments);
    dialler.event("negotiated");
    listener.event("negotiated");
    dialler.signal("INT");
    assert_eq!(dialler.event("disconnected")["class"], "clean");
    assert_eq!(dialler.wait(), 0);
    listener.event("disconnected");
    listener.signal("TERM");
    assert_eq!(listener.wait(), 0);
}

/// A peer that does not part has five seconds, unless Ctrl-C is said again.
#[cfg(unix)]
pub fn peercat_ends_at_once_when_told_again(examples: &Examples) {
    let (mut listener, address) = listen(examples, &[]);
    let clinging = TcpStream::connect(address).unwrap();
    listener.event("connected");
    listener.signal("INT");
    listener.event("disconnected");
    let start = std::time::Instant::now();
    listener.signal("INT");
    assert_eq!(listener.wait(), 0);
    assert!(start.elapsed() < Duration::from_secs(3));
    drop(clinging);
}

/// Exit code 2, and nothing on stdout.
pub fn peercat_knows_wrong_arguments(examples: &Examples) {
    for wrong in [
        &[][..],
        &["--connect", "a", "--listen", "b"],
        &["--connect", "a", "--send", "getdata:block:12"],
        &["--connect", "a", "--services", "EVERYTHING"],
        &["--connect", "a", "--network", "nonet"],
        &["--listen", "127.0.0.1:0", "--ping-interval", "-1"],
    ] {
        let peercat = examples.run("peercat", wrong);
        assert_eq!((peercat.code, peercat.lines.len()), (2, 0), "{wrong:?}");
        assert!(peercat.errors.starts_with("error: "), "{}", peercat.errors);
    }
}

/// The first transaction of Bitcoin, and its id.
const COINBASE: &str = "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff00\
    1d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e6420\
    6261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909\
    a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000";
const COINBASE_TXID: &str = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";

/// One announces a transaction and serves it; another hears of it, and a third asks for it and for one that is not
/// there. These are two: who asks at once may have the transaction before it would be announced, and is told nothing.
pub fn peercat_announces_and_serves(examples: &Examples) {
    announce_and_serve(examples, "v1", 0..=0);
    // Keys, garbage, terminators and version packets belong to no message.
    announce_and_serve(examples, "v2", 100..=100 + 4_095);
}

/// `beside` is how many bytes each sends that belong to no message.
fn announce_and_serve(examples: &Examples, transport: &str, beside: RangeInclusive<u64>) {
    let offer = format!("tx:{COINBASE}");
    let low = format!("{offer}:999");
    let announce = [
        "--announce",
        &offer,
        "--announce",
        &low,
        "--trickle",
        "none",
        "--stats",
        "--transport",
        transport,
    ];
    let (listener, address) = listen(examples, &announce);
    let hear = [
        "--connect",
        &address,
        "--network",
        "regtest",
        "--duration",
        "1",
        "--transport",
        transport,
    ];
    let hearer = examples.run("peercat", &hear);
    assert_eq!(hearer.code, 0, "{}", hearer.errors);
    let heard = hearer.events();
    let heard = heard.iter().find(|line| line["command"] == "inv").unwrap();
    assert_eq!(heard["items"][0]["hash"], COINBASE_TXID);
    assert_eq!(heard["count"], 1);
    assert_eq!(listener.event("announced")["result"], "queued");
    assert_eq!(listener.event("announced")["result"], "known");
    assert_eq!(listener.event("stats")["inventory_announced"], 1);

    let missing = "ab".repeat(32);
    let ask = format!("getdata:wtx:{COINBASE_TXID}");
    let ask_in_vain = format!("getdata:tx:{missing}");
    let send = [
        "--send",
        &ask,
        "--send",
        &ask_in_vain,
        "--transport",
        transport,
    ];
    let more = ["--stats", "--log", "debug", "--duration", "1"];
    let mut arguments = connect(&address, &send);
    // The last duration given is the one that holds.
    arguments.retain(|word| *word != "--duration" && *word != "60");
    let dialler = examples.run("peercat", &[&arguments[..], &more].concat());
    assert_eq!(dialler.code, 0, "{}", dialler.errors);

    let events = dialler.events();
    let message = |command: &str| {
        let found = events
            .iter()
            .find(|line| line["command"] == command && line["event"] == "message");
        found.unwrap_or_else(|| panic!("no {command} in {events:?}"))
    };
    assert_eq!(message("tx")["txid"], COINBASE_TXID);
    assert_eq!(message("notfound")["items"][0]["hash"], missing.as_str());
    // The first result depends on which comes first, the announcement or the request.
    assert_eq!(listener.event("announced")["hash"], COINBASE_TXID);
    assert_eq!(listener.event("announced")["result"], "known");
    assert_eq!(listener.event("served")["hash"], COINBASE_TXID);

    // The bytes of all commands and of what belongs to none are all bytes, and what one sent the other received.
    let ours = events.last().unwrap();
    assert_eq!(ours["event"], "stats");
    let theirs = listener.event("stats");
    for (stats, other) in [(ours, &theirs), (&theirs, ours)] {
        for (counters, bytes) in [
            ("bytesrecv_per_msg", "bytesrecv"),
            ("bytessent_per_msg", "bytessent"),
        ] {
            let counters = stats[counters].as_object().unwrap().values();
            let counted: u64 = counters.map(|count| count.as_u64().unwrap()).sum();
            let rest = stats[bytes].as_u64().unwrap() - counted;
            assert!(beside.contains(&rest), "{transport}: {rest} bytes beside");
        }
        assert_eq!(stats["bytesrecv"], other["bytessent"]);
        assert_eq!(
            stats["recv_per_msg"]["getdata"],
            other["sent_per_msg"]["getdata"]
        );
    }
    assert_eq!(
        ours["disconnect_reason"],
        "closed by us: the application disconnected"
    );
    assert!(dialler.errors.contains("negotiated"), "{}", dialler.errors);
}

/// A transaction of regtest as a Bitcoin Knots node sent it, with its witness, and its ids.
const TX: &str = "020000000001019e23238aa54dc1d63e3f13857b504347aaadf0c769788eff865590945e26a5460000000000fdffffff02e0\
    b0be00000000001976a91470fc96583a4c76f2eadbeda466056397bc8a98f388ac20bcbe000000000016001484c83cc6c289\
    266af72ba774bd4db8f9d1254b4c0247304402204cf7c7c308831298691242f2f5f8a7a120b77f5556a8093efedfbf3c90be\
    673502207cabf130cf0e6574c71e2f4315ef1f87f6cf08b5723ff66bf39d7ed411ab8eab012103620621b02a1db25dc76148\
    09ef34707db988541dbc6d436ffc2a91793514794a2c010000";
const TXID: &str = "8a088d6442e8c68e8f26577ee66f865e775e7c3fccf2f3ca4ceda6f8a132b419";
const WTXID: &str = "f5e0ab6cfa63a212beac8f5d28d77854412fb77201144cd1a8834c4f4945c4a6";

/// A block with witnesses, of the chain that a Bitcoin Knots node made.
fn block_with_witnesses() -> BlockView {
    let chain = demo::chain();
    let mut blocks = (1..=chain.height()).filter_map(|height| chain.block(height));
    let found = blocks.find(|block| block.base_size() < block.total_size() - 100);
    found.expect("a block that spends witnesses").clone()
}

/// A `getdata` for more than any queue holds is answered to its end, in the encodings that it names; each answer is a
/// line once it has left.
pub fn peercat_answers_a_long_question_to_its_end(examples: &Examples) {
    const TIMES: usize = 500;
    let block = block_with_witnesses();
    let file = std::env::temp_dir().join(format!("peercat-trial-{}", std::process::id()));
    std::fs::write(&file, block.bytes()).unwrap();
    let (tx, block_file) = (format!("tx:{TX}"), format!("block:@{}", file.display()));
    let announce = ["--announce", &tx, "--announce", &block_file];
    let (listener, address) = listen(examples, &[&announce[..], &["--trickle", "none"]].concat());
    std::fs::remove_file(&file).unwrap();

    let many = [WTXID; TIMES].join(",");
    let hash = block.block_hash();
    let ask = format!("getdata:tx:{TXID}:wtx:{many}:block:{hash}:witness-block:{hash}");
    let arguments = connect(&address, &["--send", &ask]);
    let dialler = examples.start("peercat", &arguments);
    let (mut txs, mut blocks) = (Vec::new(), Vec::new());
    // The last that was asked for comes last.
    while blocks.len() < 2 {
        let line = dialler.event("message");
        match line["command"].as_str() {
            Some("tx") => txs.push(line),
            Some("block") => blocks.push(line),
            _ => {}
        }
    }

    assert_eq!(txs.len(), 1 + TIMES);
    assert_eq!(
        (&txs[0]["txid"], &txs[0]["size"]),
        (&TXID.into(), &116.into())
    );
    assert!(
        txs[1..]
            .iter()
            .all(|tx| tx["wtxid"] == WTXID && tx["size"] == 225)
    );
    assert!(blocks.iter().all(|line| line["hash"] == hash.to_string()));
    assert_eq!(blocks[0]["size"], block.base_size());
    assert_eq!(blocks[1]["size"], block.total_size());

    let mut served = 0;
    while served < TIMES + 3 {
        let line = listener.event("served");
        assert!(line["error"].is_null(), "{line}");
        served += 1;
    }
}

/// Who hears of a block by `inv` asks for its header first, as nodes do.
pub fn peercat_tells_the_headers_of_its_blocks(examples: &Examples) {
    let block = block_with_witnesses();
    let (hash, parent) = (block.block_hash(), block.header().prev_blockhash);
    let digits: String = block
        .bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let item = format!("block:{digits}");
    let (listener, address) = listen(examples, &["--announce", &item]);
    let ask = format!("getheaders:{parent}");
    let arguments = connect(&address, &["--send", "sendheaders", "--send", &ask]);
    let dialler = examples.start("peercat", &arguments);
    loop {
        let line = dialler.event("message");
        if line["command"] == "headers" {
            assert_eq!(line["first"], hash.to_string());
            break;
        }
    }
    assert_eq!(listener.event("announced")["hash"], hash.to_string());
    let served = listener.event("served");
    assert_eq!(
        (&served["command"], &served["count"]),
        (&"headers".into(), &1.into())
    );
}

/// `--stats-interval`: numbers while the connection lasts, and at its end.
pub fn peercat_prints_numbers_now_and_then(examples: &Examples) {
    let (listener, address) = listen(examples, &["--stats-interval", "0.05"]);
    let arguments = connect(&address, &[]);
    let dialler = examples.start("peercat", &arguments);
    dialler.event("negotiated");
    let meanwhile = [listener.event("stats"), listener.event("stats")];
    assert!(
        meanwhile
            .iter()
            .all(|line| line["disconnect_reason"].is_null())
    );
    drop(dialler);
    listener.event("disconnected");
    let end = listener.event("stats");
    assert!(end["disconnect_reason"].is_string(), "{end}");
}

/// File descriptors of a listening process: a dozen and a half are its own.
#[cfg(unix)]
const DESCRIPTORS: usize = 32;

/// A listener that runs out of file descriptors goes on when it has some again.
#[cfg(unix)]
pub fn peercat_out_of_descriptors_goes_on(examples: &Examples) {
    let mut listener = examples.start_with_descriptors(DESCRIPTORS, "peercat", &LISTEN);
    let address = listener.address();
    let crowd: Vec<_> = (0..2 * DESCRIPTORS)
        .map(|_| TcpStream::connect(&address).expect("the kernel answers"))
        .collect();
    let served = listener.events_until_silence("connected", Duration::from_secs(1));
    assert!((1..DESCRIPTORS).contains(&served), "{served} were served");
    assert!(listener.is_running(), "it gave up");

    drop(crowd);
    let arguments = connect(&address, &["--send", "ping:5", "--count", "4"]);
    let dialler = examples.run("peercat", &arguments);
    assert_eq!(dialler.code, 0, "{}", dialler.errors);
    let negotiated = |line: &Value| line["event"] == "negotiated";
    assert!(dialler.events().iter().any(negotiated));
}
