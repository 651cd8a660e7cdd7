"""Checks this implementation against test/vectors, value by value."""
import collections
import json
import os

import proof
import realm as keys
import wire


def check(folder):
    """Compares everything and returns how many values were equal; the first other one raises."""
    count = 0

    def same(label, mine, theirs):
        nonlocal count
        mine = mine.hex() if isinstance(mine, (bytes, bytearray)) else mine
        if mine != theirs:
            raise AssertionError(f'{label}: {mine} is not {theirs}')
        count += 1

    files = {name: load(folder, name) for name in ('keys', 'groups', 'packets', 'hellos', 'control', 'bodies', 'proofs', 'signatures')}
    realms = {form: realm_of(files['keys'][form], form) for form in ('sealed', 'open')}
    for form, realm in realms.items():
        check_keys(same, realm, files['keys'][form])
        check_groups(same, realm, files['groups'], form)
        check_packets(same, realm, files['packets'][form])
        for hello in files['hellos'][form]:
            check_hello(same, realm, hello)
    check_control(same, realms['sealed'], files['control'], files['hellos']['sealed'][0])
    check_bodies(same, files['bodies'])
    for form, realm in realms.items():
        for rule in ('each', 'checkpoint'):
            check_proof(same, realm, files['proofs'], files['proofs'][form][rule])
        check_forgery(same, realm, files['proofs'], files['proofs'][form]['checkpoint'])
    for edge in files['signatures']['edges']:
        said = keys.verify(unhex(edge['message']), unhex(edge['signature']), unhex(edge['key']))
        same(edge['about'], said, edge['good'])
    return count


def load(folder, name):
    with open(os.path.join(folder, name + '.json'), encoding='utf-8') as file:
        return json.load(file)


def realm_of(fields, form):
    return keys.Realm(fields['realm'], unhex(fields['root']) if form == 'sealed' else None)


def check_keys(same, realm, fields):
    of = {'realmKey': realm.key, 'id': realm.id, 'name': realm.name_key,
          'address': realm.address_key, 'names': realm.names_key}
    for name, value in of.items():
        same(name, value, fields[name])
    same('hint', f'{realm.hint:04x}', fields['hint'])
    epoch = {'key': realm.epoch, 'control': realm.control, 'topic': realm.topic_root}
    for name, value in epoch.items():
        same(f'epoch {name}', value, fields['epoch'][name])
    sender = fields['sender']
    identity, salt = unhex(sender['identity']), unhex(sender['salt'])
    instance = keys.instance_of(identity, salt)
    same('instance', instance, sender['instance'])
    same('control key', realm.sender_key(realm.control, instance, salt, identity), sender['controlKey'])
    for topic in fields['topics']:
        key = realm.topic_key(topic['topic'])
        same('tag', realm.tag(topic['topic']), topic['tag'])
        same('topic key', key, topic['key'])
        same('data key', realm.sender_key(key, instance, salt, identity), topic['dataKey'])
    name = fields['sealedName']
    same('sealed name', realm.seal_name(name['topic']), name['sealed'])
    same('name', realm.open_name(realm.tag(name['topic']), unhex(name['sealed'])), name['topic'])


def check_groups(same, realm, fields, form):
    tag = realm.tag(fields['topic'])
    for scope, groups in fields[form].items():
        same(f'{scope} control', realm.group(scope), groups['control'])
        same(f'{scope} topic', realm.group(scope, tag), groups['topic'])
        same(f'{scope} folded', realm.group(scope, tag, 16), groups['foldedInto16'])


def check_packets(same, realm, fields):
    bodies = {}
    for packet in fields['packets']:
        head = packet['header']
        made = wire.header(realm.version, head['kind'], unhex(packet['instance']), head['hint'],
                           head['stream'], head['number'], head['flags'])
        same('header', made, packet['nonce'])
        key, body = unhex(packet['key']), unhex(packet['body'])
        same('packet', realm.packet(key, made, body), packet['packet'])
        bodies[made] = (key, packet['body'])
    found = list(wire.packets(unhex(fields['datagram']['bytes'])))
    same('packets of a datagram', len(found), 2)
    for head, sealed in found:
        key, body = bodies[bytes(head)]
        same('opened', realm.open(key, head, sealed), body)


def check_hello(same, realm, fields):
    packet = unhex(fields['packet'])
    (head, sealed), = wire.packets(packet)
    body = realm.open(realm.control, head, sealed)
    signed, signature = body[:-64], body[-64:]
    same('hello', signed, fields['body'])
    same('statement', realm.hello_statement(head, signed), fields['statement'])
    values = wire.decode(wire.HELLO_BODY, wire.Reader(signed))
    theirs = fields['hello']
    names = {'flags': 'flags', 'challenge': 'challenge', 'control': 'controlNumber', 'port': 'port',
             'interval': 'intervalMs', 'streams': 'streamCount', 'name': 'name', 'tags': 'tags',
             'asked': 'asked', 'echoes': 'echoes', 'identity': 'identity', 'salt': 'salt'}
    for mine, name in names.items():
        same(name, [one.hex() for one in values[mine]] if isinstance(values[mine], list) else values[mine], theirs[name])
    same('hello again', wire.encode(wire.HELLO_BODY, values), fields['body'])
    author = keys.Identity(unhex(fields['secretKey']), values['salt'])
    same('identity', author.public, theirs['identity'])
    same('signature', author.sign(unhex(fields['statement'])), fields['signature'])
    same('signature of the packet', signature, fields['signature'])
    same('verdict', keys.verify(unhex(fields['statement']), signature, author.public), True)
    same('forged', keys.verify(unhex(fields['statement']) + b'.', signature, author.public), False)
    same('packet', realm.packet(realm.control, head, signed + signature), fields['packet'])


def check_control(same, realm, fields, hello):
    for vector in fields['records']:
        data = unhex(vector['bytes'])
        (name, values), = wire.records(data)
        same('type', name, vector['record']['type'])
        same(name, wire.record(name, **values), vector['bytes'])
        same(f'{name} in numbers', flat(values), flat(vector['record']))
    page = fields['bindings']
    author = keys.Identity(unhex(hello['secretKey']), unhex(hello['hello']['salt']))
    entries = [{'stream': one['stream'], 'tag': realm.tag(page['topic']), 'mode': one['mode'], 'packet': one['packetSize'],
                'age': one['ageMs'], 'name': realm.seal_name(page['topic'])} for one in page['entries']]
    statement = realm.bindings_statement(author.instance, keys.page_of(entries))
    same('bindings statement', statement, page['statement'])
    same('bindings', wire.record('bindings', entries=entries, signature=author.sign(statement)), page['bytes'])


def flat(record):
    """The values of a record as sorted text: its names differ between the implementations."""
    found = []
    for name, value in record.items():
        if name == 'entries':
            found += [text for entry in value for text in flat(entry)]
        elif name != 'type':
            values = value if isinstance(value, list) else [value]
            found += [one.hex() if isinstance(one, bytes) else str(one) for one in values]
    return sorted(found)


def check_bodies(same, fields):
    for vector in fields['records'] + [{**fields['fragments'], 'name': 'fragments'}]:
        messages = [(one['codec'], unhex(one['payload'])) for one in vector['messages']]
        room = vector.get('bodySize', 1190)
        made = [body for _, _, body in wire.bodies(vector['index'], vector['sentAt'], messages, room)]
        theirs = [unhex(body) for body in vector['bodies']]
        if vector['name'] != 'fragments':
            same(vector['name'], [body.hex() for body in made], vector['bodies'])
            same('read', wire.read_records(theirs[0]), (vector['index'], [(*one, None) for one in messages]))
            continue
        for cut in (theirs, made):  # Where to cut is the sender's choice.
            same('sizes', all(len(body) <= room for body in cut), True)
            same('assembled', [wire.read_message(wire.Reader(assemble(cut)))[:2]], messages)

    index, read = wire.read_records(unhex(fields['lives']['bodies'][0]))
    same('lives', (index, [(len(payload), life) for _, payload, life in read]), (70, [(0, 0), (3, 1000)]))


def check_proof(same, realm, fields, packets):
    author = keys.Identity(unhex(fields['secretKey']), bytes(16))
    same('author', author.public, fields['identity'])
    instance, stream, leaves = unhex(fields['instance']), fields['stream'], []
    for packet in packets:
        number, flags, body = packet['number'], packet['flags'], unhex(packet['body'])
        content, signed = unhex(packet['content']), flags & proof.SIGNED
        rest = proof.rest_of([] if content else leaves, content) if signed else content
        of = proof.digest(instance, stream, number, flags, rest)
        same('digest', of, packet['digest'])
        same('leaf', of[:16], packet['leaf'])
        if signed:
            same('statement', proof.statement(realm, of), packet['statement'])
            same('signature', author.sign(proof.statement(realm, of)), packet['signature'])
            same('signed body', unhex(packet['signature']) + rest, packet['body'])
            signature, found, inner, covered = proof.read(body)
            same('read', [signature.hex(), inner.hex(), covered], [packet['signature'], packet['content'], rest])
            same('leaves', found, [] if content else leaves)
            leaves = []
        else:
            same('open body', body, packet['content'])
            leaves.append(of[:16])
        (head, sealed), = wire.packets(unhex(packet['packet']))
        same('place', head[:1] + head[1:2] + head[4:22], (bytes([realm.version << 4, flags]) + instance
             + stream.to_bytes(4, 'big') + number.to_bytes(6, 'big')).hex())


def check_forgery(same, realm, fields, packets):
    """A member's packet in the place of the publisher's: the checkpoint shows it, and it is asked for."""
    _, (number, flags, body), _, checkpoint = [(one['number'], one['flags'], unhex(one['body'])) for one in packets]
    stream = Stub(realm, unhex(fields['instance']), unhex(fields['identity']), fields['stream'], number)
    proven = proof.Proven(stream, proof.RULES['checkpoint'])
    lie = body[:-1] + b'x'
    same('a lie waits', [proven.opened(number, flags, lie), number in proven.waiting], [lie, True])
    same('a signature of nobody', proven.opened(checkpoint[0], checkpoint[1], bytes(64) + checkpoint[2][64:]), None)
    same('a checkpoint', proven.opened(*checkpoint), '')
    same('the lie is out', [stream.reopened, number in proven.waiting], [[number], False])
    same('and stays out', proven.opened(number, flags, lie), None)
    same('the truth', proven.opened(number, flags, body), body.hex())
    each = proof.Proven(stream, proof.RULES['each'])
    same('unsigned', each.opened(number, flags, body), None)
    same('forgeries', stream.peer.counts['forged'], 4)


class Stub:
    """A stream of nobody, to try proofs on."""

    def __init__(self, realm, instance, identity, number, following):
        self.peer = self.remote = self
        self.realm, self.instance, self.identity, self.number = realm, instance, identity, number
        self.next, self.now, self.counts, self.reopened = following, 0, collections.Counter(), []

    def count(self, reason):
        self.counts[reason] += 1

    def reopen(self, number):
        self.reopened.append(number)


def assemble(fragments):
    whole = b''
    for index, total, offset, part in map(wire.read_fragment, fragments):
        if (index, offset) != (70, len(whole)):
            raise AssertionError('fragments do not follow one another')
        whole += part
    return whole if len(whole) == total else b''


def unhex(text):
    return bytes.fromhex(text)
