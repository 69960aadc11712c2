//! What is in a packet: the type of a message, short or in full, and its payload (BIP324).

use crate::message::{CommandName, MessageKind};
use crate::transport::{Head, Name};

/// Bytes of a type in full: a zero and the command.
pub(in crate::transport) const MAX_TYPE_LEN: usize = 1 + CommandName::LEN;

/// The type of a message as we send it: one byte where there is a short id, else in full.
pub(in crate::transport) fn type_of(kind: Option<MessageKind>, command: &CommandName) -> Head {
    if let Some(id) = kind.and_then(MessageKind::short_id) {
        return Head::new(&[id]);
    }
    let mut bytes = [0; MAX_TYPE_LEN];
    for (to, from) in bytes.iter_mut().skip(1).zip(command.to_bytes()) {
        *to = from;
    }
    Head::new(&bytes)
}

/// Reads the type: the name, and how many bytes of the contents it takes.
pub(super) fn read_type(contents: &[u8]) -> (Name, usize) {
    let cut = Name::Cut {
        len: contents.len(),
    };
    match contents {
        [] => (cut, 0),
        [0, rest @ ..] => match rest.first_chunk() {
            Some(command) => (Name::Command(*command), MAX_TYPE_LEN),
            None => (cut, contents.len()),
        },
        [id, ..] => {
            let name = MessageKind::from_short_id(*id).map_or(Name::Unknown(*id), Name::Kind);
            (name, 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the table of BIP324.
    #[test]
    fn short_ids_are_those_of_the_bip() {
        let table = [
            (1, "addr"),
            (2, "block"),
            (3, "blocktxn"),
            (4, "cmpctblock"),
            (5, "feefilter"),
            (6, "filteradd"),
            (7, "filterclear"),
            (8, "filterload"),
            (9, "getblocks"),
            (10, "getblocktxn"),
            (11, "getdata"),
            (12, "getheaders"),
            (13, "headers"),
            (14, "inv"),
            (15, "mempool"),
            (16, "merkleblock"),
            (17, "notfound"),
            (18, "ping"),
            (19, "pong"),
            (20, "sendcmpct"),
            (21, "tx"),
            (22, "getcfilters"),
            (23, "cfilter"),
            (24, "getcfheaders"),
            (25, "cfheaders"),
            (26, "getcfcheckpt"),
            (27, "cfcheckpt"),
            (28, "addrv2"),
            (37, "feature"),
        ];
        for (id, name) in table {
            let command = CommandName::new(name).unwrap();
            let kind = MessageKind::from_command(&command).unwrap();
            assert_eq!(type_of(Some(kind), &command).as_slice(), [id]);
            assert_eq!(read_type(&[id, 7]), (Name::Kind(kind), 1));
        }
        for id in 1..=u8::MAX {
            let known = table.iter().any(|(known, _)| *known == id);
            assert_eq!(read_type(&[id]).0 == Name::Unknown(id), !known);
        }
    }

    #[test]
    fn types_in_full() {
        let verack = CommandName::new("verack").unwrap();
        let full = type_of(Some(MessageKind::Verack), &verack);
        assert_eq!(full.as_slice(), b"\0verack\0\0\0\0\0\0");
        assert_eq!(
            read_type(b"\0ping\0\0\0\0\0\0\0\0payload"),
            (Name::Command(*b"ping\0\0\0\0\0\0\0\0"), 13)
        );
        let ours = CommandName::new("foobar").unwrap();
        assert_eq!(type_of(None, &ours).as_slice(), b"\0foobar\0\0\0\0\0\0");
    }

    #[test]
    fn types_that_end_too_soon() {
        assert_eq!(read_type(b""), (Name::Cut { len: 0 }, 0));
        let cut = b"\0verack\0\0\0\0\0";
        for len in 1..=cut.len() {
            assert_eq!(read_type(&cut[..len]), (Name::Cut { len }, len));
        }
    }
}
