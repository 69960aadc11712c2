#!/usr/bin/env python3
"""make-navcoin-chains.py FOLDER

Composes a chain for each of NavCoin's networks in NavCoin's serialisation, and writes FOLDER/NAME-chain.dat (format:
README.md) and FOLDER/navcoin-chains.json, which says what is in them.

No NavCoin node had a part in this, and none has confirmed it. The layouts are those of Navcoin Core 7.0.3's source. The
chains follow the real genesis blocks and hang together by hash and merkle root; keys, signatures and proofs are made-up
bytes, and no node would accept the blocks as valid. Nothing of this project is used here, so what the project reads is
not what it wrote.
"""

import hashlib
import json
import pathlib
import struct
import sys

BLOCKS = 120
MINED = 20  # up to this height blocks are mined: no coinstake, no signature
CLOCK = 1_600_000_000
SPACING = 30
VERSION = 7  # the first block version that is identified by double SHA-256
BITS = 0x1D00FFFF
COIN = 100_000_000

GENESIS = {
    "navcoin": "00006a4e3e18c71c6d48ad6c261e2254fa764cf29607a4357c99b712dfbb8e6a",
    "navcoin-testnet": "0000f8186df4648c46f445a25decd423fa6b62ed220849093f73f6f364116894",
    "navcoin-devnet": "0000971c241a5a1b8462c3cb8d455f0493043eb37c7163f88c658c70aa689929",
    "navcoin-regtest": "0000e01b12644af6917e5aada637a609dd9590ad6bdc4828cd8df95258d85c02",
}

BLS_INPUT, BLS_CT = 0x10, 0x20  # flags in a transaction's version
MARKER = 2**64 - 1  # stands in place of the amount in the older encoding with BLS keys


def sha256d(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def filler(label, size):
    """Bytes that look like a key or a signature and are none."""
    out = b""
    while len(out) < size:
        out += hashlib.sha256(f"{label} {len(out)}".encode()).digest()
    return out[:size]


def compact(value):
    if value < 0xFD:
        return struct.pack("<B", value)
    if value < 0x10000:
        return struct.pack("<BH", 0xFD, value)
    return struct.pack("<BI", 0xFE, value)


def string(data):
    return compact(len(data)) + data


def vector(items):
    return compact(len(items)) + b"".join(items)


def tx_in(txid, vout, script=b"", sequence=0xFFFFFFFF):
    return txid + struct.pack("<I", vout) + string(script) + struct.pack("<I", sequence)


def plain_out(value, script):
    return struct.pack("<q", value) + string(script)


def bulletproof(label):
    point = lambda name: string(filler(f"{label} {name}", 48))
    scalar = lambda name: string(filler(f"{label} {name}", 32))
    lists = [
        vector([point("V")]),
        vector([point(f"L{i}") for i in range(6)]),
        vector([point(f"R{i}") for i in range(6)]),
    ]
    points = [point(name) for name in ("A", "S", "T1", "T2")]
    scalars = [scalar(name) for name in ("taux", "mu", "a", "b", "t")]
    return b"".join(lists + points + scalars)


def marked_out(label, value, script):
    """The older encoding with BLS keys."""
    keys = [string(filler(f"{label} {name}", 48)) for name in ("ephemeral", "output", "spending")]
    head = struct.pack("<Qq", MARKER, value)
    return head + b"".join(keys) + bulletproof(label) + string(script)


def flagged_out(label, script, value=None, keys=False, proof=False, token=None, subid=None, data=b""):
    """The newer encoding: flags say which fields follow."""
    flags, fields = 1 << 63, b""
    if value is not None:
        flags |= 1 << 0
        fields += struct.pack("<q", value)
    if keys:
        for bit, name in ((1, "ephemeral"), (2, "output"), (3, "spending")):
            flags |= 1 << bit
            fields += string(filler(f"{label} {name}", 48))
    if proof:
        flags |= 1 << 4
        fields += bulletproof(label)
    if token is not None:
        flags |= 1 << 5
        fields += token
    if subid is not None:
        flags |= 1 << 6
        fields += struct.pack("<Q", subid)
    if data:
        flags |= 1 << 7
        fields += string(data)
    return struct.pack("<Q", flags) + fields + string(script)


class Tx:
    """A transaction, with and without its witness."""

    def __init__(self, version, time, inputs, outputs, witness=None, dzeel=b"", balance_sig=b"", tx_sig=b""):
        head = struct.pack("<iI", version, time)
        body = vector(inputs) + vector(outputs)
        tail = struct.pack("<I", 0)
        if version >= 2:
            tail += string(dzeel)
        if version & (BLS_INPUT | BLS_CT):
            tail += string(balance_sig)
        if version & BLS_INPUT:
            tail += string(tx_sig)
        self.base = head + body + tail
        self.full = self.base
        if witness is not None:
            stacks = b"".join(vector([string(item) for item in stack]) for stack in witness)
            self.full = head + b"\x00\x01" + body + stacks + tail
        self.txid = sha256d(self.base)
        self.wtxid = sha256d(self.full)


def merkle_root(hashes):
    while len(hashes) > 1:
        if len(hashes) % 2:
            hashes.append(hashes[-1])
        hashes = [sha256d(hashes[i] + hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def coinbase(height, time, commitment=None):
    script = b"\x03" + struct.pack("<I", height)[:3]
    outputs = [plain_out(50 * COIN if height <= MINED else 0, b"\x51" if height <= MINED else b"")]
    witness = None
    if commitment is not None:
        outputs.append(plain_out(0, bytes.fromhex("6a24aa21a9ed") + commitment))
        witness = [[bytes(32)]]
    return Tx(1, time, [tx_in(bytes(32), 0xFFFFFFFF, script)], outputs, witness)


def coinstake(height, time, coin):
    outputs = [plain_out(0, b""), plain_out(52 * COIN, b"\x51")]
    return Tx(3, time, [tx_in(coin, 0, filler(f"stake {height}", 72))], outputs, dzeel=b"")


def others(height, time, coin):
    """What else is in the block of this height: every kind of transaction in turn."""
    label = f"height {height}"
    spend = lambda n: tx_in(coin, n, filler(f"{label} script {n}", 107))
    kind = height % 8
    if kind == 1:
        return [Tx(1, time, [spend(0)], [plain_out(COIN, b"\x51"), plain_out(2 * COIN, b"\x52")])]
    if kind == 2:
        return [Tx(3, time, [spend(0)], [plain_out(COIN, b"\x51")], dzeel=f"block {height}".encode())]
    if kind == 3:
        proposal = json.dumps({"n": COIN, "a": "proposal", "d": 604800, "s": label, "v": 2}).encode()
        return [Tx(4, time, [spend(0)], [plain_out(COIN, b"\x6a\xc1")], dzeel=proposal)]
    if kind == 4:
        outputs = [plain_out(COIN, bytes.fromhex("0014") + filler(label, 20))]
        return [Tx(1, time, [tx_in(coin, 0)], outputs, [[filler(label + "sig", 72), filler(label + "key", 33)]])]
    if kind == 5:
        outputs = [marked_out(label, 0, b"\x51"), plain_out(200_000, b"\x6a")]
        sig = filler(label + " balance", 96)
        return [Tx(3 | BLS_CT, time, [spend(0)], outputs, balance_sig=sig)]
    if kind == 6:
        outputs = [
            flagged_out(label, b"\x51", keys=True, proof=True, token=filler(label + "token", 32), subid=height),
            flagged_out(label + "b", b"\x6a", value=200_000, data=b"fee"),
            flagged_out(label + "c", b"\x52"),
        ]
        sigs = filler(label + " balance", 96), filler(label + " inputs", 96)
        version = 3 | BLS_INPUT | BLS_CT
        return [Tx(version, time, [tx_in(coin, 0)], outputs, balance_sig=sigs[0], tx_sig=sigs[1])]
    if kind == 7 and height == 63:
        # More than 252 transactions: their count takes three bytes.
        return [Tx(8, time, [spend(n)], [plain_out(n, b"\x6a\xc4")], dzeel=b"") for n in range(260)]
    return []


def block(height, parent):
    time = CLOCK + height * SPACING
    coin = hashlib.sha256(f"coin {height}".encode()).digest()
    txs = others(height, time, coin)
    if height > MINED:
        txs.insert(0, coinstake(height, time, coin))
    commitment = None
    if any(tx.full != tx.base for tx in txs):
        root = merkle_root([bytes(32)] + [tx.wtxid for tx in txs])
        commitment = sha256d(root + bytes(32))
    txs.insert(0, coinbase(height, time, commitment))
    root = merkle_root([tx.txid for tx in txs])
    header = struct.pack("<i", VERSION) + parent + root + struct.pack("<III", time, BITS, 0)
    signature = filler(f"block {height}", 71) if height > MINED else b""
    return header, header + vector([tx.full for tx in txs]) + string(signature), len(txs)


def chain(genesis):
    parent = bytes.fromhex(genesis)[::-1]
    records, told, count = [], {}, 0
    for height in range(1, BLOCKS + 1):
        header, data, txs = block(height, parent)
        parent = sha256d(header)
        records.append(struct.pack("<I", len(data)) + data)
        count += txs
        if height in (1, MINED, MINED + 1, 63, BLOCKS):
            told[str(height)] = parent[::-1].hex()
    return b"".join(records), {"blocks": BLOCKS, "transactions": count, "hash_at": told}


def main():
    folder = pathlib.Path(sys.argv[1])
    summary = {}
    for name, genesis in GENESIS.items():
        data, told = chain(genesis)
        (folder / f"{name}-chain.dat").write_bytes(data)
        summary[name] = {**told, "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "navcoin-chains.json").write_text(json.dumps(summary, indent=1) + "\n")


main()
