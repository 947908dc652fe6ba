"""Where the fields of the messages of a key exchange are (RFC 8731, RFC 9941,
draft-ietf-sshm-mlkem-hybrid-kex), for Ed25519 host keys.
"""

ALGORITHM = b"ssh-ed25519"
MLKEM = "mlkem768x25519-sha256"
SNTRUP = "sntrup761x25519-sha512"
SNTRUP_OPENSSH = "sntrup761x25519-sha512@openssh.com"
CURVE25519 = "curve25519-sha256"
HYBRIDS = (MLKEM, SNTRUP)
PUBLIC_KEYS = {MLKEM: 1184, SNTRUP: 1158, SNTRUP_OPENSSH: 1158, CURVE25519: 0}
CIPHERTEXTS = {MLKEM: 1088, SNTRUP: 1039, SNTRUP_OPENSSH: 1039, CURVE25519: 0}


def layout(lengths):
    """The range of offsets of each field, which follow one another."""
    fields, end = {}, 0
    for name, length in lengths.items():
        fields[name] = range(end, end + length)
        end += length
    return fields


def fields_of_init(method):
    return layout({
        "message number": 1, "C_INIT's length": 4,
        "C_INIT's public key": PUBLIC_KEYS[method], "C_INIT's X25519 key": 32})


def fields_of_reply(method):
    return layout({
        "message number": 1, "K_S's length": 4, "length of K_S's algorithm": 4,
        "K_S's algorithm": len(ALGORITHM), "length of K_S's key": 4, "K_S's key": 32,
        "S_REPLY's length": 4, "S_REPLY's ciphertext": CIPHERTEXTS[method],
        "S_REPLY's X25519 key": 32, "signature's length": 4, "length of the signature's algorithm": 4,
        "signature's algorithm": len(ALGORITHM), "length of the signature's bytes": 4,
        "signature's bytes": 64})
