# A libtorrent peer for clients.test.ts: `libtorrent-peer.py FOLDER TORRENT-OR-MAGNET PORT`. It
# fetches and then seeds until it is killed, and prints a line when it knows what the torrent holds.
import sys
import time

import libtorrent as lt

folder, source, port = sys.argv[1:4]
session = lt.session(
    {
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "allow_multiple_connections_per_ip": True,
        "listen_interfaces": f"127.0.0.1:{port}",
    }
)
if source.startswith("magnet:"):
    params = lt.parse_magnet_uri(source)
    params.save_path = folder
else:
    params = {"ti": lt.torrent_info(source), "save_path": folder}
handle = session.add_torrent(params)
while not handle.status().has_metadata:
    time.sleep(0.05)
print("metadata", flush=True)
while True:
    time.sleep(1)
