//! Every way to change a machine is one that a tape knows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::{FnArg, ImplItem, Item, Visibility};

use crate::tables::workspace;

/// A file and those in the folder of its name, but for tests.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut files = vec![root.to_owned()];
    for entry in fs::read_dir(root.with_extension("")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
    files
}

/// The public methods of `name` that take `&mut self`, and its public functions without a receiver; how much each takes.
fn doors(root: &str, name: &str) -> BTreeMap<String, usize> {
    let mut doors = BTreeMap::new();
    for file in files(&workspace().join(root)) {
        let source = fs::read_to_string(file).unwrap();
        for item in syn::parse_file(&source).unwrap().items {
            let Item::Impl(block) = item else { continue };
            let of = &*block.self_ty;
            let is_it = matches!(of, syn::Type::Path(path) if path.path.is_ident(name));
            if !is_it || block.trait_.is_some() {
                continue;
            }
            for member in block.items {
                let ImplItem::Fn(method) = member else {
                    continue;
                };
                let changes = match method.sig.inputs.first() {
                    Some(FnArg::Receiver(receiver)) => receiver.mutability.is_some(),
                    _ => true,
                };
                if changes && matches!(method.vis, Visibility::Public(_)) {
                    doors.insert(method.sig.ident.to_string(), method.sig.inputs.len());
                }
            }
        }
    }
    doors
}

#[test]
fn every_door_of_a_machine_is_one_of_a_taped_machine() {
    let machine = doors("peer-core/src/machine.rs", "PeerMachine");
    let taped = doors("peer-core/src/tape/taped.rs", "TapedMachine");
    assert!(machine.len() > 30, "{machine:?}");
    for known in [
        "inbound",
        "sent",
        "poll_event",
        "send_decoy",
        "refuse_v2",
        "announce",
    ] {
        assert!(machine.contains_key(known), "{known}");
    }
    for (door, takes) in &machine {
        assert_eq!(taped.get(door), Some(takes), "{door} leads past the tape");
    }
    let more: Vec<&String> = taped
        .keys()
        .filter(|door| !machine.contains_key(*door))
        .collect();
    assert_eq!(more, ["end_tape", "take_tape"], "the tape's own");
}
