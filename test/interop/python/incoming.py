"""A stream of another peer: put in order, its holes asked for, its losses reported."""
import math
import random

import proof
import wire

AHEAD, ASKED_MS, BITMAP = 8192, 10_000, 4096


class Hole:
    def __init__(self, since, due, solo=False):
        self.since, self.due, self.solo, self.asked = since, due, solo, False


class Incoming:
    def __init__(self, peer, remote, binding, topic):
        self.peer, self.remote, self.number, self.topic = peer, remote, binding['stream'], topic
        self.reliable, rule = binding['mode'] & ~proof.BITS == 0, binding['mode'] & proof.BITS
        self.proven = proof.Proven(self, rule) if rule else None
        self.opened = peer.now - binding['age']
        self.group = (peer.realm.group(peer.scope, binding['tag']), peer.port)
        key = peer.realm.topic_key(topic)
        self.key = peer.realm.sender_key(key, remote.instance, remote.salt, remote.identity)
        self.next, self.top, self.index = None, 0, None
        self.early, self.holes, self.lost = {}, {}, {}
        self.tail = self.assembly = self.rtt = None
        self.receivers, self.grtt, self.late = 1, 10.0, 1.0
        self.missed = self.first = self.quiet = self.checking = 0
        self.heard, self.asked_at, self.attempt = peer.now, 0, 0
        if self.reliable:
            self.resume = peer.resume.pop((remote.instance, self.number), None)
            peer.after(peer.answer_wait(), self.attach)

    # Where to begin

    def attach(self):
        if self.next is not None or self.remote.gone:
            return
        if self.attempt == 10:
            return self.begin(min(self.early, default=self.top + 1), None, self.top)
        wanted, age = 0, int(self.peer.now - self.peer.began)
        if self.resume:
            wanted, self.index = self.resume
        elif self.opened >= self.peer.began:
            wanted, self.index = 1, 0
        entry = {'stream': self.number, 'ask': 1, 'from': wanted, 'age': age, 'back': 0,
                 'attempt': self.attempt}
        where = self.remote.private if self.attempt < 2 else self.peer.control_group
        self.peer.say(wire.record('attach', target=self.remote.instance, entries=[entry]), where)
        self.asked_at = self.peer.now
        self.peer.after(min(40 * 2**self.attempt, 1000), self.attach)
        self.attempt += 1

    def started(self, entry):
        if self.next is None and self.reliable:
            if self.attempt == 1:
                self.rtt = max(self.peer.now - self.asked_at, 0.001)
            self.receivers = entry['receivers']
            asked, self.tail = self.index, (entry['head'], entry['behind'])
            self.index, self.cause = entry['wanted'] if asked is None else asked, 'history'
            self.gap(entry['index'])
            if asked is None:
                self.missing = 0  # It had gone before it was asked for.
            self.begin(entry['start'], entry['index'], entry['head'])

    def begin(self, start, index, head):
        now, self.next, self.first = self.peer.now, start, max(head, start - 1) + 1
        self.top = start - 1
        if self.index is None:
            self.index = index
        self.early = {n: body for n, body in self.early.items() if n >= start}
        top = max(self.early, default=head)
        for number in range(start, min(max(head, top), start + AHEAD) + 1):
            if number not in self.early:
                self.holes[number] = Hole(now, now, solo=number <= head)
        self.top = max(self.top, head, top)
        self.advance()
        self.check_soon()

    # What comes

    def wants(self, number):
        here = number in self.early and not self.waits(number)
        if self.next is None:
            return not here and len(self.early) < AHEAD or not self.reliable
        return number >= self.next and not here and number < self.next + AHEAD

    def waits(self, number):
        """Whether a packet is here, and nothing has vouched for it."""
        return self.proven is not None and number in self.proven.waiting

    def take(self, number, flags, body):
        now = self.peer.now
        if self.proven:
            body = self.proven.opened(number, flags, body)
            if body is None:
                return self.advance() if self.reliable and self.next is not None else None
        self.heard, self.quiet = now, 0
        if not self.reliable:
            self.next = number + 1
            return self.deliver(flags, body)
        self.early[number] = flags, body
        if self.next is None:
            self.top = max(self.top, number)
            return None
        hole = self.holes.pop(number, None)
        if hole and not hole.asked and self.receivers <= 1:
            self.late = min(max(self.late, 1.25 * (now - hole.since)), 50)
        elif hole:
            self.late = max(self.late * 0.98, 1)
            wait = self.again()
            for later, other in self.holes.items():
                if other.asked and later > number:
                    other.due = max(other.due, now + wait)
        self.known(number)
        self.advance()
        return None

    def known(self, head):
        """All up to this number has been sent, so what has not come is missing."""
        if self.next is None:
            return
        now, wait = self.peer.now, None
        for number in range(max(self.top + 1, self.next), min(head, self.next + AHEAD) + 1):
            self.top = number
            if number not in self.early:
                wait = self.first_wait() if wait is None else wait
                self.holes[number] = Hole(now, now + wait)
                self.missed += 1
        self.check_soon()

    def heartbeat(self, flags, grtt, entry):
        self.receivers, self.grtt = entry['receivers'], min(max(grtt / 1000, 1), 1000)
        if self.next is None or entry['head'] < self.top:
            return
        self.known(entry['head'])
        self.tail = entry['head'], entry['index']
        self.advance()
        if flags & 1 and self.next > entry['head']:
            cursor = wire.record('cursor', target=self.remote.instance,
                                 entries=[{'stream': self.number, 'next': self.next, 'lost': self.missing}])
            self.peer.after(self.peer.answer_wait(), lambda: self.peer.say(cursor, self.remote.private))

    def oldest(self, first, index):
        """The publisher has nothing below this number any more."""
        if self.next is None:
            return
        for number in [n for n in self.holes if n < first]:
            del self.holes[number]
            self.lost[number] = 'history'
        if self.index is not None and first > self.top:
            self.tail = first - 1, index
        self.advance()

    def expired(self, runs):
        """These packets are not sent again: all that they held has expired."""
        for number in list(self.holes):
            if any(run['first'] <= number < run['first'] + run['count'] for run in runs):
                del self.holes[number]
                self.lost[number] = 'expired'
        self.advance()

    def advance(self):
        while True:
            if self.waits(self.next):
                self.proven.stuck(self.next)
                break
            if self.next in self.early:
                flags, body = self.early.pop(self.next)
                self.deliver(flags, body)
            elif self.next in self.lost:
                self.cause = self.lost.pop(self.next)
            else:
                break
            if self.proven:
                self.proven.passed(self.next)
            self.next += 1
        if self.tail and self.next > self.tail[0]:
            self.gap(self.tail[1])

    cause, missing = 'expired', 0

    def gap(self, index):
        if self.index is not None and index > self.index:
            self.peer.report(type='gap', topic=self.topic, first=self.index, last=index - 1, cause=self.cause)
            if self.cause != 'expired':
                self.missing += index - self.index
        self.cause = 'expired'
        self.index = max(index, self.index or 0)

    def reopen(self, number):
        """What was here was a forgery: the true packet is asked for."""
        del self.early[number]
        if self.next is not None:
            self.holes[number] = Hole(self.peer.now, self.peer.now)
            self.check_soon()

    def deliver(self, flags, body):
        if flags & proof.SIGNED and not body:
            return  # A checkpoint holds nothing else.
        if flags & 1:
            index, total, offset, part = wire.read_fragment(body)
            if offset == 0:
                self.assembly = index, total, bytearray()
            if not self.assembly or self.assembly[:2] != (index, total) or len(self.assembly[2]) != offset:
                self.assembly, self.cause = None, 'network'
                return
            self.assembly[2].extend(part)
            if len(self.assembly[2]) < total:
                return
            messages, self.assembly = [wire.read_message(wire.Reader(bytes(self.assembly[2])))], None
        else:
            index, messages = wire.read_records(body)
        self.gap(index)
        for codec, payload, life in messages[max(self.index - index, 0) :]:
            if life == 0:
                self.gap(self.index + 1)
                continue
            self.peer.deliver(self.topic, self.remote, codec, payload)
            self.index += 1

    def end(self, cause):
        self.cause = cause
        if self.proven:
            self.proven.drop(list(self.proven.waiting))
        if self.next is not None and self.tail:
            for number in [n for n in self.early if n >= self.next]:
                self.lost.update({n: cause for n in range(self.next, number) if n not in self.early})
            self.advance()
            self.gap(self.tail[1])

    # Asking

    def first_wait(self):
        if self.receivers <= 1:
            return self.late
        span, rise = self.span(), math.log(self.receivers) + 1
        return self.late + span / rise * math.log(1 + random.random() * (math.exp(rise) - 1))

    def span(self):
        return min(max(4 * self.grtt, 4), 200)

    def again(self):
        wait = min(max((2 if self.receivers <= 1 else 6) * self.grtt, 10), 1000)
        if self.quiet >= 2:
            wait = max(wait, min(wait * 2 ** (self.quiet - 1), 500))
        return wait * (1 + random.random() / 4)

    def check_soon(self):
        due = min((hole.due for hole in self.holes.values()), default=None)
        if due is not None and (self.checking == 0 or due < self.checking):
            self.checking = due
            self.peer.after(max(due - self.peer.now, 0), lambda: self.check(due))

    def check(self, due):
        if self.checking != due or self.remote.gone:
            return
        self.checking, now = 0, self.peer.now
        for number in [n for n, hole in self.holes.items() if now - hole.since > ASKED_MS]:
            del self.holes[number]
            self.lost[number] = 'network'
        self.advance()
        slack = self.late if self.receivers <= 1 else self.span() / 2
        if any(hole.due <= now for hole in self.holes.values()):
            self.ask(sorted(n for n, hole in self.holes.items() if hole.due <= now + slack))
        self.check_soon()

    def ask(self, wanted):
        now, first = self.peer.now, wanted[0]
        wanted = [number for number in wanted if number < first + BITMAP]
        quiet = self.heard < self.asked_at
        self.quiet = self.quiet + 1 if quiet else 0
        hole, self.asked_at = self.holes[first], now
        to_all = self.quiet and self.quiet % 3 == 0
        solo = not to_all and (self.receivers <= 1 or quiet or hole.solo or now - hole.since > 1000)
        bits = bytearray((wanted[-1] - first) // 8 + 1)
        for number in wanted:
            bits[(number - first) // 8] |= 0x80 >> (number - first) % 8
        copy = [(self.group, 8)] if not solo and not to_all else []
        for where, flags in [(self.peer.control_group if to_all else self.remote.private, 0)] + copy:
            nak = wire.record(
                'nak', target=self.remote.instance, flags=flags | solo, rtt=int((self.rtt or 0) * 1000),
                missed=self.missed, all=max(self.top + 1 - self.first, 0), stream=self.number,
                first=first, bitmap=bits)
            self.peer.say(nak, where)
        wait = self.again()
        for number in wanted:
            self.holes[number].due, self.holes[number].asked = now + wait, True
        self.peer.counts['asked'] += 1

    def ask_proof(self, number):
        """It is here, but what proves it has not come, or was a forgery."""
        nak = wire.record(
            'nak', target=self.remote.instance, flags=5, rtt=int((self.rtt or 0) * 1000),
            missed=self.missed, all=max(self.top + 1 - self.first, 0), stream=self.number,
            first=number, bitmap=b'\x80')
        self.peer.say(nak, self.remote.private)
        self.peer.counts['asked'] += 1

    def overheard(self, asked):
        """Somebody else has asked for these, and all will hear the answer."""
        now, wait = self.peer.now, self.again()
        for number in asked:
            hole = self.holes.get(number)
            if hole and now - hole.since < 1000:
                hole.due, hole.asked = max(hole.due, now + wait), True
