"""Edits of JSON documents, of bytes and of text: drawn at random, kept as data, so that each can be done again or left out."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from typing import TYPE_CHECKING, Any

from tests.conftest import Raw, sealed
from tests.report.runs import SHARP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: A place in a document: keys and numbers.
Path = list[Any]

#: Words that mean something to some reader of a fingerprint.
WORDS = (
    *("value", "error", "unsupported", "crashed", "timeout", "unstable", "not run", "ok", "partial", "unknown", "module"),
    *("class", "function", "method", "var_keyword", "var_positional", "keyword_only", "same_as", "parts", "state", "build"),
    *("inference", "training", "outcome", "honoured", "ignored", "refused", "nan", "inf", "-inf", "drawn", "variable"),
    *("layers.Dense", "layers.GRU", "layers.Dropout", "layers", "models.Model", "tf.keras", "keras", "tf.keras:layers.Dense"),
    *("tf.keras:layers", "keras:activations.elu", "default@2d", "settings.floatx/value", "tensorflow", "2.10.1", "2.2.4-tf"),
    *("layers.GRU/parameter.activation", "keras_tensor", "__class__", "../..", "", " ", "None", "True", "-1", "hardware"),
)  # fmt: skip
#: What numbers break on.
NUMBERS = (
    *(0, -0.0, 1, -1, 2**31, 2**63, -(2**63) - 1, 2**64, 10**400, -(10**4000), 1e308, -1e308, 5e-324, 1e-45, 0.1),
    *(1e999, -1e999, float("nan"), True, False, None),
)  # fmt: skip
#: What parsers of versions, requirements and markers break on.
TEXTS = (
    {"$times": ["9", 5000]},
    {"$join": ["1.", ["9", 5000]]},
    {"$join": ["six; ", ["(", 3000]]},
    {"$join": ["six; ", ["not ", 300]]},
    {"$join": ["six[", ["a,", 5000]]},
    {"$join": ["six", [">=1,", 3000]]},
    {"$times": ["a.", 300]},
    {"$times": ["a.", 30_000]},
    {"$times": ["a-", 30_000]},
    {"$times": ["[", 3000]},
    {"$times": ["\x1b[31m", 400]},
    {"$times": ["*", 2000]},
    {"$times": ["é🦊", 20_000]},
    {"$times": ["\ud800", 50]},
    *(
        "six>=1; python_version", "six; extra == 'x' and (", "six @ file:///etc/passwd", "six; os_name in 'a'", "a" * 300 + "/",
        "1!2.0.post1.dev3+local", "six===not a version", "six; '3' < '2'", "six; python_version < 'x'", "0x1F", "1_0",
        "six; 'a' ~= 'b'", "six~=1", "six; extras == 'x'", "six; dependency_groups == 'y'", "six; platform_release >= '1-'",
    ),
)  # fmt: skip


def value(rng: random.Random) -> Any:
    """Some JSON, written so that what is large is short."""
    kind = rng.randrange(12)
    if kind < 3:
        return rng.choice(NUMBERS)
    if kind < 5:
        return rng.choice(WORDS)
    if kind < 7:
        return evil(rng)
    if kind == 7:
        return rng.choice(TEXTS)
    if kind == 8:
        return {"$nest": [rng.choice((1, 3, 20, 33, 45, 2000)), rng.choice("[{")]}
    if kind == 9:
        return [value(rng) for _ in range(rng.randrange(4))]
    if kind == 10:
        return {str(rng.choice(WORDS)): value(rng) for _ in range(rng.randrange(4))}
    return rng.choice(([], {}, [[]], [{}], {"": {}}, [None], "", [0] * 50))


def evil(rng: random.Random) -> str:
    """Text that is markup, a command or an escape to somebody."""
    return "".join(rng.choice((*SHARP, "a", "x ", "##vso[task.x]y", "\n::warning::z")) for _ in range(rng.randrange(1, 5)))


def expanded(written: Any) -> Any:
    """The JSON that `value` stands for."""
    if isinstance(written, list):
        return [expanded(part) for part in written]
    if not isinstance(written, dict):
        return written
    if "$times" in written:
        text, number = written["$times"]
        return text * number
    if "$join" in written:
        return "".join(part if isinstance(part, str) else part[0] * part[1] for part in written["$join"])
    if "$nest" in written:
        depth, kind = written["$nest"]
        found: Any = 0
        for _ in range(depth):
            found = [found] if kind == "[" else {"x": found}
        return found
    return {key: expanded(part) for key, part in written.items()}


def places(document: Any, above: Path | None = None) -> list[Path]:
    """Every place in a document."""
    here = above or []
    found = [here]
    parts: Any = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, part in parts:
        found += places(part, [*here, key])
    return found


#: What is done at a place: with what is there, its key and its holder.
OPERATIONS = ("set", "set", "set", "delete", "rename", "copy", "wrap", "many", "from", "evil", "chain")
#: Places whose text is parsed.
PARSED: tuple[Path, ...] = (
    ["apis", "tf.keras", "version"],
    ["apis", "tf.keras", "backend_version"],
    ["packages", "tensorflow"],
    ["packages", "keras"],
    ["packages", "six"],
    ["runtime", "python"],
    *(["distributions", name, "requires", 0] for name in ("tensorflow", "h5py")),
    ["runtime", "markers", "python_version"],
    ["environment", "TF_ENABLE_ONEDNN_OPTS"],
)
CHAINS = ("make", "alias", "same_as", "deep", "twins", "cases")


def edit(rng: random.Random, side: str, known: Sequence[Path]) -> list[Any]:
    """An edit: a side, a place, what is done, and with what."""
    operation = rng.choice(OPERATIONS) if rng.randrange(40) else "chain"
    if operation == "chain" and rng.randrange(6):
        operation = "set"
    path = rng.choice(known)
    if not rng.randrange(12):
        return [side, rng.choice(PARSED), "set", rng.choice(TEXTS)]
    if operation == "chain":
        return [side, [], operation, [rng.choice(CHAINS), rng.choice((2, 3, 30, 300)), rng.randrange(2)]]
    if operation == "from":
        return [side, path, operation, rng.choice(known)]
    if operation in ("rename", "copy"):
        name = rng.choice((rng.choice(WORDS), evil(rng), str(rng.choice(rng.choice(known) or ["x"])), rng.choice(TEXTS)))
        return [side, path, operation, name]
    if operation == "many":
        return [side, path, operation, rng.choice((2, 10, 200))]
    return [side, path, operation, evil(rng) if operation == "evil" else value(rng)]


def applied(document: Any, path: Path, operation: str, given: Any) -> Any:
    """The document after an edit; as it was where there is no such place."""
    if operation == "chain":
        return _chained(document, *given)
    if not path:
        return expanded(given) if operation == "set" else document
    holder = at(document, path[:-1])
    key = path[-1]
    if isinstance(holder, list):
        is_there = isinstance(key, int) and key < len(holder)
    else:
        is_there = isinstance(holder, dict) and key in holder
    if is_there:
        with contextlib.suppress(RecursionError):  # an edit of what an earlier one has nested deeper than Python copies
            _do(document, holder, key, operation, given)
    return document


def _do(document: Any, holder: Any, key: Any, operation: str, given: Any) -> None:
    if operation == "set":
        holder[key] = expanded(given)
    elif operation == "delete":
        del holder[key]
    elif operation == "wrap":
        holder[key] = [holder[key]]
    elif operation == "from":
        holder[key] = copy.deepcopy(at(document, given))
    elif operation == "evil":
        holder[key] = f"{holder[key]}{given}" if isinstance(holder[key], str) else given
    elif operation == "many":
        times = min(given, 100_000 // len(repr(holder[key])))
        if isinstance(holder, dict):
            holder.update({f"{key}{number}": holder[key] for number in range(times)})
        else:
            holder[key:key] = [holder[key]] * times
    elif isinstance(holder, dict):  # rename, copy
        holder[str(expanded(given))] = holder[key] if operation == "copy" else holder.pop(key)


def at(document: Any, path: Path) -> Any:
    """What stands at a place; None where there is no such place."""
    try:
        for key in path:
            document = document[key]
    except (KeyError, IndexError, TypeError):
        return None
    return document


def _chained(document: Any, kind: str, length: int, offset: int = 0) -> Any:
    """Many symbols, each of which leads to the next."""
    symbols = at(document, ["apis", "tf.keras", "symbols"])
    first = at(symbols, ["layers.Dense"])
    if not isinstance(first, dict) or not isinstance(symbols, dict):
        return document
    name, first_letter = "layers", "AL"[kind == "make" or offset]  # before what is planted, or after
    for number in range(length):
        here, there = f"layers.{first_letter}{number}", f"layers.{first_letter}{number + 1}"
        if kind == "deep":
            name += ".a"
            symbols[name] = {"kind": "module"}
        elif kind == "twins":
            symbols[here] = {**first, "aliases": ["layers.Dense", "layers.GRU", "layers.Dropout", there]}
        elif kind == "alias":
            aliases = [f"layers.{first_letter}{other}" for other in range(number, length, 7)]
            symbols[here] = {"kind": "function", "aliases": aliases}
        elif kind == "same_as":
            symbols[here] = {"kind": "class", "same_as": f"tf.keras:{there}"}
        elif kind == "cases":
            first.setdefault("cases", {})[f"c{number}@2d"] = {"inference": {"values": [number], "shape": [1]}}
        else:
            made = {"arguments": {"layer": {"make": [there, {}]}}, "inference": {"values": [1.0 + offset], "shape": [1]}}
            symbols[here] = {"kind": "class", "cases": {"default@2d": made}}
    return document


def edited(document: Raw, edits: Sequence[Sequence[Any]]) -> Any:
    """A document after edits, in their order."""
    found: Any = document
    for path, operation, given in edits:
        found = applied(found, path, operation, given)
    return found


def written(document: Any) -> bytes:
    """The text of a fingerprint, with digests that fit where there can be some."""
    try:
        return sealed(document)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        pass
    try:
        return json.dumps(document).replace("Infinity", "1e999").encode("ascii")
    except RecursionError:
        return b"[" * 100_000


#: What is done to bytes.
def damaged(rng: random.Random, data: bytes, tokens: Sequence[bytes]) -> bytes:
    """Bytes after some damage."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        start = rng.randrange(len(found) + 1)
        length = rng.choice((0, 1, 1, 2, 5, 50, 500))
        operations: tuple[Callable[[], bytes], ...] = (
            lambda: b"",
            lambda: rng.choice(tokens),
            lambda: bytes(rng.randrange(256) for _ in range(rng.randrange(1, 6))),
            lambda at=start, size=length: bytes(found[at : at + size]) * 2,  # type: ignore[misc]
            lambda: bytes(found[(other := rng.randrange(len(found) + 1)) : other + rng.randrange(60)]),
            lambda at=start: bytes([found[at] ^ (1 << rng.randrange(8))]) if at < len(found) else b"",  # type: ignore[misc]
        )
        found[start : start + length] = rng.choice(operations)()
    if not rng.randrange(20):
        del found[rng.randrange(len(found) + 1) :]
    return bytes(found)


class Drawn(random.Random):
    """Choices that bytes make: a fuzzer that is guided by coverage turns the bytes."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data, self._at = data, 0

    def getrandbits(self, k: int, /) -> int:
        size = (k + 7) // 8
        part = self._data[self._at : self._at + size].ljust(size, b"\0")
        self._at += size
        return int.from_bytes(part, "big") >> (8 * size - k)

    def _randbelow(self, n: int) -> int:  # the usual one draws again and again
        return self.getrandbits(n.bit_length() + 8) % n

    def random(self) -> float:
        return self.getrandbits(53) / (1 << 53)
