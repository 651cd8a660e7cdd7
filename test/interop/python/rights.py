"""The rights of docs/protocol.md: chains of signed grants, in realms with an owner."""
import base64
import time

import realm as keys
import wire

ACTIONS = {'publish': 1, 'subscribe': 2, 'expose': 4, 'write': 8, 'relay': 16}
SIZE_MAX, GRANTS_MAX, RULES_MAX, SKEW_S = 512, 4, 16, 60


def read_rights(path):
    """The chain in a file of one line."""
    with open(path, encoding='ascii') as file:
        label, text = file.read().split()
    if label != 'sixcast-rights-1':
        raise ValueError(f'{path} holds no rights')
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def judged(chain, realm, identity):
    """The grants of a chain, when it counts for this identity now; else None."""
    try:
        grants = list(decoded(chain))
    except wire.Malformed:
        return None
    signer, depth, now = realm.owner, None, time.time()
    for grant, signed, signature in grants:
        if depth is not None and grant['depth'] >= depth:
            return None
        if not grant['from'] - SKEW_S <= now <= grant['until'] + SKEW_S:
            return None
        if not keys.verify(b'sixcast/1/grant' + realm.id + signed, signature, signer):
            return None
        signer, depth = grant['holder'], grant['depth']
    return [grant for grant, _, _ in grants] if signer == identity else None


def allows(grants, action, topic, matches):
    """Whether each grant has a rule for it."""
    return all(
        any(actions & ACTIONS[action] and matches(pattern, topic) for actions, pattern in grant['rules'])
        for grant in grants
    )


def decoded(chain):
    """Each grant, the bytes of it that are signed, and the signature."""
    reader = wire.Reader(chain)
    count = reader.uint(1)
    if len(chain) > SIZE_MAX or not 1 <= count <= GRANTS_MAX:
        raise wire.Malformed('rights')
    for _ in range(count):
        begun = reader.at
        holder, depth, _serial, since, until = (
            reader.take(32), reader.uint(1), reader.varint(), reader.varint(), reader.varint())
        rules = [(reader.uint(1), reader.block().decode(errors='replace')) for _ in range(rule_count(reader))]
        if since > until or any(not 0 < actions < 32 for actions, _ in rules):
            raise wire.Malformed('grant')
        signed = chain[begun:reader.at]
        grant = {'holder': holder, 'depth': depth, 'from': since, 'until': until, 'rules': rules}
        yield grant, signed, reader.take(64)
    if not reader.done:
        raise wire.Malformed('rights')


def rule_count(reader):
    count = reader.varint()
    if count > RULES_MAX:
        raise wire.Malformed('rules')
    return count
