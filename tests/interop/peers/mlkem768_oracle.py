"""mlkem768_oracle.py sodium|openssl LIBRARY: an ML-KEM-768 of others behind lines. Each line is answered
by one, all in hex:

generate SEED               the public and the private key; the seed is d and z
encapsulate KEY MESSAGE     the ciphertext and the secret, or "refused"
decapsulate KEY CIPHERTEXT  the secret
"""

import ctypes
import sys

PUBLIC_KEY, PRIVATE_KEY, CIPHERTEXT, SECRET = 1184, 2400, 1088, 32


def checked(ok):
    if not ok:
        raise RuntimeError("the library has failed")
    return ok


class Sodium:
    """From 1.0.22 on."""

    def __init__(self, library):
        self._library = ctypes.CDLL(library)
        checked(self._library.sodium_init() >= 0)

    def generate(self, seed):
        public_key, private_key = (ctypes.create_string_buffer(size)
                                   for size in (PUBLIC_KEY, PRIVATE_KEY))
        checked(self._library.crypto_kem_mlkem768_seed_keypair(public_key, private_key, seed) == 0)
        return public_key.raw, private_key.raw

    def encapsulate(self, key, message):
        ciphertext, secret = (ctypes.create_string_buffer(size) for size in (CIPHERTEXT, SECRET))
        if self._library.crypto_kem_mlkem768_enc_deterministic(ciphertext, secret, key, message):
            return None
        return ciphertext.raw, secret.raw

    def decapsulate(self, key, ciphertext):
        secret = ctypes.create_string_buffer(SECRET)
        checked(self._library.crypto_kem_mlkem768_dec(secret, ciphertext, key) == 0)
        return (secret.raw,)


class Parameter(ctypes.Structure):
    """OSSL_PARAM(3)."""
    _fields_ = [("key", ctypes.c_char_p), ("data_type", ctypes.c_uint), ("data", ctypes.c_char_p),
                ("data_size", ctypes.c_size_t), ("return_size", ctypes.c_size_t)]
    OCTETS = 5


def one_parameter(name, data):
    return (Parameter * 2)(Parameter(name, Parameter.OCTETS, data, len(data)), Parameter())


class OpenSSL:
    """From 3.5 on: EVP_PKEY-ML-KEM(7), EVP_KEM-ML-KEM(7)."""
    NAME = b"ML-KEM-768"

    def __init__(self, library):
        self._library = ctypes.CDLL(library)
        for function in ("EVP_PKEY_CTX_new_from_name", "EVP_PKEY_CTX_new_from_pkey",
                         "EVP_PKEY_new_raw_public_key_ex", "EVP_PKEY_new_raw_private_key_ex"):
            getattr(self._library, function).restype = ctypes.c_void_p

    def generate(self, seed):
        evp = self._library
        context = ctypes.c_void_p(checked(evp.EVP_PKEY_CTX_new_from_name(None, self.NAME, None)))
        key = ctypes.c_void_p()
        checked(evp.EVP_PKEY_keygen_init(context) == 1)
        checked(evp.EVP_PKEY_CTX_set_params(context, one_parameter(b"seed", seed)) == 1)
        checked(evp.EVP_PKEY_generate(context, ctypes.byref(key)) == 1)
        halves = []
        for get, size in ((evp.EVP_PKEY_get_raw_public_key, PUBLIC_KEY),
                          (evp.EVP_PKEY_get_raw_private_key, PRIVATE_KEY)):
            half, length = ctypes.create_string_buffer(size), ctypes.c_size_t(size)
            checked(get(key, half, ctypes.byref(length)) == 1 and length.value == size)
            halves.append(half.raw)
        evp.EVP_PKEY_free(key)
        evp.EVP_PKEY_CTX_free(context)
        return halves

    def _with_key(self, make, raw, use):
        evp = self._library
        key = ctypes.c_void_p(make(None, self.NAME, None, raw, ctypes.c_size_t(len(raw))))
        if not key:
            return None
        context = ctypes.c_void_p(checked(evp.EVP_PKEY_CTX_new_from_pkey(None, key, None)))
        result = use(context)
        evp.EVP_PKEY_CTX_free(context)
        evp.EVP_PKEY_free(key)
        return result

    def encapsulate(self, key, message):
        evp = self._library

        def use(context):
            outputs = [(ctypes.create_string_buffer(size), ctypes.c_size_t(size))
                       for size in (CIPHERTEXT, SECRET)]
            checked(evp.EVP_PKEY_encapsulate_init(context, one_parameter(b"ikme", message)) == 1)
            checked(evp.EVP_PKEY_encapsulate(
                context, *(argument for output, length in outputs
                           for argument in (output, ctypes.byref(length)))) == 1)
            return [output.raw for output, _ in outputs]

        return self._with_key(evp.EVP_PKEY_new_raw_public_key_ex, key, use)

    def decapsulate(self, key, ciphertext):
        evp = self._library

        def use(context):
            secret, length = ctypes.create_string_buffer(SECRET), ctypes.c_size_t(SECRET)
            checked(evp.EVP_PKEY_decapsulate_init(context, None) == 1)
            checked(evp.EVP_PKEY_decapsulate(context, secret, ctypes.byref(length), ciphertext,
                                             ctypes.c_size_t(len(ciphertext))) == 1)
            return (secret.raw,)

        return checked(self._with_key(evp.EVP_PKEY_new_raw_private_key_ex, key, use))


def main():
    library = {"sodium": Sodium, "openssl": OpenSSL}[sys.argv[1]](sys.argv[2])
    for line in sys.stdin:
        function, *arguments = line.split()
        outputs = getattr(library, function)(*map(bytes.fromhex, arguments))
        print(*(output.hex() for output in outputs) if outputs else ["refused"], flush=True)


if __name__ == "__main__":
    main()
