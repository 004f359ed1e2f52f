"""Model files as accidents and attackers change them."""

import io
import json
import random
import zipfile


def members(data):
    """Return the parts of an archive by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts):
    """Return an archive of these parts, whose checksums are right."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def mutant(data, seed):
    """Return a changed file: its bytes, its parts, or what these say."""
    rng = random.Random(seed)
    change = rng.choice([_bytes, _bytes, _cut, _spliced, _part, _json, _json, _about])
    return change(bytearray(data), rng)


def _bytes(data, rng):
    for _ in range(rng.choice([1, 1, 4, 64])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    # The end of an archive holds its contents, and matters most.
    if rng.random() < 0.5:
        data[-rng.randrange(1, 9000)] = rng.randrange(256)
    return bytes(data)


def _cut(data, rng):
    return bytes(data[: rng.randrange(len(data))])


def _spliced(data, rng):
    start, stop = sorted(rng.randrange(len(data)) for _ in range(2))
    at = rng.randrange(len(data))
    return bytes(data[:at] + data[start : min(stop, start + 4096)] + data[at:])


def _part(data, rng):
    """Change a part, and its checksum with it."""
    parts = members(bytes(data))
    name = rng.choice(list(parts))
    content = bytearray(parts[name])
    kind = rng.randrange(4)
    if kind == 0:
        del parts[name]
    elif kind == 1:
        parts[name] = bytes(content[: rng.randrange(len(content))])
    elif kind == 2:
        parts[name] = parts[rng.choice(list(parts))]
    else:
        # The head of an array tells its shape and type.
        for _ in range(3):
            content[rng.randrange(min(len(content), 128))] = rng.randrange(256)
        parts[name] = bytes(content)
    return packed(parts)


_VALUES = [None, -1, 0, 10**12, 1.5, "", "\x1b[31mred", "é" * 9, [], {}, [[]] * 9, True]


def _changed(value, rng):
    """Change one value in nested JSON."""
    if isinstance(value, dict | list) and value and rng.random() < 0.95:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = rng.choice(keys)
        if isinstance(value, dict) and rng.random() < 0.1:
            del value[key]
        else:
            value[key] = _changed(value[key], rng)
        return value
    if isinstance(value, int) and rng.random() < 0.5:
        return value * rng.choice([-1, 2, 1000])
    return rng.choice(_VALUES)


def _json(data, rng, name="schema.json"):
    parts = members(bytes(data))
    stored = json.loads(parts[name])
    for _ in range(rng.choice([1, 1, 3])):
        stored = _changed(stored, rng)
    parts[name] = json.dumps(stored)
    return packed(parts)


def _about(data, rng):
    return _json(data, rng, "skfadm.json")
