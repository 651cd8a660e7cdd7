"""Who is here: hellos with challenge and echo, beacons, and who has gone."""
import collections
import functools
import os
import random

import realm as keys
import rights
import wire

BEACON_MS = 110 * 1000 / 8192  # Of each peer: 110 bytes at 8,192 bytes a second for all.


class Window:
    """Which control numbers of an instance have come."""

    def __init__(self, base):
        self.top = self.base = base
        self.seen = set()

    def fresh(self, number):
        return number > max(self.base, self.top - 8160) and number not in self.seen

    def take(self, number):
        self.top = max(self.top, number)
        self.seen.add(number)
        if len(self.seen) > 20_000:
            self.seen = {n for n in self.seen if n > self.top - 8160}


class Remote:
    """Another instance, once it has answered the challenge."""

    def __init__(self, peer, instance, hello):
        self.instance, self.identity, self.salt = instance, hello['identity'], hello['salt']
        self.key = peer.realm.sender_key(peer.realm.control, instance, self.salt, self.identity)
        self.window = Window(hello['control'])
        self.name, self.gone = hello['name'].decode(errors='replace'), False
        self.topics, self.incoming, self.streams = {}, {}, 0
        self.wanting, self.wanted, self.grants = False, {}, None

    def refresh(self, now, hello, address):
        self.heard, self.private = now, (address, hello['port'])
        self.interval, self.streams = hello['interval'], max(self.streams, hello['streams'])


class Presence:
    """What a peer (peer.py) knows of the others."""

    def __init__(self):
        self.remotes, self.hellos = {}, collections.OrderedDict()
        self.challenge, self.asked, self.echoes = os.urandom(8), set(), set()
        self.due, self.newest = False, self.now
        self.failed, self.failing = collections.Counter(), self.now

    def start_presence(self):
        self.hello(flags=2)
        for wait in (80, 160):
            self.after(wait, lambda: self.remotes or self.hello(flags=2))
        self.after(self.mean() * (0.5 + random.random()), self.beacon)
        self.after(200, self.expire)

    def answer_wait(self):
        return random.random() * min(max(2 * len(self.remotes), 10), 2000)

    def hello_soon(self):
        if not self.due:
            self.due = True
            self.after(self.answer_wait(), lambda: self.due and self.hello())

    def hello(self, flags=0):
        asked, echoes = list(self.asked)[:32], list(self.echoes)[:32]
        self.asked -= set(asked)
        self.echoes -= set(echoes)
        body = wire.encode(wire.HELLO_BODY, {
            'flags': flags, 'identity': self.me.public, 'salt': self.me.salt, 'challenge': self.challenge,
            'control': self.control_number, 'interval': self.interval(), 'streams': len(self.streams),
            'port': self.private.getsockname()[1], 'name': self.name.encode(), 'tags': [],
            'asked': asked, 'echoes': echoes, 'rights': self.rights})
        head = wire.header(self.realm.version, wire.HELLO, self.me.instance, self.realm.hint,
                           random.getrandbits(32), random.getrandbits(48), epoch=self.realm.number)
        signature = self.me.sign(self.realm.hello_statement(head, body))
        self.send(self.realm.packet(self.realm.control, head, body + signature), self.control_group)
        self.due = False
        if self.asked or self.echoes:
            self.hello_soon()

    def ask_hello(self, instance):
        if len(self.asked) < 20:
            self.asked.add(instance)
            self.hello_soon()

    def hear_hello(self, head, body, instance, address):
        seen = head[4:22]  # Instance, stream and number.
        if seen in self.hellos:
            return self.count('replayed')
        if self.now - self.failing > 1000:
            self.failed.clear()
            self.failing = self.now
        if self.failed['all'] >= 10_000 or self.failed[address] >= 5000:
            return self.count('budget')
        plain = self.realm.open(self.realm.control, head, body)
        try:
            hello = wire.decode(wire.HELLO_BODY, wire.Reader(plain[:-64])) if plain else None
        except wire.Malformed:
            hello = None
        if hello is None or keys.instance_of(hello['identity'], hello['salt']) != instance:
            self.failed.update(['all', address])
            return self.count('unopened')
        self.hellos[seen] = True
        if len(self.hellos) > 1024:
            self.hellos.popitem(last=False)
        statement = self.realm.hello_statement(head, plain[:-64])
        signed = functools.partial(keys.verify, statement, plain[-64:], hello['identity'])
        return self.believe(instance, hello, address, signed)

    def believe(self, instance, hello, address, signed):
        remote, answers = self.remotes.get(instance), self.challenge in hello['echoes']
        if hello['flags'] & 1:
            if remote and signed():
                self.remove(remote, 'publisher-gone')
            return
        if hello['flags'] & 2 or self.me.instance in hello['asked'] or not (remote or answers):
            self.echoes.add(hello['challenge'])
            self.hello_soon()
        if answers and signed() and self.admits(hello):
            if remote is None:
                remote = self.remotes[instance] = Remote(self, instance, hello)
                if self.realm.owner:
                    remote.grants = rights.judged(hello['rights'], self.realm, remote.identity)
                self.newest = self.now
                self.report(type='peer', name=remote.name, state='here')
                self.announce(list(self.streams.values())[:64])
            remote.refresh(self.now, hello, address)
            self.want_bindings(remote)
            self.look_again()
        elif remote is None:
            self.ask_hello(instance)

    def admits(self, hello):
        """In a realm with an owner: who shows a chain that counts."""
        if self.realm.owner is None or rights.judged(hello['rights'], self.realm, hello['identity']):
            return True
        self.count('denied')
        return False

    def mean(self):
        return min(max((len(self.remotes) + 1) * BEACON_MS, 500), 30_000)

    def interval(self):
        return int(self.mean() * 1.5)

    def beacon(self):
        self.say(wire.record('beacon', interval=self.interval(), streams=len(self.streams)), self.control_group)
        self.after(self.mean() * (0.5 + random.random()), self.beacon)

    def expire(self):
        for remote in list(self.remotes.values()):
            if self.now - remote.heard > max(3 * min(remote.interval, 60_000), 5000):
                for stream in remote.incoming.values():
                    if stream.next is not None:
                        self.resume[remote.instance, stream.number] = stream.next, stream.index
                self.remove(remote, 'publisher-gone')
        self.after(200, self.expire)

    def remove(self, remote, cause):
        del self.remotes[remote.instance]
        remote.gone, self.challenge = True, os.urandom(8)
        for stream in remote.incoming.values():
            stream.end(cause)
        for stream in self.streams.values():
            stream.receivers.pop(remote.instance, None)
        self.report(type='peer', name=remote.name, state='gone')
