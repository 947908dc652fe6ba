"""sntrup761_oracle.py LIBRARY: libgcrypt's sntrup761 behind lines. Each line is answered by one, all in
hex:

generate                    a public and its private key
encapsulate KEY             a ciphertext and its secret
decapsulate KEY CIPHERTEXT  the secret
"""

import ctypes
import sys

SNTRUP761 = 1  # enum gcry_kem_algos of gcrypt.h
PUBLIC_KEY, PRIVATE_KEY, CIPHERTEXT, SECRET = 1158, 1763, 1039, 32


class Libgcrypt:
    """From 1.11 on."""

    def __init__(self, library):
        self._library = ctypes.CDLL(library)
        self._library.gcry_check_version.restype = ctypes.c_char_p
        assert self._library.gcry_check_version(b"1.11.0"), "libgcrypt is too old"

    def _call(self, function, *buffers):
        """Each buffer goes with its size."""
        sized = [argument for buffer in buffers
                 for argument in (buffer, ctypes.c_size_t(0 if buffer is None else len(buffer)))]
        error = getattr(self._library, function)(SNTRUP761, *sized)
        assert error == 0, f"{function}: {error}"

    def generate(self):
        public_key, private_key = (ctypes.create_string_buffer(size)
                                   for size in (PUBLIC_KEY, PRIVATE_KEY))
        self._call("gcry_kem_keypair", public_key, private_key)
        return public_key.raw, private_key.raw

    def encapsulate(self, key):
        ciphertext, secret = (ctypes.create_string_buffer(size) for size in (CIPHERTEXT, SECRET))
        self._call("gcry_kem_encap", key, ciphertext, secret, None)
        return ciphertext.raw, secret.raw

    def decapsulate(self, key, ciphertext):
        secret = ctypes.create_string_buffer(SECRET)
        self._call("gcry_kem_decap", key, ciphertext, secret, None)
        return (secret.raw,)


def main():
    library = Libgcrypt(sys.argv[1])
    for line in sys.stdin:
        function, *arguments = line.split()
        outputs = getattr(library, function)(*map(bytes.fromhex, arguments))
        print(*(output.hex() for output in outputs), flush=True)


if __name__ == "__main__":
    main()
