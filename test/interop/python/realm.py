"""The keys of docs/protocol.md: of a realm, of topics and senders, and identities."""
import base64
import hashlib
import hmac
import os
import socket

from nacl import bindings as nacl
from nacl.exceptions import CryptoError

import wire

SCOPES = {'host': '1', 'link': '2', 'site': '5', 'organisation': '8', 'global': 'e'}


def mac(key, label):
    text = label.encode() if isinstance(label, str) else label
    return hmac.new(key, text, hashlib.sha512).digest()


def derive(key, label):
    return mac(key, label)[:32]


def read_key(path):
    """The root key in a file of one line."""
    with open(path, encoding='ascii') as file:
        label, text = file.read().split()
    if label != 'sixcast-key-1' or len(text) != 43:
        raise ValueError(f'{path} is no key file')
    return base64.urlsafe_b64decode(text + '=')


class Realm:
    def __init__(self, name, root=None):
        self.sealed, self.version = root is not None, 1 if root is not None else 2
        self.key = derive(root if self.sealed else b'sixcast/1/open', 'realm:' + name)
        self.id, self.name_key, self.address_key, self.names_key = (
            derive(self.key, label) for label in ('id', 'name', 'address', 'names')
        )
        self.epoch = derive(self.key, b'epoch' + bytes(8))
        self.control, self.topic_root = derive(self.epoch, 'control'), derive(self.epoch, 'topic')
        self.hint = int.from_bytes(hashlib.sha512(b'sixcast/1/hint/' + name.encode()).digest()[:2], 'big')

    def tag(self, topic):
        return mac(self.name_key, topic)[:8]

    def topic_key(self, topic):
        key = self.topic_root
        for segment in topic.split('/'):
            key = derive(key, segment)
        return key

    def sender_key(self, key, instance, salt, identity):
        return derive(key, b'sixcast/1/sender' + self.id + instance + salt + identity)

    def group(self, scope, tag=None, folded=0):
        """The address of a topic's group; without a tag that of the control group."""
        label = b'\x00' if tag is None else b'\x01' + tag
        if tag is not None and folded:
            label = b'\x02' + (int.from_bytes(tag, 'big') % folded).to_bytes(8, 'big')
        h = bytearray(mac(self.address_key, label)[:14])
        h[10] |= 0x80
        return socket.inet_ntop(socket.AF_INET6, bytes([0xFF, int('1' + SCOPES[scope], 16)]) + h)

    def seal(self, key, nonce, body):
        return nacl.crypto_secretbox(body, nonce, key) if self.sealed else body

    def open(self, key, nonce, sealed):
        """The body, or None when it was not sealed with this key under this nonce."""
        if not self.sealed:
            return sealed
        try:
            return nacl.crypto_secretbox_open(sealed, nonce, key)
        except (CryptoError, ValueError):
            return None

    def packet(self, key, head, body):
        sealed = self.seal(key, head, body)
        return (len(head) + len(sealed)).to_bytes(2, 'big') + head + sealed

    def seal_name(self, topic):
        return self.seal(self.names_key, self.tag(topic) + bytes(16), topic.encode())

    def open_name(self, tag, sealed):
        """The topic of a binding, or None when name and tag do not belong together."""
        name = self.open(self.names_key, tag + bytes(16), sealed)
        try:
            topic = None if name is None else name.decode()
        except UnicodeDecodeError:
            return None
        return topic if topic is not None and is_topic(topic) and self.tag(topic) == tag else None

    def hello_statement(self, head, body):
        return b'sixcast/1/hello' + self.id + head + body

    def bindings_statement(self, instance, page):
        return b'sixcast/1/bindings' + self.id + instance + page


class Identity:
    """Who signs, and the instance of this start."""

    def __init__(self, seed=None, salt=None):
        self.public, self.secret = nacl.crypto_sign_seed_keypair(seed or os.urandom(32))
        self.salt = salt or os.urandom(16)
        self.instance = instance_of(self.public, self.salt)

    def sign(self, statement):
        return nacl.crypto_sign(statement, self.secret)[:64]


def instance_of(public, salt):
    return hashlib.sha512(public + salt).digest()[:8]


def verify(statement, signature, public):
    """libsodium refuses S >= L, small orders and what is not canonical by itself."""
    try:
        nacl.crypto_sign_open(signature + statement, public)
        return True
    except (CryptoError, ValueError):
        return False


def is_topic(topic):
    segments = topic.split('/')
    odd = any(c in '*{}' or ord(c) < 32 or 127 <= ord(c) < 160 for c in topic)
    return len(topic.encode()) <= 255 and len(segments) <= 32 and all(segments) and not odd


def page_of(entries):
    """Count and bindings, as they are signed."""
    return wire.encode([('entries', wire.BINDING)], {'entries': entries})
