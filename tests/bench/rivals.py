"""The tunnels that are compared, by name: start(lab, targets, path_to) -> Tunnel."""

from harness.keys import make_key
from harness.lab import Lab

from other_tunnels import start_haproxy, start_nothing, start_relays, start_stunnel
from ssh_tunnels import AES128, AES256, CHACHA20, culvert, culvert_up, culvertd, pair, ssh, sshd

RIVALS = {
    "direct": start_nothing,
    "relays": start_relays,
    "stunnel": start_stunnel,
    "haproxy": start_haproxy,
    "ssh": pair(sshd, ssh, cipher=AES256),
    "ssh-aes128": pair(sshd, ssh, cipher=AES128),
    "ssh-chacha20": pair(sshd, ssh, cipher=CHACHA20),
    "ssh-C": pair(sshd, ssh, cipher=AES256, compression=True),
}
# Ours, and ours with one end of OpenSSH's: CLIENT+SERVER.
SUBJECTS = {
    "culvert": pair(culvertd, culvert, cipher=AES256),
    "culvert-chacha20": pair(culvertd, culvert, cipher=CHACHA20),
    "culvert-zlib": pair(culvertd, culvert_up, compression="zlib"),
    "culvert-zstd": pair(culvertd, culvert_up, compression="zstd"),
    "ssh+culvertd": pair(culvertd, ssh, cipher=AES256),
    "culvert+sshd": pair(sshd, culvert, cipher=AES256),
}
TUNNELS = RIVALS | SUBJECTS


def make_lab(root):
    return Lab(root, make_key(root / "user_key"), make_key(root / "host_key"))
