"""OpenPGP without gpg (RFC 4880): a key, its keyring, and cleartext signatures as InRelease files have them."""

import base64
import hashlib
import struct
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

MADE = 1_700_000_000  # when keys and signatures say they were made
SHA256, RSA = 8, 1
CLEARTEXT, CERTIFICATE = 0x01, 0x13


def packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 0xFF]) + struct.pack(">I", len(body)) + body


def mpi(number: int) -> bytes:
    return struct.pack(">H", number.bit_length()) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def subpacket(kind: int, body: bytes) -> bytes:
    return bytes([1 + len(body), kind]) + body


class Key:
    def __init__(self, name: str) -> None:
        self.name = name.encode()
        self.private = rsa.generate_private_key(65537, 2048)
        numbers = self.private.public_key().public_numbers()
        self.body = bytes([4]) + struct.pack(">IB", MADE, RSA) + mpi(numbers.n) + mpi(numbers.e)
        self.id = hashlib.sha1(self.hashed()).digest()[-8:]

    def hashed(self) -> bytes:
        return b"\x99" + struct.pack(">H", len(self.body)) + self.body

    def signature(self, kind: int, content: bytes) -> bytes:
        inside = subpacket(2, struct.pack(">I", MADE))
        head = bytes([4, kind, RSA, SHA256]) + struct.pack(">H", len(inside)) + inside
        whole = content + head + b"\x04\xff" + struct.pack(">I", len(head))
        number = int.from_bytes(self.private.sign(whole, padding.PKCS1v15(), hashes.SHA256()), "big")
        outside = subpacket(16, self.id)
        tail = struct.pack(">H", len(outside)) + outside + hashlib.sha256(whole).digest()[:2] + mpi(number)
        return packet(2, head + tail)

    def keyring(self) -> bytes:
        named = self.hashed() + b"\xb4" + struct.pack(">I", len(self.name)) + self.name
        return packet(6, self.body) + packet(13, self.name) + self.signature(CERTIFICATE, named)

    def text_signature(self, text: str) -> bytes:
        return self.signature(CLEARTEXT, "\r\n".join(text.rstrip("\n").split("\n")).encode())

    def clearsign(self, text: str) -> bytes:
        return clearsigned(text, self.text_signature(text))


def clearsigned(text: str, signatures: bytes) -> bytes:
    """Return a signed text whose lines neither begin with a dash nor end with blanks."""
    armoured = base64.encodebytes(signatures).decode()
    return (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
        f"{text.rstrip()}\n-----BEGIN PGP SIGNATURE-----\n\n{armoured}-----END PGP SIGNATURE-----\n"
    ).encode()


@cache
def key(name: str = "A test <key@mirror.example>") -> Key:
    return Key(name)
