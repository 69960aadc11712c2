#!/usr/bin/env python3
"""record-mweb.py RUN OUT

Records how a real litecoind puts MWEB data on the wire. RUN is the wrapper that get-node.sh leaves for litecoind, OUT a
folder for two files: `messages.txt`, payloads as the node sent them over P2P, and `truth.json`, what the node says by
RPC of the same transactions and blocks.

The node runs on regtest with a scratch data folder, on loopback, and is asked by three peers that differ in the
services that they claim and in the version of compact blocks that they agree on. Keys and blinding factors are random,
so no two runs record the same bytes. Nothing here is code of this project.
"""

import base64
import hashlib
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

MAGIC = bytes.fromhex("fabfb5da")
ACTIVE = 432  # height of the first block with MWEB on regtest
CLOCK = 1_700_000_000

NETWORK, WITNESS, MWEB = 1, 1 << 3, 1 << 24  # service bits
WITNESS_FLAG, MWEB_FLAG = 1 << 30, 1 << 29  # of the numbers in getdata
TX, BLOCK, CMPCT, WTX = 1, 2, 4, 5
NUMBERS = {
    "tx": TX, "witness-tx": TX | WITNESS_FLAG, "mweb-tx": TX | WITNESS_FLAG | MWEB_FLAG, "wtx": WTX,
    "block": BLOCK, "witness-block": BLOCK | WITNESS_FLAG, "mweb-block": BLOCK | WITNESS_FLAG | MWEB_FLAG,
    "cmpct-block": CMPCT,
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    """One regtest node with a scratch data folder; `with` starts and stops it."""

    def __init__(self, run):
        self.run = run
        self.folder = tempfile.mkdtemp(prefix="record-mweb-")
        self.port, self.p2p = free_port(), free_port()

    def __enter__(self):
        self.process = subprocess.Popen([
            self.run, "litecoind", "-regtest", f"-datadir={self.folder}", "-server=1", "-listen=1", "-connect=0",
            f"-bind=127.0.0.1:{self.p2p}", f"-rpcport={self.port}", "-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1",
            "-dnsseed=0", "-discover=0", "-listenonion=0", "-upnp=0", "-txindex=1", "-par=1", "-dbcache=16",
            "-fallbackfee=0.0002", "-whitelist=noban@127.0.0.1", f"-mocktime={CLOCK}", "-printtoconsole=0"])
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

    def rpc(self, method, *parameters, wallet=None):
        body = json.dumps({"method": method, "params": parameters})
        headers = {"Authorization": "Basic " + self.cookie}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", f"/wallet/{wallet}" if wallet else "/", body, headers)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        if answer["error"]:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def mine(self, count, address):
        """Each block a minute after the one before."""
        names = []
        for _ in range(count):
            self.rpc("setmocktime", CLOCK + 60 * (self.rpc("getblockcount") + 1))
            names += self.rpc("generatetoaddress", 1, address)
        self.rpc("syncwithvalidationinterfacequeue")
        return names[-1]


class Peer:
    """A connection to the node; what is read is the node's own bytes."""

    def __init__(self, node, services, compact):
        self.socket = socket.create_connection(("127.0.0.1", node.p2p), timeout=30)
        self.stream = self.socket.makefile("rb")
        nobody = struct.pack("<Q16sH", 0, bytes(16), 0)
        self.send("version", struct.pack("<iQq", 70016, services, CLOCK) + nobody + nobody
                  + struct.pack("<Q", compact) + b"\x00" + struct.pack("<i?", 0, True))
        self.until("version")
        self.send("wtxidrelay")
        self.send("verack")
        self.until("verack")
        self.send("sendcmpct", struct.pack("<?Q", False, compact))
        self.settle()

    def send(self, command, payload=b""):
        digest = hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
        head = MAGIC + command.encode().ljust(12, b"\0") + struct.pack("<I", len(payload)) + digest
        self.socket.sendall(head + payload)

    def receive(self):
        head = self.stream.read(24)
        assert head[:4] == MAGIC, head
        payload = self.stream.read(int.from_bytes(head[16:20], "little"))
        command = head[4:16].rstrip(b"\0").decode()
        if command == "ping":
            self.send("pong", payload)
        return command, payload

    def until(self, *wanted):
        while True:
            command, payload = self.receive()
            if command in wanted:
                return command, payload

    def settle(self):
        """All that the node has said by now; it answers in order."""
        said = []
        self.send("ping", b"settled!")
        while (got := self.receive()) != ("pong", b"settled!"):
            said.append(got)
        return said

    def ask(self, number, name):
        """What the node says to a getdata of one item; nothing is an answer, too."""
        self.send("getdata", b"\x01" + struct.pack("<I", number) + bytes.fromhex(name)[::-1])
        said = [got for got in self.settle() if got[0] in ("tx", "block", "cmpctblock", "notfound")]
        assert len(said) < 2, said
        return said[0] if said else None


class Tape:
    def __init__(self):
        self.lines, self.seen = [], {}

    def note(self, section, got):
        command, payload = got or ("-", b"")
        text = payload.hex()
        # A payload that was there before is named by where.
        first = self.seen.setdefault((command, text), section)
        what = text if first == section else f"= {first}"
        self.lines.append(f"{section} | {command} | {len(payload)} | {what}")


def about(transaction):
    """Without its bytes, which are on the tape."""
    return {key: value for key, value in transaction.items() if key not in ("hex", "blockhash", "confirmations")}


def about_block(node, name):
    block = node.rpc("getblock", name, 2)
    block["tx"] = [about(transaction) for transaction in block["tx"]]
    for output in block.get("mweb", {}).get("outputs", []):
        output["range_proof"] = output["range_proof"][:16]  # long, and on the tape
    return {key: value for key, value in block.items() if key != "confirmations"}


def fund(node):
    """Wallets with coins of one kind each: canonical with witness, canonical without, MWEB."""
    address = {}
    for name, kind in (("segwit", "bech32"), ("legacy", "legacy"), ("mweb", "mweb")):
        node.rpc("createwallet", name)
        address[name] = node.rpc("getnewaddress", "", kind, wallet=name)
    node.mine(2, address["legacy"])
    node.mine(ACTIVE - 1 - node.rpc("getblockcount"), address["segwit"])
    for amount in (10, 20, 5):
        node.rpc("sendtoaddress", address["mweb"], amount, wallet="segwit")
    node.mine(2, address["segwit"])
    return address


def main():
    run, out = sys.argv[1:]
    tape, truth = Tape(), {"transactions": {}, "blocks": {}}
    with Node(run) as node:
        truth["made_by"] = node.rpc("getnetworkinfo")["subversion"]
        address = fund(node)
        peers = {
            "mweb": Peer(node, NETWORK | WITNESS | MWEB, 3),
            "segwit": Peer(node, NETWORK | WITNESS, 2),
            "old": Peer(node, NETWORK, 1),
        }
        sent = {
            "peg-in": node.rpc("sendtoaddress", address["mweb"], 7, wallet="segwit"),
            "peg-in without witness": node.rpc("sendtoaddress", address["mweb"], 40, wallet="legacy"),
            "pure": node.rpc("sendtoaddress", node.rpc("getnewaddress", "", "mweb", wallet="mweb"), 3, wallet="mweb"),
            "peg-out": node.rpc("sendtoaddress", address["segwit"], 2, wallet="mweb"),
        }
        node.rpc("setmocktime", CLOCK + 60 * 500)  # long enough after that they may be asked for unannounced
        time.sleep(1)
        for kind, txid in sent.items():
            truth["transactions"][kind] = about(node.rpc("getrawtransaction", txid, True))
        for who, peer in peers.items():
            for number, got in enumerate(got for got in peer.settle() if got[0] == "inv"):
                tape.note(f"to {who}: inv {number}", got)
            for kind, txid in sent.items():
                for number in ("mweb-tx", "witness-tx", "tx", "wtx"):
                    name = truth["transactions"][kind]["hash"] if number == "wtx" else txid
                    tape.note(f"to {who}: {number} of {kind}", peer.ask(NUMBERS[number], name))
        tape.note("to mweb: tx and MWEB of peg-in", peers["mweb"].ask(TX | MWEB_FLAG, sent["peg-in"]))

        full = node.mine(1, address["segwit"])
        recent = {"full": full, "empty": node.mine(1, address["segwit"])}
        blocks = {**recent, "first": node.rpc("getblockhash", ACTIVE), "before": node.rpc("getblockhash", ACTIVE - 1)}
        for kind, name in blocks.items():
            truth["blocks"][kind] = about_block(node, name)
            for who, peer in peers.items():
                for number in ("mweb-block", "witness-block", "block"):
                    got = peer.ask(NUMBERS[number], name)
                    tape.note(f"to {who}: {number} {kind}", got)
                    if number == "mweb-block":
                        assert got[1].hex() == node.rpc("getblock", name, 0)
        tape.note("to mweb: block and MWEB full", peers["mweb"].ask(BLOCK | MWEB_FLAG, full))
        for kind, name in recent.items():
            count = truth["blocks"][kind]["nTx"]
            for who, peer in peers.items():
                tape.note(f"to {who}: cmpct-block {kind}", peer.ask(CMPCT, name))
                peer.send("getblocktxn", bytes.fromhex(name)[::-1] + bytes([count] + [0] * count))
                tape.note(f"to {who}: transactions of {kind}", peer.until("blocktxn"))
        before = bytes.fromhex(blocks["before"])[::-1]
        peers["mweb"].send("getheaders", struct.pack("<IB32s32s", 70016, 1, before, bytes(32)))
        tape.note("to mweb: headers after before", peers["mweb"].until("headers"))

    pathlib.Path(out, "messages.txt").write_text("\n".join(tape.lines) + "\n")
    pathlib.Path(out, "truth.json").write_text(json.dumps(truth, indent=1) + "\n")


if __name__ == "__main__":
    main()
