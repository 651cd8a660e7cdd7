"""What proves packets to be their publisher's own: signatures, checkpoints, and what waits for them."""
import hashlib

import realm as keys
import wire

SIGNED, LEAF_SIZE, LEAVES_MAX = 2, 16, 64
ROOM = 65  # A signature, and that no leaves follow it.
PROVE_MS, ASK_MS, ASK_MAX_MS, GIVEN_UP_MS = 20, 50, 1000, 10_000
RULES = {'group': 0, 'checkpoint': 16, 'each': 32}
BITS = 48


def digest(instance, stream, number, flags, rest):
    place = stream.to_bytes(4, 'big') + number.to_bytes(6, 'big') + bytes([flags])
    return hashlib.sha512(instance + place + rest).digest()


def statement(realm, of):
    return b'sixcast/1/packet' + realm.id + of


def rest_of(leaves, content):
    return wire.varint(len(leaves)) + b''.join(leaves) + content


def read(body):
    """Signature, leaves, content and rest of a signed body."""
    reader = wire.Reader(body)
    signature, start = reader.take(64), reader.at
    count = reader.varint()
    if count > LEAVES_MAX:
        raise wire.Malformed('more leaves than a signature vouches for')
    leaves = [reader.take(LEAF_SIZE) for _ in range(count)]
    content = reader.rest()
    if not leaves and not content:
        raise wire.Malformed('a signature for nothing')
    return signature, leaves, content, body[start:]


class Prover:
    """Signs what one stream sends, or says when a checkpoint is to."""

    def __init__(self, realm, me, stream, rule):
        self.realm, self.me, self.stream, self.rule = realm, me, stream, rule
        self.leaves, self.signed_at = [], -1e9

    def body(self, now, number, flags, content):
        """Flags and body of a packet: signed, or open until the next checkpoint."""
        rested = not self.leaves and now >= self.signed_at + PROVE_MS
        if self.rule == RULES['each'] or rested:
            return self.sign(now, number, flags, [], content)
        self.leaves.append(digest(self.me.instance, self.stream, number, flags, content)[:LEAF_SIZE])
        return flags, content

    def checkpoint(self, now, number):
        leaves, self.leaves = self.leaves, []
        return self.sign(now, number, 0, leaves, b'')

    def sign(self, now, number, flags, leaves, content):
        self.signed_at, rest = now, rest_of(leaves, content)
        of = digest(self.me.instance, self.stream, number, flags | SIGNED, rest)
        return flags | SIGNED, self.me.sign(statement(self.realm, of)) + rest


class Proven:
    """What is known of the packets of one stream of another peer: which wait, and which are true."""

    def __init__(self, incoming, rule):
        self.stream, self.rule = incoming, rule
        self.waiting = {}  # number: [leaf, when it came], of those at hand that nothing vouches for
        self.leaves, self.vouched, self.asked = {}, 0, None

    def opened(self, number, flags, body):
        """The content of a packet that may take its place, or None: a forgery, or there already."""
        stream, peer = self.stream, self.stream.peer
        if flags & SIGNED:
            try:
                signature, leaves, content, rest = read(body)
            except wire.Malformed:
                return peer.count('forged')
            of = digest(stream.remote.instance, stream.number, number, flags, rest)
            if not keys.verify(statement(peer.realm, of), signature, stream.remote.identity):
                return peer.count('forged')
            peer.counts['verified'] += 1
            for place, leaf in enumerate(leaves):
                self.vouch(number - len(leaves) + place, leaf)
            self.vouch(number, of[:LEAF_SIZE])
            self.waiting.pop(number, None)
            return content
        if self.rule == RULES['each']:
            return peer.count('forged')
        leaf = digest(stream.remote.instance, stream.number, number, flags, body)[:LEAF_SIZE]
        if number in self.waiting:
            return peer.count('unwanted')
        if self.leaves.get(number, leaf) != leaf:
            return peer.count('forged')
        if number not in self.leaves:
            self.waiting[number] = [leaf, peer.now]
        return body

    def vouch(self, number, leaf):
        if number < (self.stream.next or 0):
            return
        self.vouched, self.leaves[number] = max(self.vouched, number), leaf
        held = self.waiting.pop(number, None)
        if held and held[0] != leaf:
            self.stream.peer.count('forged')
            self.stream.reopen(number)

    def stuck(self, number):
        """The packet that is next waits for its proof: asks for it, if nothing else can help."""
        if self.asked != number:
            self.asked = number
            self.stream.peer.after(ASK_MS, lambda: self.look(number, ASK_MS))

    def look(self, number, wait):
        stream, peer = self.stream, self.stream.peer
        if stream.next != number or number not in self.waiting or stream.remote.gone:
            return None
        told = number <= max(self.vouched, stream.tail[0] if stream.tail else 0)
        if peer.now - self.waiting[number][1] > GIVEN_UP_MS:
            return self.give_up(number, told)
        if told and not any(number <= hole <= number + LEAVES_MAX for hole in stream.holes):
            stream.ask_proof(number)
            wait = min(2 * wait, ASK_MAX_MS)
        return peer.after(wait, lambda: self.look(number, wait))

    def give_up(self, number, told):
        if told:
            self.drop([number])
            self.stream.lost[number] = 'unproven'
            return self.stream.advance()
        self.drop([n for n in self.stream.early if n >= number])  # As if they had not come.
        self.stream.top = number - 1
        return None

    def drop(self, numbers):
        for number in numbers:
            self.waiting.pop(number, None)
            self.stream.early.pop(number, None)

    def passed(self, number):
        self.leaves.pop(number, None)
