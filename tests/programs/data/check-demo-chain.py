#!/usr/bin/env python3
"""check-demo-chain.py CHAIN.dat FACTS.json

Checks the demo chain with nothing but this file and the standard library: header links from the regtest genesis, proof
of work, merkle roots, witness commitments, that every byte of every block is accounted for, and that the figures the
node gave (FACTS.json) agree. Prints what the chain holds.
"""

import collections
import hashlib
import json
import struct
import sys

GENESIS = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"


def sha256d(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        piece = self.data[self.at:self.at + count]
        assert len(piece) == count, "ends early"
        self.at += count
        return piece

    def size(self):
        first = self.take(1)[0]
        if first < 0xfd:
            return first
        width = {0xfd: 2, 0xfe: 4, 0xff: 8}[first]
        return int.from_bytes(self.take(width), "little")


def transaction(reader):
    """One transaction: (txid, wtxid, spends witness, output scripts, input scripts, first witness stack)."""
    start = reader.at
    version = reader.take(4)
    segwit = reader.data[reader.at:reader.at + 2] == b"\0\1"
    if segwit:
        reader.take(2)
    base = reader.at
    inputs, outputs = [], []
    for _ in range(reader.size()):
        reader.take(36)
        inputs.append(reader.take(reader.size()))
        reader.take(4)
    for _ in range(reader.size()):
        reader.take(8)
        outputs.append(reader.take(reader.size()))
    end = reader.at
    stacks = [[reader.take(reader.size()) for _ in range(reader.size())] for _ in inputs] if segwit else []
    lock = reader.take(4)
    txid = sha256d(version + reader.data[base:end] + lock)
    return txid, sha256d(reader.data[start:reader.at]), segwit, outputs, inputs, stacks


def merkle(hashes):
    while len(hashes) > 1:
        if len(hashes) % 2:
            hashes.append(hashes[-1])
        hashes = [sha256d(hashes[i] + hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def kind(script):
    shapes = {(25, 0x76): "p2pkh", (23, 0xa9): "p2sh", (22, 0x00): "p2wpkh", (34, 0x00): "p2wsh", (34, 0x51): "p2tr"}
    return shapes.get((len(script), script[0])) or {0x6a: "op_return"}.get(script[0], "other")


def main():
    data = open(sys.argv[1], "rb").read()
    facts = json.load(open(sys.argv[2]))
    records, previous, height = Reader(data), bytes.fromhex(GENESIS)[::-1], 0
    kinds, sizes, total, witness_blocks, seen = collections.Counter(), [], 1, 0, set()
    while records.at < len(data):
        height += 1
        block = records.take(struct.unpack("<I", records.take(4))[0])
        header, reader = block[:80], Reader(block)
        reader.take(80)
        name = sha256d(header)
        assert header[4:36] == previous, f"{height}: link"
        bits = struct.unpack("<I", header[72:76])[0]
        assert bits == 0x207fffff, f"{height}: bits"
        assert int.from_bytes(name, "little") <= (bits & 0xffffff) << 8 * ((bits >> 24) - 3), f"{height}: work"
        transactions = [transaction(reader) for _ in range(reader.size())]
        assert reader.at == len(block), f"{height}: bytes left"
        assert merkle([t[0] for t in transactions]) == header[36:68], f"{height}: merkle root"
        _, _, _, outputs, inputs, stacks = transactions[0]
        width = inputs[0][0]  # BIP34: the height as a push, or OP_1..OP_16 below 17
        told = width - 0x50 if width > 0x50 else int.from_bytes(inputs[0][1:1 + width], "little")
        assert told == height, f"{height}: height in the coinbase"
        promise = [s[6:38] for s in outputs if s[:6] == bytes.fromhex("6a24aa21a9ed")][-1]
        root = merkle([bytes(32)] + [t[1] for t in transactions[1:]])
        assert sha256d(root + stacks[0][0]) == promise, f"{height}: witness commitment"
        if str(height) in facts["hash_at"]:
            assert name[::-1].hex() == facts["hash_at"][str(height)], f"{height}: hash"
        seen.update(t[0] for t in transactions)
        total += len(transactions)
        witness_blocks += any(t[2] for t in transactions[1:])
        kinds.update(kind(s) for t in transactions for s in t[3])
        sizes.append(len(block))
        previous = name
    assert len(seen) == total - 1, "a transaction appears twice"
    assert (height, previous[::-1].hex()) == (facts["blocks"], facts["tip"])
    assert (total, sum(sizes)) == (facts["transactions_with_genesis"], facts["block_bytes"])
    assert witness_blocks == facts["blocks_spending_witness"]
    print(f"good: {height} blocks, {total - 1} transactions, {len(data)} bytes, largest block {max(sizes)}, "
          f"{witness_blocks} blocks spend witness outputs")
    print("outputs:", dict(kinds.most_common()))


if __name__ == "__main__":
    main()
