#!/usr/bin/env python3
"""A peer of the bus that was written from docs/protocol.md and test/vectors alone.

It is the proof that another language can join: it shares no line with the TypeScript, and needs
Debian's python3-nacl (Ed25519 and XSalsa20-Poly1305; HMAC-SHA-512 is in the library).

    sixcast.py --vectors test/vectors
    sixcast.py --realm plant --key plant.key --interface eth0 --subscribe 'a/**' --publish b/c

It publishes standard input, line by line or with --whole as one message, and prints what it hears
and sees as JSON lines. With --proof it signs what it says, by checkpoints or each packet, and hears
only what proves as much. In a realm with an owner it shows its rights, judges those of others, and
stays in the epoch of its key, whole or a guest's. It does not watch for switches that forget groups, sends reliable streams
only, and its rate is fixed.
"""
import argparse
import json
import os
import sys

import proof
import realm as keys
import rights
import vectors
from peer import Peer


def main():
    options = arguments()
    if options.vectors:
        return show(type='vectors', equal=vectors.check(options.vectors))
    realm = keys.Realm(options.realm, **({} if options.open else keys.read_key(options.key)))
    identity = keys.read_seed(options.identity) if options.identity else None
    chain = rights.read_rights(options.rights) if options.rights else b''
    peer = Peer(realm, options.interface, options.scope, options.port, options.name, identity, chain)
    peer.patterns = options.subscribe
    peer.report, peer.rule = show, proof.RULES[options.proof]
    heard, program = 0, Program(peer, options)

    def deliver(topic, remote, codec, payload):
        nonlocal heard
        heard += 1
        text = payload.decode() if codec in (1, 2) else payload.hex()
        show(type='message', topic=topic, by=remote.name, codec=codec, text=text)
        program.heard_enough = heard >= options.count

    peer.deliver = deliver
    show(type='ready', instance=peer.me.instance.hex())
    program.step()
    peer.run()
    return show(type='counts', heard=heard, **peer.counts)


class Program:
    """Reads when enough receivers have attached, and closes when all is heard and said."""

    def __init__(self, peer, options):
        self.peer, self.options = peer, options
        self.heard_enough, self.reading, self.rest = options.count == 0, False, b''
        self.said = not options.publish
        if options.publish:
            peer.open_stream(options.publish)

    def step(self):
        receivers = sum(len(one.receivers) for one in self.peer.streams.values())
        if not self.said and not self.reading and receivers >= self.options.require:
            self.reading = True
            self.peer.inputs[sys.stdin] = self.read
        if self.said and self.heard_enough and self.options.count + bool(self.options.publish):
            return self.peer.close(lambda missing: show(type='closed', unconfirmed=missing))
        return self.peer.after(20, self.step)

    def read(self, _source):
        data = os.read(0, 65_536)
        lines = (self.rest + data).split(b'\n')
        self.rest = lines.pop()
        if self.options.whole:
            self.rest, lines = b'\n'.join(lines + [self.rest]), []
        if not data:
            lines += [self.rest] * bool(self.rest)
            del self.peer.inputs[sys.stdin]
            self.said = True
        for line in lines:
            self.peer.publish(self.options.publish, line)


def show(**fields):
    print(json.dumps(fields, ensure_ascii=False), flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--vectors', metavar='FOLDER', help='check test/vectors, and end')
    parser.add_argument('--realm', default='local')
    parser.add_argument('--key', metavar='FILE')
    parser.add_argument('--identity', metavar='FILE', help='in a realm with an owner: who it is')
    parser.add_argument('--rights', metavar='FILE', help='in a realm with an owner: what it may do')
    parser.add_argument('--open', action='store_true')
    parser.add_argument('--scope', default='link', choices=keys.SCOPES)
    parser.add_argument('--interface', default='lo')
    parser.add_argument('--port', type=int, default=62278)
    parser.add_argument('--name', default='python')
    parser.add_argument('--subscribe', metavar='PATTERN', action='append', default=[])
    parser.add_argument('--publish', metavar='TOPIC')
    parser.add_argument('--proof', default='group', choices=proof.RULES, help='of what it says, and hears')
    parser.add_argument('--whole', action='store_true', help='standard input is one message')
    parser.add_argument('--require', type=int, default=0, help='wait for so many receivers')
    parser.add_argument('--count', type=int, default=0, help='end when so many messages have come')
    return parser.parse_args()


if __name__ == '__main__':
    main()
