"""What a class or function takes, with its true defaults."""

# ruff: noqa: ARG002, ARG003, ARG004 -- only the signatures count here

from __future__ import annotations

import abc
import functools
import sys
from typing import Any, NamedTuple

import pytest

from kerasdiff.probe import signatures
from kerasdiff.probe.signatures import constructor, describe, identity, is_deprecated, method, methods, required


def parameter(text: str) -> dict[str, Any]:
    """A parameter as people write it: ``x``, ``x=1``, ``*args``, ``**kwargs``, ``/x``, ``|x=1`` (keyword only)."""
    kinds = {"**": "var_keyword", "*": "var_positional", "/": "positional_only", "|": "keyword_only"}
    mark = next((mark for mark in kinds if text.startswith(mark)), "")
    name, equals, default = text.removeprefix(mark).partition("=")
    fact: dict[str, Any] = {"name": name}
    if mark:
        fact["kind"] = kinds[mark]
    if equals:
        fact["default"] = eval(default)
    return fact


def parameters(*texts: str) -> list[dict[str, Any]]:
    """Several of them."""
    return [parameter(text) for text in texts]


class Base:
    def __init__(self, name: Any = None, trainable: bool = True) -> None: ...

    def call(self, inputs: Any, training: bool = False) -> Any:
        return inputs

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Base:
        return cls(**config)

    @staticmethod
    def helper(x: Any, y: Any = 1) -> Any:
        return x, y

    @property
    def weights(self) -> list[Any]:
        return []

    def _private(self) -> None: ...


class Inherits(Base):
    pass


class PassesAllOn(Base):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class PassesOnTwice(PassesAllOn):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class Own(Base):
    def __init__(self, units: int, *, rate: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class StopsThere(Base):
    def __init__(self, *args: Any) -> None: ...


class New:
    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__new__(cls)


class UnderNew(New):
    def __init__(self, units: int, activation: str = "tanh") -> None: ...


class OnlyNew:
    def __new__(cls, fn: Any, name: Any = None) -> Any:
        return super().__new__(cls)


class Nothing:
    pass


class AlwaysAnything:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...


class Native(dict[Any, Any]):
    pass


class Meta(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs)


class UnderMeta(metaclass=Meta):
    def __init__(self, units: int) -> None: ...


class Mixin:
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class Mixed(Mixin, Base):
    pass


class Point(NamedTuple):
    x: int
    y: int = 0


class UnderPoint(Point):
    pass


def keeps(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def hides(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


class Decorated:
    @keeps
    def __init__(self, units: int, use_bias: bool = True) -> None: ...


class HiddenDecorator:
    @hides
    def __init__(self, units: int) -> None: ...


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        (Base, ["name=None", "trainable=True"]),
        (Inherits, ["name=None", "trainable=True"]),
        (PassesAllOn, ["name=None", "trainable=True"]),
        (PassesOnTwice, ["|name=None", "|trainable=True"]),
        (Own, ["units", "|rate=0.5", "**kwargs"]),
        (StopsThere, ["*args"]),
        (UnderNew, ["units", "activation='tanh'"]),
        (OnlyNew, ["fn", "name=None"]),
        (Nothing, []),
        (AlwaysAnything, ["*args", "**kwargs"]),
        (UnderMeta, ["units"]),
        (Mixed, ["|name=None", "|trainable=True"]),
        (Point, ["x", "y=0"]),
        (UnderPoint, ["x", "y=0"]),
        (Decorated, ["units", "use_bias=True"]),
        (HiddenDecorator, ["*args", "**kwargs"]),
        (abc.ABC, []),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_constructor(cls: type, expected: list[str]) -> None:
    assert constructor(cls) == parameters(*expected)
    assert describe(cls)["parameters"] == parameters(*expected)


def test_native_class() -> None:
    # Its constructor may have a signature or none, by Python's version; it is told either way.
    facts = describe(Native)
    assert facts["kind"] == "class"
    assert ("parameters" in facts) != (facts.get("signature") == "unsupported")


def exec_source(source: str) -> dict[str, Any]:
    """The names that this source defines."""
    names: dict[str, Any] = {}
    exec(source, names)
    return names


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(): pass", []),
        ("def f(x, alpha=0.2): pass", ["x", "alpha=0.2"]),
        ("def f(x, /, y, *, z): pass", ["/x", "y", "|z"]),
        ("def f(x=1, /, *args, y=(1, 2), **kwargs): pass", ["/x=1", "*args", "|y=[1, 2]", "**kwargs"]),
        ("f = lambda x, y=None: x", ["x", "y=None"]),
        ("async def f(x): pass", ["x"]),
        ("import functools\ndef g(x, y=1, z=2): pass\nf = functools.partial(g, 0, z=3)", ["y=1", "|z=3"]),
    ],
)
def test_function(source: str, expected: list[str]) -> None:
    assert describe(exec_source(source)["f"]) == {"kind": "function", "parameters": parameters(*expected)}


def test_wrapped_function_shows_the_original() -> None:
    assert describe(keeps(parameter))["parameters"] == [{"name": "text"}]
    assert describe(hides(parameter))["parameters"] == parameters("*args", "**kwargs")


def test_signature_given_by_a_decorator_counts() -> None:
    wrapper = hides(parameter)
    wrapper.__signature__ = __import__("inspect").signature(parameter)
    assert describe(wrapper)["parameters"] == [{"name": "text"}]


@pytest.mark.parametrize("native", [type, dict.fromkeys, max])
def test_native_code(native: Any) -> None:
    facts = describe(native)
    assert ("parameters" in facts) != (facts.get("signature") == "unsupported")


def test_native_code_without_a_signature() -> None:
    assert describe(max) == {"kind": "function", "signature": "unsupported"} or sys.version_info >= (3, 14)


def test_default_is_encoded() -> None:
    names = exec_source("class D:\n    def get_config(self):\n        return {'a': (1, float('nan'))}\ndef f(x=D(), y=D): pass")
    assert describe(names["f"])["parameters"] == [
        {"name": "x", "default": {"object": "builtins.D", "config": {"a": [1, "nan"]}}},
        {"name": "y", "default": {"object": "builtins.D"}},
    ]


def test_required() -> None:
    every = parameters("a", "b=1", "/c", "|d", "|e=1", "*args", "**kwargs", "f=None")
    assert required(every) == ["a", "c", "d"]
    assert required([]) == []


def test_methods() -> None:
    found = methods(Own)
    assert sorted(found) == ["call", "from_config", "helper"]
    assert method(found["call"]) == {"kind": "method", "parameters": parameters("inputs", "training=False")}
    assert method(found["from_config"]) == {"kind": "method", "parameters": parameters("config", "custom_objects=None")}


def test_nearest_method_counts() -> None:
    class Near(Base):
        def call(self, inputs: Any, mask: Any = None) -> Any:
            return inputs, mask

    assert method(methods(Near)["call"])["parameters"] == parameters("inputs", "mask=None")
    assert method(methods(Native)["keys"])["kind"] == "method"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DEPRECATED: use that", True),
        ("(deprecated) gone soon", True),
        ("Summary.\n\n    Deprecated: since 2.0.", True),
        ("Warning: THIS FUNCTION IS DEPRECATED. It will be removed.", True),
        ("THIS FUNCTION IS DEPRECATED", True),
        ("Replaces the deprecated one.", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_is_deprecated(text: Any, expected: bool) -> None:
    def function() -> None: ...

    function.__doc__ = text
    assert is_deprecated(function) is expected
    assert describe(function).get("deprecated", False) is expected


def test_decorator_of_pep_702() -> None:
    extensions = pytest.importorskip("typing_extensions", reason="has the decorator on every Python")

    def function() -> None: ...

    class Old:
        pass

    extensions.deprecated("use that")(Old)
    with pytest.warns(DeprecationWarning, match="use that"):

        class Derived(Old):
            pass

    assert is_deprecated(extensions.deprecated("use that")(function))
    assert is_deprecated(Old)
    assert not is_deprecated(Derived)


def test_identity_leads_back() -> None:
    assert identity(Base) == f"{__name__}:Base"
    assert identity(Base.call) == f"{__name__}:Base.call"
    assert identity(signatures.describe) == "kerasdiff.probe.signatures:describe"
    assert identity(len) == "builtins:len"


def test_identity_of_what_cannot_be_found_again() -> None:
    local = exec_source("class X: pass")["X"]
    assert identity(local) is None
    assert identity(lambda: None) is None
    assert identity(hides(parameter)) is None
    assert identity(functools.partial(parameter)) is None
    assert identity(7) is None
    shadow = type("Base", (), {"__module__": __name__, "__qualname__": "Base"})
    assert identity(shadow) is None


class Unequal(type):
    def __eq__(cls, other: object) -> bool:
        return False

    __hash__ = type.__hash__


def test_identity_is_by_object_not_by_equality() -> None:
    cls = Unequal("Odd", (), {"__module__": __name__, "__qualname__": "Odd"})
    globals()["Odd"] = cls
    assert identity(cls) == f"{__name__}:Odd"
    del globals()["Odd"]
