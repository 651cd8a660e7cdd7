"""A stream: what this peer publishes on one topic, kept for repair and told of by heartbeats."""
import time

import proof
import realm as keys
import wire

KEPT_MS, ROOM = 10_000, wire.PACKET_MAX - 2 - wire.HEADER_SIZE - wire.TAG_SIZE


class Outgoing:
    def __init__(self, peer, number, topic, rule=0):
        self.peer, self.number, self.topic = peer, number, topic
        realm, me = peer.realm, peer.me
        self.tag, self.opened = realm.tag(topic), peer.now
        self.group = (realm.group(peer.scope, self.tag), peer.port)
        self.key = realm.sender_key(realm.topic_key(topic), me.instance, me.salt, me.public)
        self.batch, self.index, self.rule = [], 0, rule
        self.prover = proof.Prover(realm, me, number, rule) if rule else None
        self.last = self.head = 0  # The last number that was given out, and that was sent.
        self.kept = {}  # number: [packet, index of its first message, made at, sent at, flags, holds messages]
        self.receivers = {}  # instance: the number that it waits for
        self.answered = {}  # (number, destination): when
        self.grtt, self.asked, self.sent, self.announced = 10.0, -1e9, peer.now, -1e9
        self.life, self.busy = 0, None

    def binding(self):
        return {'stream': self.number, 'tag': self.tag, 'mode': self.rule, 'packet': wire.PACKET_MAX,
                'age': int(self.peer.now - self.opened), 'name': self.peer.realm.seal_name(self.topic)}

    def flush(self):
        """Seals the messages of this turn, each packet under a number of its own."""
        sent, room = int(time.time() * 1000), ROOM - (proof.ROOM if self.prover else 0)
        made = list(wire.bodies(self.index, sent, self.batch, room))
        self.index += len(self.batch)
        self.batch = []
        behind = [index for _, index, _ in made[1:]] + [self.index]
        for (flags, index, body), following in zip(made, behind):
            if self.prover:
                flags, body = self.prover.body(self.peer.now, self.last + 1, flags, body)
            self.keep(flags, index, body)
            if self.prover and len(self.prover.leaves) == proof.LEAVES_MAX:
                self.checkpoint(following)
        if self.prover and self.prover.leaves:
            due = self.prover.signed_at + proof.PROVE_MS
            self.peer.after(max(due - self.peer.now, 0), self.settle)

    def keep(self, flags, index, body, holds=True):
        realm, me = self.peer.realm, self.peer.me
        self.last += 1
        head = wire.header(realm.version, wire.DATA, me.instance, realm.hint, self.number, self.last, flags,
                           epoch=realm.number)
        packet = realm.packet(self.key, head, body)
        self.kept[self.last] = [packet, index, self.peer.now, None, flags, holds]
        self.peer.fresh.append((self, self.last))

    def settle(self):
        """Signs what is open."""
        if self.prover and self.prover.leaves:
            self.checkpoint(self.index)

    def checkpoint(self, index):
        flags, body = self.prover.checkpoint(self.peer.now, self.last + 1)
        self.keep(flags, index, body, holds=False)

    def proven_by(self, number):
        """The packet whose signature vouches for one: itself, or the next checkpoint."""
        behind = (n for n in range(number + 1, self.last + 1) if n in self.kept and not self.kept[n][5])
        signed = number not in self.kept or self.kept[number][4] & proof.SIGNED
        return number if signed else next(behind, self.last + 1)

    def has_sent(self, number):
        now = self.peer.now
        self.head, self.sent = number, now
        self.kept[number][3] = now
        for old in [n for n in self.kept if self.gone(n)]:
            del self.kept[old]
        self.life += 1
        wait = 5 if now - self.asked < 10_000 else 40
        self.busy = self.busy or now
        soon = min(wait, max(self.busy + 250 - now, 0))
        self.peer.after(soon, lambda life=self.life: self.heartbeat(life, wait))

    def gone(self, number):
        sent = self.kept[number][3]
        return sent is not None and self.peer.now - sent > KEPT_MS

    def heartbeat(self, life, wait):
        if life != self.life:
            return
        self.busy = None
        self.peer.say(self.beat(0), self.group if wait < 1000 else self.peer.control_group)
        self.peer.after(min(wait * 2, 30_000), lambda: self.heartbeat(life, min(wait * 2, 30_000)))

    def beat(self, flags):
        entry = {'stream': self.number, 'head': self.head, 'index': self.index_behind(self.head),
                 'receivers': len(self.receivers)}
        return wire.record('heartbeat', flags=flags, grtt=int(self.grtt * 1000), entries=[entry])

    def index_behind(self, number):
        return self.kept[number + 1][1] if number + 1 in self.kept else self.index

    def first_kept(self):
        return next((n for n in self.kept if not self.gone(n)), self.last + 1)

    def attach(self, remote, entry):
        """Answers with the number that the receiver begins at."""
        self.receivers.setdefault(remote.instance, 0)
        self.peer.gate = min(self.peer.gate, self.peer.now + 30)
        start = entry['from']
        back, wanted = entry['back'], None
        if start == 0:
            since = self.peer.now - entry['age'] - (20 if back == 0 else 0)
            start = next((n for n, kept in self.kept.items() if kept[2] >= since), self.last + 1)
            wanted = max(self.index_behind(start - 1) - back, 0)
            while start > self.first_kept() and (
                    self.index_behind(start - 1) > wanted or self.index_behind(start - 2) == wanted):
                start -= 1
        start = max(min(start, self.last + 1), self.first_kept())
        index = max(self.index_behind(start - 1), wanted or 0)
        answer = {'stream': self.number, 'ask': entry['ask'], 'start': start,
                  'wanted': index if wanted is None else wanted, 'index': index, 'head': self.head,
                  'behind': self.index_behind(self.head), 'receivers': len(self.receivers)}
        return wire.record('started', asker=remote.instance, entries=[answer])

    def nak(self, remote, values):
        if values['flags'] & 8:
            return
        now, solo = self.peer.now, values['flags'] & 1
        self.asked = now
        rtt = min(values['rtt'] / 1000, 500)
        if values['rtt']:
            self.grtt = rtt if rtt > self.grtt else max(rtt, self.grtt * 0.98)
        destination = remote.private if solo else self.group
        hold = min(self.grtt, 250)
        for number in numbers(values):
            if values['flags'] & 4:
                number = self.proven_by(number)
            if number > self.head:
                break
            if number not in self.kept:
                self.peer.tell_oldest(self, remote.private if solo else self.group)
            elif now - self.answered.get((number, destination), -1e9) > hold:
                self.answered[number, destination] = now
                self.peer.repairs.append((self, number, destination))

    def unconfirmed(self):
        return [one for one, after in self.receivers.items() if after <= self.head]


def numbers(nak):
    """The packets that a nak asks for."""
    for at, byte in enumerate(nak['bitmap'][:512]):
        for bit in range(8):
            if byte & 0x80 >> bit:
                yield nak['first'] + at * 8 + bit


def pages(peer, streams):
    """Bindings as signed records, each small enough for a packet."""
    now, page = peer.now, []
    for stream in streams:
        if now - stream.announced < 50:
            continue
        stream.announced = now
        page.append(stream.binding())
        if len(page) == 3:  # Each takes up to 300 bytes.
            yield signed(peer, page)
            page = []
    if page:
        yield signed(peer, page)


def signed(peer, page):
    statement = peer.realm.bindings_statement(peer.me.instance, keys.page_of(page))
    return wire.record('bindings', entries=page, signature=peer.me.sign(statement))
