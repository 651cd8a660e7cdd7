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
    """What a key file of one line gives to Realm: root, owner, number and key of the epoch."""
    with open(path, encoding='ascii') as file:
        label, *words = file.read().split()
    if label == 'sixcast-guest-1' and len(words) > 4:
        return {'guest': words}
    if label != 'sixcast-key-1' or len(words) not in (1, 2, 4):
        raise ValueError(f'{path} is no key file')
    given = {'root': key_of(words[0])}
    if len(words) > 1:
        given['owner'] = key_of(words[1])
    if len(words) > 2:
        given.update(number=int(words[2]), epoch=key_of(words[3]))
    return given


def read_seed(path):
    """The seed in an identity file of one line."""
    with open(path, encoding='ascii') as file:
        label, text = file.read().split()
    if label != 'sixcast-identity-1':
        raise ValueError(f'{path} is no identity file')
    return key_of(text)


def key_of(text):
    key = bytes_of(text)
    if len(key) != 32:
        raise ValueError('a key has 43 digits')
    return key


def bytes_of(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


class Realm:
    def __init__(self, name, root=None, owner=None, number=0, epoch=None, guest=None):
        self.sealed = root is not None or guest is not None
        self.version, self.owner, self.number = 1 if self.sealed else 2, owner, number
        if guest:
            self.be_guest(name, *guest)
        else:
            label = b'realm:' + name.encode() + (b'\x00' + owner if owner else b'')
            self.key = derive(root if self.sealed else b'sixcast/1/open', label)
            self.id, self.name_key, self.address_key, self.names_key = (
                derive(self.key, label) for label in ('id', 'name', 'address', 'names')
            )
            self.epoch = epoch or derive(self.key, b'epoch' + bytes(8))
            self.control = derive(self.epoch, 'control')
            self.topic_root = derive(self.epoch, 'topic')
            self.topic_keys = {'': self.topic_root}
        self.hint = int.from_bytes(hashlib.sha512(b'sixcast/1/hint/' + name.encode()).digest()[:2], 'big')

    def tag(self, topic):
        return mac(self.name_key, topic)[:8]

    def be_guest(self, name, realm, number, shared, owner, *topics):
        """Keys of some topics, in place of the root."""
        if realm != name:
            raise ValueError(f'the key is for realm {realm}')
        self.number, self.owner = int(number), None if owner == '-' else key_of(owner)
        parts = [bytes_of(shared)[i * 32:i * 32 + 32] for i in range(5)]
        self.id, self.address_key, self.control, self.name_key, self.names_key = parts
        self.topic_keys = {text[32:].decode(): text[:32] for text in map(bytes_of, topics)}

    def topic_key(self, topic):
        """The key of a topic, or None where no key at hand opens it."""
        if topic in self.topic_keys:
            return self.topic_keys[topic]
        if not topic:
            return None
        above, _, segment = topic.rpartition('/')
        key = self.topic_key(above)
        return key and derive(key, segment)

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
