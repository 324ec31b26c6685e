"""Python objects as JSON values: always serialisable, bounded, and never an exception."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import functools
import json
import math
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.probe import values
from kerasdiff.probe.values import MAX_DEPTH, MAX_ENTRIES, MAX_TEXT, encode, failure

if TYPE_CHECKING:
    from collections.abc import Callable


class Plain:
    """An object without anything."""


class Configured:
    """An object that describes itself."""

    def get_config(self) -> dict[str, Any]:
        return {"rate": 0.5, "dtype": np.dtype("float32")}


class Abstract:
    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError


class Endless:
    """Its configuration holds another one of its kind."""

    def get_config(self) -> dict[str, Any]:
        return {"inner": Endless()}


class Secretive:
    """Raises when anything is asked of it, as lazy loaders and proxies do."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


class Liar:
    """Has every attribute."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *_: Any) -> Any:
        return self


class Unclassed:
    """A proxy of nothing, as Werkzeug's outside of a request."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("working outside of a context")

    @__class__.setter
    def __class__(self, value: Any) -> None:
        raise RuntimeError


class Unspeakable:
    """Has no text."""

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


class BrokenList(list[Any]):
    """A list that can't be read."""

    def __getitem__(self, index: Any) -> Any:
        raise RuntimeError(index)

    def __iter__(self) -> Any:
        raise RuntimeError


class BrokenDict(dict[Any, Any]):
    """A mapping that can't be read."""

    def items(self) -> Any:
        raise RuntimeError


class Color(enum.Enum):
    RED = 1


class Flag(enum.IntFlag):
    A = 1
    B = 2


class Level(str, enum.Enum):
    HIGH = "high"


class Pair(NamedTuple):
    x: int
    y: int


def function(x: int) -> int:
    return x


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (0, 0),
        (-7, -7),
        (2**63, str(2**63)),
        (-(2**63), str(-(2**63))),
        (2**63 - 1, 2**63 - 1),
        (0.1, 0.1),
        (-0.0, -0.0),
        (1e-07, 1e-07),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        ("text", "text"),
        ("é\ud800\x00", "é\ud800\x00"),
        (b"\x00\xff", "\x00\xff"),
        (bytearray(b"x"), {"object": "builtins.bytearray"}),
        ((1, (2, 3)), [1, [2, 3]]),
        (Pair(1, 2), [1, 2]),
        ([], []),
        ({}, {}),
        ({1: "a", None: "b", (1, 2): "c"}, {"(1, 2)": "c", "1": "a", "None": "b"}),
        (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset(), []),
        (Color.RED, "RED"),
        (Flag.A, "A"),
        (Level.HIGH, "HIGH"),
        (1 + 2j, {"object": "builtins.complex"}),
        (decimal.Decimal("0.1"), {"object": "decimal.Decimal"}),
        (dt.date(2020, 1, 1), {"object": "datetime.date"}),
        (MappingProxyType({}), {"object": "builtins.mappingproxy"}),
        (SimpleNamespace(), {"object": "types.SimpleNamespace"}),
        (math, {"object": "builtins.module"}),
        (function, {"object": f"{__name__}.function"}),
        (functools.partial(function, 1), {"object": "functools.partial"}),
        (Plain, {"object": f"{__name__}.Plain"}),
        (Plain(), {"object": f"{__name__}.Plain"}),
        (len, {"object": "builtins.len"}),
        (int, {"object": "builtins.int"}),
        (Configured(), {"object": f"{__name__}.Configured", "config": {"rate": 0.5, "dtype": "float32"}}),
        (Abstract(), {"object": f"{__name__}.Abstract"}),
        (Secretive(), {"object": f"{__name__}.Secretive"}),
        (Unclassed(), {"object": f"{__name__}.Unclassed"}),
        (Unspeakable(), {"object": f"{__name__}.Unspeakable"}),
        (BrokenList([1]), {"object": f"{__name__}.BrokenList"}),
        (BrokenDict(a=1), {"object": f"{__name__}.BrokenDict"}),
        ([1, {Unspeakable(): 1}], [1, {"object": "builtins.dict"}]),
        ([1, {"a": Secretive()}], [1, {"a": {"object": f"{__name__}.Secretive"}}]),
        ({Unspeakable()}, [{"object": f"{__name__}.Unspeakable"}]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_encode(value: Any, expected: Any) -> None:
    encoded = encode(value)
    assert encoded == expected
    assert type(encoded) is type(expected)


def test_mapping_is_sorted() -> None:
    assert list(encode({"b": 1, "a": 2, 1: 3})) == ["1", "a", "b"]


@pytest.mark.parametrize("name", ["float16", "float32", "float64", "int8", "int64", "uint8", "bool"])
def test_numpy(name: str) -> None:
    kind = np.dtype(name)
    assert encode(kind) == kind.name
    assert encode(kind.type) == kind.type.__name__
    assert encode(kind.type(1)) == 1
    assert encode(np.zeros((2, 1), kind)) == [[0], [0]]
    assert encode(np.zeros((), kind)) == 0
    assert encode(np.zeros((0, 3), kind)) == []
    json.dumps(encode(np.ones(3, kind)))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array([np.nan, np.inf, -np.inf]), ["nan", "inf", "-inf"]),
        (np.float64("nan"), "nan"),
        (np.float32("inf"), "inf"),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.str_("a"), "a"),
        (np.bytes_(b"a"), "a"),
        (np.array([{"a": 1}, None], object), [{"a": 1}, None]),
        (np.array([1 + 2j]), [{"object": "builtins.complex"}]),
        (np.array([(1, 2.5)], "i4,f4"), [[1, 2.5]]),
        (np.uint64(2**64 - 1), str(2**64 - 1)),
        (np.ma.masked_array([1, 2], [False, True]), [1, None]),
        (np.dtype([("a", "f4")]), "void32"),
        (np.zeros(MAX_ENTRIES), [0.0] * MAX_ENTRIES),
        (np.zeros((20, 30)), {"object": "numpy.ndarray", "shape": [20, 30]}),
        (np.random.default_rng(0), {"object": "numpy.random._generator.Generator"}),
        (np.add, {"object": "numpy.ufunc"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_more_numpy(value: Any, expected: Any) -> None:
    encoded = encode(value)
    json.dumps(encoded)
    if isinstance(expected, dict) and "shape" not in expected:
        assert encoded["object"].split(".")[0] == "numpy"  # where NumPy keeps its classes is its own business
    else:
        assert encoded == expected


def test_strings_of_other_classes_are_plain() -> None:
    assert json.dumps(encode(np.str_("a"))) == '"a"'


def deep(value: Any) -> int:
    """How many levels a JSON value has."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(deep, parts), default=0)


def check(value: Any) -> None:
    """Serialisable without NaN, and within the bounds."""
    json.dumps(value, allow_nan=False).encode("ascii")
    assert deep(value) <= MAX_DEPTH + 3

    def bounded(part: Any) -> None:
        if isinstance(part, str):
            assert len(part) <= MAX_TEXT + 40
        elif isinstance(part, dict):
            assert len(part) <= MAX_ENTRIES
            for key, inner in part.items():
                assert type(key) is str
                assert len(key) <= MAX_TEXT
                bounded(inner)
        elif isinstance(part, list):
            assert len(part) <= MAX_ENTRIES
            for inner in part:
                bounded(inner)

    bounded(value)


class Later(NamedTuple):
    """What is made in the test itself: some objects can't be shown, and Hypothesis shows what it draws."""

    make: Callable[[], Any]


def made(value: Any) -> Any:
    """A drawn value with everything in it made."""
    if isinstance(value, Later):
        return value.make()
    if isinstance(value, list | tuple):
        return type(value)(map(made, value))
    return {key: made(part) for key, part in value.items()} if isinstance(value, dict) else value


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary()
    | st.decimals()
    | st.datetimes()
    | st.sampled_from(
        [
            *(Plain, Configured, Abstract, Endless, Secretive, Liar, Unclassed, Unspeakable, BrokenList, BrokenDict),
            *(lambda: Color.RED, lambda: Flag.B, lambda: Level.HIGH, lambda: function, lambda: Plain, lambda: len),
            *(lambda: np.float32(0.1), lambda: np.arange(3), lambda: np.dtype("int8"), lambda: np.longdouble(1)),
            *(lambda: np.datetime64("2020-01-01"), lambda: ..., lambda: NotImplemented, lambda: iter([]), lambda: range(3)),
        ]
    ).map(Later)
)
keys = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.tuples(st.integers())
objects = st.recursive(
    leaves,
    lambda children: st.lists(children) | st.tuples(children, children) | st.dictionaries(keys, children) | st.frozensets(keys),
    max_leaves=20,
)


@given(objects)
def test_encode_never_raises(value: Any) -> None:
    encoded = encode(made(value))
    check(encoded)


@given(st.integers(MAX_ENTRIES - 2, 3 * MAX_ENTRIES))
def test_long_lists_and_mappings_are_cut(length: int) -> None:
    for value in (range(length), dict.fromkeys(range(length)), {str(number) for number in range(length)}):
        encoded = encode(list(value) if isinstance(value, range) else value)
        check(encoded)
        assert len(encoded) == min(length, MAX_ENTRIES)


def test_long_text_is_cut_and_says_so() -> None:
    assert encode("x" * MAX_TEXT) == "x" * MAX_TEXT
    assert encode("x" * (MAX_TEXT + 1)) == "x" * MAX_TEXT + f"… ({MAX_TEXT + 1} characters)"
    assert len(encode(b"x" * 10_000)) == MAX_TEXT


def test_endless_nesting_ends() -> None:
    circle: list[Any] = []
    circle.append(circle)
    loop: dict[str, Any] = {}
    loop["self"] = loop
    for value in (circle, loop, Endless(), Liar()):
        check(encode(value))


@given(st.floats())
def test_numbers_keep_their_value(value: float) -> None:
    encoded = values.number(value)
    assert float(encoded) == value or math.isnan(value)
    assert math.copysign(1, float(encoded)) == math.copysign(1, value) or math.isnan(value)


class SaidTwice(Exception):
    def __str__(self) -> str:
        return "\n  first line\nsecond line\n"


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("no"), {"state": "error", "type": "ValueError", "message": "no"}),
        (ValueError(), {"state": "error", "type": "ValueError", "message": ""}),
        (KeyError("k"), {"state": "error", "type": "KeyError", "message": "'k'"}),
        (ImportError("no h5py"), {"state": "unsupported", "type": "ImportError", "message": "no h5py"}),
        (ModuleNotFoundError("x"), {"state": "unsupported", "type": "ModuleNotFoundError", "message": "x"}),
        (NotImplementedError(), {"state": "unsupported", "type": "NotImplementedError", "message": ""}),
        (SaidTwice(), {"state": "error", "type": "SaidTwice", "message": "first line"}),
        (UnspeakableError(), {"state": "error", "type": "UnspeakableError", "message": ""}),
        (OSError(2, "gone"), {"state": "error", "type": "OSError", "message": "[Errno 2] gone"}),
        (ValueError("x " * 200), {"state": "error", "type": "ValueError", "message": ("x " * 150).strip()}),
        (ValueError("x" * 400), {"state": "error", "type": "ValueError", "message": "x" * 300}),
        (ValueError("x" * 295 + " https://u:p@h"), {"state": "error", "type": "ValueError", "message": "x" * 295}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_failure(error: BaseException, expected: dict[str, str]) -> None:
    if type(error) is FileNotFoundError:
        expected = {**expected, "type": "FileNotFoundError"}
    assert failure(error) == expected


@given(st.text(max_size=1000))
def test_failure_is_one_bounded_line(text: str) -> None:
    message = failure(ValueError(text))["message"]
    assert len(message) <= 300
    assert len(message.splitlines()) <= 1
