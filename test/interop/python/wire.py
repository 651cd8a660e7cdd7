"""The bytes of docs/protocol.md: numbers, layouts, packets and bodies.

A layout is a list of (name, kind): 'varint', 'u8', 'u48', 'block' (a varint size and its bytes),
'rest', a number of bytes, or a list: a varint count and that many of what the list says.
"""
import struct

DATA, HELLO, CONTROL = 0, 1, 2
PACKET_MAX, HEADER_SIZE, TAG_SIZE = 1232, 24, 16


class Malformed(Exception):
    """What came is not what its layout says; the packet is dropped."""


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise Malformed('too short')
        self.at += count
        return self.data[self.at - count : self.at]

    def uint(self, count):
        return int.from_bytes(self.take(count), 'big')

    def varint(self):
        first = self.uint(1)
        size = 1 << (first >> 6)
        value = int.from_bytes(bytes([first & 0x3F]) + self.take(size - 1), 'big')
        if value >= 1 << 48:
            raise Malformed('a number above 2^48 - 1')
        return value

    def block(self):
        return self.take(self.varint())

    def rest(self):
        return self.take(len(self.data) - self.at)

    @property
    def done(self):
        return self.at == len(self.data)


def varint(value):
    for size, prefix in ((1, 0), (2, 1), (4, 2), (8, 3)):
        if value < 1 << (size * 8 - 2):
            return (value | prefix << (size * 8 - 2)).to_bytes(size, 'big')
    raise ValueError(f'{value} is no varint')


def block(data):
    return varint(len(data)) + data


def encode(layout, values):
    return b''.join(write(kind, values[name]) for name, kind in layout)


def write(kind, value):
    if isinstance(kind, list):
        each = [write(kind[0], one) if len(kind) == 1 else encode(kind, one) for one in value]
        return varint(len(value)) + b''.join(each)
    if kind == 'varint':
        return varint(value)
    if kind == 'block':
        return block(value)
    if kind in ('u8', 'u48'):
        return value.to_bytes(int(kind[1:]) // 8, 'big')
    return bytes(value)


def decode(layout, reader):
    return {name: read(kind, reader) for name, kind in layout}


def read(kind, reader):
    if isinstance(kind, list):
        count = reader.varint()
        if count > len(reader.data) - reader.at:  # Each takes a byte at least.
            raise Malformed('a count above what is there')
        one = kind[0] if len(kind) == 1 else kind
        return [read(one, reader) if len(kind) == 1 else decode(one, reader) for _ in range(count)]
    if kind == 'varint':
        return reader.varint()
    if kind == 'block':
        return reader.block()
    if kind == 'rest':
        return reader.rest()
    if kind in ('u8', 'u48'):
        return reader.uint(int(kind[1:]) // 8)
    return reader.take(kind)


HELLO_BODY = [
    ('flags', 'u8'), ('identity', 32), ('salt', 16), ('challenge', 8),
    ('control', 'varint'), ('interval', 'varint'), ('port', 'varint'), ('streams', 'varint'),
    ('name', 'block'), ('tags', ['block']), ('asked', [8]), ('echoes', [8]), ('rights', 'block'),
]
BINDING = [
    ('stream', 'varint'), ('tag', 8), ('mode', 'u8'),
    ('packet', 'varint'), ('age', 'varint'), ('name', 'block'),
]
BINDINGS = [('entries', BINDING), ('signature', 64)]
RECORDS = {
    'beacon': (1, [('interval', 'varint'), ('streams', 'varint')]),
    'want': (2, [('target', 8), ('first', 'varint'), ('count', 'varint')]),
    'bindings': (3, BINDINGS),
    'attach': (4, [('target', 8), ('entries', [
        ('stream', 'varint'), ('ask', 'varint'), ('from', 'varint'), ('age', 'varint'),
        ('back', 'varint'), ('attempt', 'varint')])]),
    'started': (5, [('asker', 8), ('entries', [
        ('stream', 'varint'), ('ask', 'varint'), ('start', 'varint'), ('wanted', 'varint'),
        ('index', 'varint'), ('head', 'varint'), ('behind', 'varint'), ('receivers', 'varint')])]),
    'heartbeat': (6, [('flags', 'u8'), ('grtt', 'varint'), ('entries', [
        ('stream', 'varint'), ('head', 'varint'), ('index', 'varint'), ('receivers', 'varint')])]),
    'cursor': (7, [('target', 8), ('entries', [
        ('stream', 'varint'), ('next', 'varint'), ('lost', 'varint')])]),
    'nak': (8, [
        ('target', 8), ('flags', 'u8'), ('rtt', 'varint'), ('missed', 'varint'), ('all', 'varint'),
        ('stream', 'varint'), ('first', 'varint'), ('bitmap', 'rest')]),
    'oldest': (10, [('stream', 'varint'), ('first', 'varint'), ('index', 'varint')]),
    'expired': (11, [('stream', 'varint'), ('entries', [('first', 'varint'), ('count', 'varint')])]),
    'meet': (12, [('streams', 'varint'), ('attempt', 'varint'), ('targets', [8])]),
    'met': (13, [('target', 8), ('streams', 'varint')]),
}
TYPES = {number: name for name, (number, _) in RECORDS.items()}


def record(name, **values):
    number, layout = RECORDS[name]
    return bytes([number]) + block(encode(layout, values))


def records(body):
    """The records of a control packet as (name, values); types that are unknown are skipped."""
    reader = Reader(body)
    while not reader.done:
        name, inner = TYPES.get(reader.uint(1)), Reader(reader.block())
        if name is not None:
            values = decode(RECORDS[name][1], inner)
            if not inner.done:
                raise Malformed(f'{name} has bytes left over')
            yield name, values


HEADER = struct.Struct('>BBH8sI6sH')


def header(version, kind, instance, hint, stream, number, flags=0, epoch=0):
    return HEADER.pack(version << 4 | kind, flags, epoch, instance, stream, number.to_bytes(6, 'big'), hint)


def packets(datagram):
    """The packets of a datagram, each as its header of 24 bytes and its body."""
    reader = Reader(datagram)
    while len(datagram) - reader.at >= 2:
        size = reader.uint(2)
        if size == 0:
            return
        if size < HEADER_SIZE:
            raise Malformed('shorter than its header')
        packet = reader.take(size)
        yield packet[:HEADER_SIZE], packet[HEADER_SIZE:]


def message(codec, payload):
    """A message as fragments carry it; whole ones have the size of the payload before it."""
    return bytes([codec]) + payload


def bodies(index, sent, messages, room):
    """Cuts messages, each (codec, payload), into bodies: (flags, first index, body)."""
    batch, first = b'', index
    for codec, payload in messages:
        start = varint(index) + sent.to_bytes(6, 'big')
        whole = varint(len(payload)) + message(codec, payload)
        if batch and len(batch) + len(whole) > room:
            yield 0, first, batch
            batch = b''
        if len(start) + len(whole) > room:
            if batch:
                yield 0, first, batch
                batch = b''
            yield from fragments(index, start, message(codec, payload), room)
        else:
            if not batch:
                batch, first = start, index
            batch += whole
        index += 1
    if batch:
        yield 0, first, batch


def fragments(index, start, whole, room):
    offset = 0
    while offset < len(whole):
        front = start + varint(len(whole)) + varint(offset)
        part = whole[offset : offset + room - len(front)]
        yield 1, index, front + part
        offset += len(part)


def read_records(body):
    """The index of the first message of a body, and its messages as (codec, payload, life)."""
    reader, messages = Reader(body), []
    index = reader.varint()
    reader.take(6)  # When it was sent.
    while not reader.done or not messages:
        messages.append(read_message(reader, reader.varint()))
    return index, messages


def read_message(reader, size=None):
    flags = reader.uint(1)
    if flags & 0xF0:
        raise Malformed('unknown flags of a record')
    life = None
    if flags & 8:
        fields = Reader(reader.block())
        while not fields.done:
            field, value = fields.varint(), fields.block()
            if field == 1:
                life = Reader(value).varint()
    return flags & 7, reader.rest() if size is None else reader.take(size), life


def read_fragment(body):
    reader = Reader(body)
    index = reader.varint()
    reader.take(6)
    return index, reader.varint(), reader.varint(), reader.rest()
