"""A peer of the bus: who is here, what is said, and one loop that waits for what comes next."""
import collections
import heapq
import itertools
import select
import socket
import struct
import time

import outgoing
import proof
import realm as keys
import rights
import wire
from incoming import Incoming
from presence import Presence

HOPS = {'host': 0, 'link': 1}
BODY_MAX = outgoing.ROOM
RATE = 1000  # Bytes a millisecond; it never adapts, which docs/protocol.md allows.


class Peer(Presence):
    def __init__(self, realm, interface, scope='host', port=62278, name='python', identity=None, chain=b''):
        self.realm, self.scope, self.port, self.name = realm, scope, port, name
        self.me, self.interface = keys.Identity(identity), socket.if_nametoindex(interface)
        self.control_group = (realm.group(scope), port)
        self.now = self.began = time.monotonic() * 1000
        self.timers, self.order = [], itertools.count()
        self.patterns, self.groups, self.streams = [], set(), {}
        self.running, self.closing = True, None
        self.control_number, self.outbox, self.quarantine = 0, {}, collections.deque()
        self.key = realm.sender_key(realm.control, self.me.instance, self.me.salt, self.me.public)
        self.fresh, self.repairs, self.gate = collections.deque(), collections.deque(), self.now + 300
        self.tokens, self.pumped, self.turn = 0, self.now, 0
        self.resume, self.told, self.inputs = {}, {}, {}
        self.counts, self.rule, self.rights = collections.Counter(), 0, chain
        self.grants = realm.owner and rights.judged(chain, realm, self.me.public)
        if realm.owner and not self.grants:
            raise ValueError('the rights do not count for this identity in this realm')
        self.report = self.deliver = lambda *_, **__: None
        super().__init__()
        self.open_sockets()
        self.start_presence()

    # Sockets and time

    def open_sockets(self):
        self.shared = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.shared.bind(('::', self.port))
        self.private = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.private.bind(('::', 0))
        hops, option = HOPS.get(self.scope, 16), self.private.setsockopt
        option(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.interface)
        option(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
        option(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, max(hops, 1))
        for one in (self.shared, self.private):
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            self.inputs[one] = self.receive
        self.join(self.control_group[0])

    def join(self, group):
        if group not in self.groups:
            self.groups.add(group)
            member = socket.inet_pton(socket.AF_INET6, group) + struct.pack('@I', self.interface)
            self.shared.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)

    def after(self, wait, task):
        heapq.heappush(self.timers, (self.now + wait, next(self.order), task))

    def run(self):
        while self.running:
            wait = max(self.timers[0][0] - time.monotonic() * 1000, 0)
            ready, _, _ = select.select(list(self.inputs), [], [], wait / 1000)
            self.now = time.monotonic() * 1000
            for source in ready:
                self.inputs[source](source)
            while self.timers[0][0] <= self.now:
                heapq.heappop(self.timers)[2]()
            self.pump()
            self.send_control()

    def send(self, packet, where):
        try:
            self.private.sendto(packet, (where[0], where[1], 0, self.interface))
        except OSError:
            self.counts['unsent'] += 1  # As good as lost on the way.

    def receive(self, source):
        for _ in range(256):
            try:
                datagram, sender = source.recvfrom(65_536)
            except OSError:
                return
            try:
                for head, body in wire.packets(datagram):
                    self.packet(bytes(head), bytes(body), sender[0].split('%')[0])
            except wire.Malformed:
                self.counts['malformed'] += 1

    # Packets, cheap checks first

    def packet(self, head, body, address):
        first, flags, epoch, instance, stream, number, hint = wire.HEADER.unpack(head)
        kind, number = first & 15, int.from_bytes(number, 'big')
        if first >> 4 != self.realm.version or hint != self.realm.hint:
            return self.count('foreign')
        if epoch != self.realm.number:
            return self.count('epoch')
        if instance == self.me.instance:
            return self.count('own')
        if kind == wire.HELLO:
            return self.hear_hello(head, body, instance, address)
        if kind not in (wire.DATA, wire.CONTROL):
            return self.count('reserved')
        remote = self.remotes.get(instance)
        if remote is None:
            self.ask_hello(instance)
            return self.hold(head, body, address)
        if kind == wire.CONTROL:
            return self.hear_control(remote, head, body, number)
        if stream not in remote.topics:
            if self.now - remote.wanted.get(stream, -1e9) > 100:
                remote.wanted[stream] = self.now
                want = wire.record('want', target=instance, first=stream, count=1)
                self.say(want, self.control_group)
            return self.hold(head, body, address)
        incoming = remote.incoming.get(stream)
        if incoming is None or not incoming.wants(number):
            return self.count('unwanted')
        plain = self.realm.open(incoming.key, head, body)
        if plain is None:
            return self.count('unopened')
        return incoming.take(number, flags, plain)

    def count(self, reason):
        self.counts[reason] += 1

    def hold(self, head, body, address):
        """Keeps a packet of a stranger for a second, until its hello or binding has come."""
        while self.quarantine and self.now - self.quarantine[0][0] > 1000:
            self.quarantine.popleft()
        if len(self.quarantine) < 200:  # 256 packets and 256 KiB are allowed.
            self.quarantine.append((self.now, head, body, address))

    def look_again(self):
        held, self.quarantine = self.quarantine, collections.deque()
        for since, head, body, address in held:
            if self.now - since <= 1000:
                self.packet(head, body, address)

    # Control

    def say(self, record, where):
        """Control records of one turn and one destination share packets."""
        self.outbox.setdefault(where, []).append(record)

    def send_control(self):
        outbox, self.outbox = self.outbox, {}
        for where, waiting in outbox.items():
            body = b''
            for record in waiting + [b'']:
                if body and (not record or len(body) + len(record) > BODY_MAX):
                    self.control_number += 1
                    head = wire.header(self.realm.version, wire.CONTROL, self.me.instance,
                                       self.realm.hint, 0, self.control_number,
                                       epoch=self.realm.number)
                    self.send(self.realm.packet(self.key, head, body), where)
                    body = b''
                body += record

    def hear_control(self, remote, head, body, number):
        if not remote.window.fresh(number):
            return self.count('replayed')
        plain = self.realm.open(remote.key, head, body)
        if plain is None:
            return self.count('unopened')
        remote.window.take(number)
        remote.heard = self.now
        for name, values in wire.records(plain):
            if values.get('target', self.me.instance) == self.me.instance or name == 'nak':
                getattr(self, f'on_{name}')(remote, values)
        return None

    def on_beacon(self, remote, values):
        remote.interval, remote.streams = values['interval'], max(remote.streams, values['streams'])
        self.want_bindings(remote)

    def on_want(self, _remote, values):
        last = values['first'] + values['count']
        self.announce([one for one in self.streams.values() if values['first'] <= one.number < last])

    def announce(self, streams):
        for page in outgoing.pages(self, streams):
            self.say(page, self.control_group)

    def want_bindings(self, remote):
        if not remote.wanting and len(remote.topics) < remote.streams:
            remote.wanting = True
            self.after(10 + self.answer_wait(), lambda: self.want_again(remote, 20))

    def want_again(self, remote, wait):
        unknown = [n for n in range(1, remote.streams + 1) if n not in remote.topics]
        remote.wanting = bool(unknown) and not remote.gone
        if remote.wanting:
            span = unknown[-1] - unknown[0] + 1
            want = wire.record('want', target=remote.instance, first=unknown[0], count=span)
            self.say(want, self.control_group)
            self.after(wait, lambda: self.want_again(remote, min(wait * 2, 2000)))

    def on_bindings(self, remote, values):
        new = [one for one in values['entries'] if one['stream'] not in remote.topics]
        statement = self.realm.bindings_statement(remote.instance, keys.page_of(values['entries']))
        if not new or not keys.verify(statement, values['signature'], remote.identity):
            return
        for binding in new:
            topic = self.realm.open_name(binding['tag'], binding['name'])
            remote.topics[binding['stream']] = topic
            rule, rest = binding['mode'] & proof.BITS, binding['mode'] & ~proof.BITS & ~8
            if rest > 2 or rule == proof.BITS or rule == proof.RULES['checkpoint'] and rest:
                self.count('malformed')
                continue
            if rule < self.rule:
                self.count('weak')  # Others could speak for its publisher.
                continue
            if topic and not self.may(remote.grants, 'publish', topic):
                self.count('denied')
                continue
            if not topic or not self.realm.topic_key(topic) or not self.may(self.grants, 'subscribe', topic):
                continue
            if any(matches(pattern, topic) for pattern in self.patterns):
                remote.incoming[binding['stream']] = stream = Incoming(self, remote, binding, topic)
                self.join(stream.group[0])
        self.look_again()

    def may(self, grants, action, topic):
        """Everybody may all in a realm without an owner."""
        return self.realm.owner is None or rights.allows(grants, action, topic, matches)

    def on_attach(self, remote, values):
        for entry in values['entries']:
            stream = self.streams.get(entry['stream'])
            if stream and self.may(remote.grants, 'subscribe', stream.topic):
                where = remote.private if entry['attempt'] < 2 else self.control_group
                self.say(stream.attach(remote, entry), where)

    def on_started(self, remote, values):
        if values['asker'] == self.me.instance:
            for entry in values['entries']:
                if entry['stream'] in remote.incoming:
                    remote.incoming[entry['stream']].started(entry)

    def on_heartbeat(self, remote, values):
        for entry in values['entries']:
            if entry['stream'] in remote.incoming:
                remote.incoming[entry['stream']].heartbeat(values['flags'], values['grtt'], entry)

    def on_cursor(self, remote, values):
        for entry in values['entries']:
            stream = self.streams.get(entry['stream'])
            if stream and remote.instance in stream.receivers:
                stream.receivers[remote.instance] = entry['next']

    def on_meet(self, remote, values):
        remote.streams = max(remote.streams, values['streams'])
        self.want_bindings(remote)
        if not values['targets'] or self.me.instance in values['targets']:
            self.after(self.answer_wait(), lambda: self.met(remote, values, self.now + 5000))

    def met(self, remote, values, until):
        """Says that all its streams are known, and those attached to that are wanted, once they are."""
        known = all(number in remote.topics for number in range(1, values['streams'] + 1))
        attached = all(one.next is not None for one in remote.incoming.values() if one.reliable)
        if known and attached:
            met = wire.record('met', target=remote.instance, streams=values['streams'])
            self.say(met, remote.private if values['attempt'] < 3 else self.control_group)
        elif self.now < until and not remote.gone:
            self.after(10, lambda: self.met(remote, values, until))

    def on_met(self, _remote, _values):
        """This peer does not ask."""

    def on_nak(self, remote, values):
        if values['first'] < 1 or len(values['bitmap']) > 512:
            raise wire.Malformed('nak')
        if values['target'] == self.me.instance:
            stream = self.streams.get(values['stream'])
            if stream and self.may(remote.grants, 'subscribe', stream.topic):
                stream.nak(remote, values)
        elif not values['flags'] & 1:
            publisher = self.remotes.get(values['target'])
            stream = publisher and publisher.incoming.get(values['stream'])
            if stream:
                stream.overheard(outgoing.numbers(values))

    def on_oldest(self, remote, values):
        if values['stream'] in remote.incoming:
            remote.incoming[values['stream']].oldest(values['first'], values['index'])

    def on_expired(self, remote, values):
        if values['stream'] in remote.incoming:
            remote.incoming[values['stream']].expired(values['entries'])

    def tell_oldest(self, stream, where):
        if self.now - self.told.get(stream.number, -1e9) >= 20:
            self.told[stream.number], first = self.now, stream.first_kept()
            index = stream.index_behind(first - 1)
            self.say(wire.record('oldest', stream=stream.number, first=first, index=index), where)

    # Publishing

    def publish(self, topic, payload, codec=1):
        self.open_stream(topic).batch.append((codec, payload))

    def open_stream(self, topic):
        for stream in self.streams.values():
            if stream.topic == topic:
                return stream
        if not self.realm.topic_key(topic) or not self.may(self.grants, 'publish', topic):
            raise ValueError(f'this identity may not publish on {topic}')
        number = len(self.streams) + 1
        stream = self.streams[number] = outgoing.Outgoing(self, number, topic, self.rule)
        self.announce([stream])
        return stream

    def pump(self):
        """Sends what waits, repairs in three turns of four, within the rate."""
        for stream in self.streams.values():
            if stream.batch:
                stream.flush()
        self.tokens = min(self.tokens + (self.now - self.pumped) * RATE, 20_000)
        self.pumped = self.now
        while self.tokens > 0 and (self.repairs or self.fresh and self.now >= self.gate):
            self.turn += 1
            ready = self.fresh and self.now >= self.gate
            if self.repairs and (self.turn % 4 or not ready):
                stream, number, where = self.repairs.popleft()
                if number not in stream.kept:
                    continue
                self.counts['repaired'] += 1
            else:
                stream, number = self.fresh.popleft()
                where = stream.group
                stream.has_sent(number)
            packet = stream.kept[number][0]
            self.tokens -= len(packet)
            self.send(packet, where)
        if self.repairs or self.fresh:
            self.after(max(self.gate - self.now, 1), lambda: None)

    # Closing

    def close(self, done):
        """Says goodbye when every receiver has confirmed, or 2 s after the last packet."""
        early = max(self.began + 300, self.newest + 100)
        for one in self.streams.values():
            one.settle()
        if self.streams and (self.now < early or self.fresh or any(one.batch for one in self.streams.values())):
            return self.after(10, lambda: self.close(done))
        return self.confirm(done, 10)

    def confirm(self, done, wait):
        waiting = [one for one in self.streams.values() if one.unconfirmed()]
        if not waiting or self.now - max(one.sent for one in waiting) > 2000:
            self.hello(flags=1)
            self.running = False
            return done(sum(len(one.unconfirmed()) for one in waiting))
        for stream in waiting:
            self.say(stream.beat(1), self.control_group)
        return self.after(wait, lambda: self.confirm(done, min(wait * 2, 250)))


def matches(pattern, topic):
    """One segment by * or {name}, any number of them by **."""
    return walk(pattern.split('/'), topic.split('/'))


def walk(pattern, topic):
    if not pattern:
        return not topic
    if pattern[0] == '**':
        return walk(pattern[1:], topic) or bool(topic) and walk(pattern, topic[1:])
    fits = topic and (pattern[0] in ('*', topic[0]) or pattern[0].startswith('{'))
    return bool(fits) and walk(pattern[1:], topic[1:])
