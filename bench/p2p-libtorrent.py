# A party of the measured swarms that runs libtorrent: `p2p-libtorrent.py seed|leech TORRENT FOLDER`.
# It answers and is told what to do as p2p-node.ts is.
import json
import sys
import time

import libtorrent as lt

role, torrent_path, folder = sys.argv[1:4]
session = lt.session(
    {
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_outgoing_utp": False,
        "enable_incoming_utp": False,
        "allow_multiple_connections_per_ip": True,
        "listen_interfaces": "127.0.0.1:0",
    }
)
info = lt.torrent_info(torrent_path)
# Checking, seeding: see torrent_status.state.
READY_STATES = (3, 4, 5)


def say(**answer):
    print(json.dumps(answer), flush=True)


def add(peers, only_wanted=False):
    handle = session.add_torrent({"ti": info, "save_path": folder})
    if only_wanted:
        handle.prioritize_pieces([0] * info.num_pieces())
    while handle.status().state not in READY_STATES:
        time.sleep(0.001)
    for peer in peers:
        host, port = peer.split(":")
        handle.connect_peer((host, int(port)))
    return handle


def fetch(peers):
    start = time.monotonic()
    handle = add(peers)
    while not handle.status().is_seeding:
        time.sleep(0.01)
    say(ms=(time.monotonic() - start) * 1000)


def first_byte_ms(handle, offset):
    start = time.monotonic()
    piece = offset // info.piece_length()
    for ahead in range(3):
        if piece + ahead < info.num_pieces():
            handle.set_piece_deadline(piece + ahead, ahead * 50)
    while not handle.have_piece(piece):
        time.sleep(0.001)
    return (time.monotonic() - start) * 1000


def seek(peers, offsets):
    start = time.monotonic()
    handle = add(peers, only_wanted=True)
    first_byte_ms(handle, 0)
    answer = {"firstMs": (time.monotonic() - start) * 1000}
    for place, offset in enumerate(offsets):
        answer[f"seek{place}Ms"] = first_byte_ms(handle, offset)
    say(**answer)


if role == "seed":
    flags = lt.torrent_flags.seed_mode
    session.add_torrent({"ti": info, "save_path": folder, "flags": flags})
while session.listen_port() == 0:
    time.sleep(0.01)
say(port=session.listen_port())
for line in sys.stdin:
    order = json.loads(line)
    if order["kind"] == "fetch":
        fetch(order["peers"])
    if order["kind"] == "seek":
        seek(order["peers"], order["offsets"])
