#!/usr/bin/env python3
"""make-demo-chain.py RUN OUT.dat OUT.json

Makes the demo chain with a real node: RUN is the wrapper that tests/interop/get-node.sh leaves for bitcoin-knots.
The node runs on regtest with a scratch data folder, listens to nobody, and mines with a fixed clock; the wallet's keys
are the published test key of BIP32 (test vector 1), so the same node version makes the same chain again, byte for byte.

OUT.dat is the chain (format: README.md). OUT.json is what the node itself says about it, for tests to compare with.
"""

import base64
import collections
import http.client
import json
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

BLOCKS = 310
FIRST_SPEND = 112  # the first coins are spendable at height 101; a few more give every kind a start
CLOCK = 1_700_000_000  # time of the genesis the chain pretends to follow; ten minutes a block after that
FEE = 2_000  # satoshi per transaction: above the relay minimum for every size made here
CROWDED = 221  # this block holds more than 252 transactions: their count takes three bytes

# BIP32 test vector 1 (seed 000102030405060708090a0b0c0d0e0f), serialised for the test networks.
MASTER = ("tprv8ZgxMBicQKsPeDgjzdC36fs6bMjGApWDNLR9erAXMs5skhMv36j9MV5ecvfavji5kh"
          "qjWaWSFhN3YcCUUdiKH6isR4Pwy3U5y5egddBr16m")
# BIP341: a point whose discrete logarithm nobody knows, so that only the script path can spend.
NOBODY = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0"
KINDS = {
    "p2pkh": f"pkh({MASTER}/44h/1h/0h/0/*)",
    "p2sh-p2wpkh": f"sh(wpkh({MASTER}/49h/1h/0h/0/*))",
    "p2wpkh": f"wpkh({MASTER}/84h/1h/0h/0/*)",
    "p2wsh": f"wsh(multi(2,{MASTER}/48h/0/*,{MASTER}/48h/1/*,{MASTER}/48h/2/*))",
    "p2tr-key": f"tr({MASTER}/86h/1h/0h/0/*)",
    "p2tr-script": f"tr({NOBODY},pk({MASTER}/86h/1h/1h/0/*))",
}
ADDRESSES_PER_KIND = 64

Coin = collections.namedtuple("Coin", "txid vout satoshi script kind")


class Node:
    """One regtest node with a scratch data folder; `with` starts and stops it."""

    def __init__(self, run):
        self.run = run
        self.folder = tempfile.mkdtemp(prefix="demo-chain-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.path = "/"
        self.connection = None

    def __enter__(self):
        self.process = subprocess.Popen([
            self.run, "bitcoind", "-regtest", f"-datadir={self.folder}", "-server=1", "-listen=0", "-connect=0",
            f"-rpcport={self.port}", "-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1", "-dnsseed=0", "-fixedseeds=0",
            "-discover=0", "-listenonion=0", "-natpmp=0", "-softwareexpiry=0", "-txindex=1", "-par=1", "-dbcache=64",
            f"-mocktime={CLOCK}", "-limitancestorcount=1000", "-limitdescendantcount=1000",
            "-printtoconsole=0"])
        cookie = pathlib.Path(self.folder, "regtest", ".cookie")
        for _ in range(600):
            if self.process.poll() is not None:
                raise SystemExit(f"the node ended with {self.process.returncode}")
            try:
                self.cookie = base64.b64encode(cookie.read_bytes()).decode()
                self.rpc("getblockcount")
                return self
            except (OSError, RuntimeError):
                time.sleep(0.1)
        raise SystemExit("the node does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        shutil.rmtree(self.folder)

    def rpc(self, method, *parameters):
        body = json.dumps({"method": method, "params": parameters})
        headers = {"Authorization": "Basic " + self.cookie}
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            self.connection.request("POST", self.path, body, headers)
            answer = json.loads(self.connection.getresponse().read())
        except (OSError, http.client.HTTPException):
            self.connection = None
            raise OSError("no answer") from None
        if answer["error"]:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]


class Chain:
    """What has been mined and what can be spent."""

    def __init__(self, node):
        self.node = node
        self.coins = {kind: collections.deque() for kind in KINDS}
        self.turn = 0  # which address of a kind comes next
        self.blocks = []
        node.rpc("createwallet", "demo", False, True)
        node.path = "/wallet/demo"
        self.addresses = {}
        for kind, descriptor in KINDS.items():
            descriptor += "#" + node.rpc("getdescriptorinfo", descriptor)["checksum"]
            last = ADDRESSES_PER_KIND - 1
            told = node.rpc("importdescriptors", [{
                "desc": descriptor, "timestamp": "now", "range": [0, last]}])
            if not told[0]["success"]:
                raise SystemExit(f"{kind}: {told}")
            self.addresses[kind] = node.rpc("deriveaddresses", descriptor, [0, last])

    def address(self, kind):
        self.turn += 1
        return self.addresses[kind][self.turn % ADDRESSES_PER_KIND]

    def keep(self, txid, outputs, kinds):
        """Notes the outputs of a transaction as coins; outputs beyond `kinds` carry no coin."""
        for output, kind in zip(outputs, kinds):
            satoshi = round(output["value"] * 100_000_000)
            self.coins[kind].append(Coin(txid, output["n"], satoshi, output["scriptPubKey"]["hex"], kind))

    def spend(self, kinds_in, kinds_out, note=None):
        """Sends one transaction: a coin of each of `kinds_in`, shared equally by an output of each of `kinds_out`."""
        if any(len(self.coins[kind]) < kinds_in.count(kind) for kind in kinds_in):
            return 0
        coins = [self.coins[kind].popleft() for kind in kinds_in]
        share = (sum(coin.satoshi for coin in coins) - FEE) // len(kinds_out)
        outputs = [{self.address(kind): f"{share / 100_000_000:.8f}"} for kind in kinds_out]
        if note:
            outputs.append({"data": note.encode().hex()})
        raw = self.node.rpc("createrawtransaction", [{"txid": c.txid, "vout": c.vout} for c in coins], outputs)
        signed = self.node.rpc("signrawtransactionwithwallet", raw, [
            {"txid": c.txid, "vout": c.vout, "scriptPubKey": c.script, "amount": f"{c.satoshi / 100_000_000:.8f}"}
            for c in coins])
        if not signed["complete"]:
            raise SystemExit(f"not signed: {kinds_in}: {signed}")
        txid = self.node.rpc("sendrawtransaction", signed["hex"])
        self.keep(txid, self.node.rpc("decoderawtransaction", signed["hex"])["vout"], kinds_out)
        return len(signed["hex"]) // 2

    def mine(self, kind):
        height = len(self.blocks) + 1
        self.node.rpc("setmocktime", CLOCK + 600 * height)
        (name,) = self.node.rpc("generatetoaddress", 1, self.address(kind))
        self.blocks.append(bytes.fromhex(self.node.rpc("getblock", name, 0)))
        return name

    def mature(self, name, kind):
        """The coins of the block `name` may be spent from now on."""
        coinbase = self.node.rpc("getblock", name, 2)["tx"][0]
        self.keep(coinbase["txid"], coinbase["vout"], [kind])


def fill(chain, height):
    """Sends the transactions that the block at `height` will hold. The plan depends on the height alone."""
    kinds = list(KINDS)
    segwit = ["p2wpkh", "p2tr-key", "p2wsh", "p2sh-p2wpkh", "p2tr-script"]
    if height % 10 == 0:
        return  # nothing but the coinbase
    if height % 10 == 5:  # no witness anywhere but in the coinbase
        for turn in range(6):
            chain.spend(["p2pkh"], ["p2pkh", kinds[turn]])
        return
    count = 300 if height == CROWDED else 100 if height % 50 == 21 else 4 + height * 7 % 19
    for turn in range(count):
        step = height + turn
        source = segwit[step % len(segwit)] if turn % 8 else "p2pkh"
        sources = [source, kinds[step % len(kinds)]] if turn % 3 == 0 else [source]
        targets = [kinds[(step + shift) % len(kinds)] for shift in range(2 + (turn % 5 == 0))]
        chain.spend(sources, targets, f"height {height}" if turn == 1 else None)


def main():
    run, data, facts = sys.argv[1:]
    with Node(run) as node:
        chain = Chain(node)
        kinds = list(KINDS)
        names = []
        for height in range(1, BLOCKS + 1):
            if height >= FIRST_SPEND:
                fill(chain, height)
            names.append((chain.mine(kinds[height % len(kinds)]), kinds[height % len(kinds)]))
            if height > 100:
                chain.mature(*names[height - 101])
        stats = node.rpc("getchaintxstats")
        weights = [node.rpc("getblock", name, 1) for name, _ in names]
        told = {
            "network": "regtest",
            "made_by": node.rpc("getnetworkinfo")["subversion"],
            "first_height": 1,
            "blocks": node.rpc("getblockcount"),
            "tip": node.rpc("getbestblockhash"),
            "transactions_with_genesis": stats["txcount"],
            "block_bytes": sum(block["size"] for block in weights),
            "stripped_bytes": sum(block["strippedsize"] for block in weights),
            "blocks_spending_witness": sum(
                node.rpc("getblockstats", name, ["swtxs"])["swtxs"] > 0 for name, _ in names),
            "hash_at": {str(height): names[height - 1][0] for height in (1, 100, 200, 300, BLOCKS)},
        }
    with open(data, "wb") as out:
        for block in chain.blocks:
            out.write(struct.pack("<I", len(block)) + block)
    pathlib.Path(facts).write_text(json.dumps(told, indent=2) + "\n")
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
