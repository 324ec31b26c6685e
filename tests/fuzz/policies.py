"""Policies as strangers write them: some that mean something, some nearly, and some that are no TOML."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.gate.waivers import accepted, follow
from kerasdiff.knowledge.load import Effect
from tests.fuzz import mutate
from tests.fuzz.pair import API, pair

if TYPE_CHECKING:
    import random
    from collections.abc import Callable


@cache
def accepts(name: str) -> list[dict[str, Any]]:
    """All that stops the gate of a pair, as waivers hold it."""
    found = pair(name)
    explained = follow(found.comparison.divergences)
    return [msgspec.to_builtins(accepted(one, explained.get(one.id, []))) for one in found.stopping]


_PATTERNS = (
    *("*", "layers.*", "layers.GRU*", "*/parameter.*", "optimizers.*", "settings.*", "layers.Dense/case.*", "training.*"),
    *("[!x]*", "layers.Dropout", "[", "[]", "[z-a]", "?" * 20, "*" * 50 + "b", "a*" * 200, "layers.[DG]*", ""),
    *("LAYERS.*", "numpy.*", "layers.D*presence", "*.activation", "settings.floatx[/]value", "layers.GRU?parameter*"),
)  # fmt: skip
DAYS = ("2027-01-31", "2099-12-31", "2020-01-01", "9999-12-31", "0001-01-01")
TIMES = ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00", "10:00:00")
FILES = ("kerasdiff.json", "../x", "/etc/passwd", "a/b.json", "x" * 300, "\x00", ".")
GROUPS = ("packages.", "runtime.", "environment.")
_FAMILIES = ("symbols", "settings", "layers", "optimizers", "packages", "environment", "runtime", "training", "numpy")


def _entry(rng: random.Random, known: list[dict[str, Any]]) -> dict[str, Any]:
    """An accepted divergence, at times not quite as it is."""
    entry: dict[str, Any] = dict(rng.choice(known)) if known else {"id": "layers.Dense/presence", "effect": "results"}
    sizes = ("inf", float("nan"), float("inf"), 0, -1.0, 1e-9, 0.5, 1e308, 2**70)
    values = ("sha256:" + "0" * 64, '"tanh"', "null", "*", '"relu"', "KD100")
    effects = tuple(effect.value for effect in Effect)
    extents = tuple({"effect": effect, "size": size} for effect in effects for size in sizes)
    fits: dict[str, tuple[Any, ...]] = {"size": sizes, "effect": effects, "explains": extents}
    fits.update(dict.fromkeys(("a", "b", "id", "rule"), values))
    if rng.randrange(2):
        return entry
    for _ in range(rng.randrange(1, 3)):
        key = rng.choice(("id", "effect", "rule", "a", "b", "size", "size", "explains"))
        entry[key] = rng.choice(
            (
                rng.choice(known).get(key) if known else None,
                rng.choice(fits[key]),
                rng.choice(fits[key]) if rng.randrange(6) else mutate.value(rng),
            )
        )
        if entry[key] is None:
            del entry[key]
    return entry


def waiver(rng: random.Random, known: list[dict[str, Any]]) -> dict[str, Any]:
    if not rng.randrange(3):
        accepts = [dict(one) for one in known]
        if accepts and rng.randrange(2):
            accepts[rng.randrange(len(accepts))] = _entry(rng, known)
    else:
        accepts = [_entry(rng, known) for _ in range(rng.choice((1, 1, 2, 5)))]
    reason = rng.choice((*["known"] * 10, *[mutate.evil(rng)] * 4, ""))
    waiver: dict[str, Any] = {"reason": reason, "accepts": accepts}
    if rng.randrange(2):
        waiver["until"] = rng.choice((*DAYS, *DAYS, *DAYS, *TIMES))
    if not rng.randrange(4):
        waiver["baseline"] = rng.choice(("kerasdiff.json", "other.json", "./kerasdiff.json", "", mutate.evil(rng)))
    if not rng.randrange(4):
        waiver["owner"] = rng.choice(("ann", mutate.evil(rng)))
    return waiver


def _patterns(rng: random.Random) -> list[str]:
    return [rng.choice((*_PATTERNS, mutate.evil(rng))) for _ in range(rng.randrange(1, 4))]


def _policy(rng: random.Random, known: list[dict[str, Any]]) -> dict[str, Any]:
    """A policy that may mean something."""
    keys: dict[str, Callable[[], Any]] = {
        "baseline": lambda: rng.choice((*["kerasdiff.json"] * 8, *FILES, mutate.evil(rng))),
        "fail-on": lambda: rng.choice([*Effect]).value,
        "api": lambda: rng.choice((API, API, "keras", "tf_keras", "")),
        "families": lambda: [*["symbols"] * rng.randrange(4), *rng.sample(_FAMILIES, rng.randrange(1, 5))],
        "only": lambda: _patterns(rng),
        "ignore": lambda: _patterns(rng),
        "effects": lambda: {(rng.choice(GROUPS) if rng.randrange(8) else "") + one: "breaks" for one in _patterns(rng)},
        "tolerances": lambda: [
            {
                "subject": one,
                "tolerance": rng.choice((0, 1e-3, 0.2, 0.9, 1e9, 2**80, float("inf") if rng.randrange(9) == 0 else 0.05)),
                "reason": "r",
            }
            for one in _patterns(rng)
        ],
        "waivers": lambda: [waiver(rng, known) for _ in range(rng.choice((1, 1, 1, 2, 2, 4, 4, 40)))],
        "expired-waivers": lambda: rng.choice(("fail", "warn")),
        "unused-waivers": lambda: rng.choice(("fail", "warn")),
    }
    policy = {key: keys[key]() for key in rng.sample([*keys, "waivers", "waivers"], rng.randrange(1, 6))}
    if not rng.randrange(10):
        policy[rng.choice([*keys, mutate.evil(rng)])] = mutate.value(rng)
    return policy


def toml_of(value: Any, key: str = "") -> str:
    """A value in TOML."""
    if isinstance(value, dict) and "$nest" in value:
        depth, kind = value["$nest"]
        return f"{kind * depth}0{']' * depth}" if kind == "[" else "{x=" * depth + "0" + "}" * depth
    if isinstance(value, dict) and ("$times" in value or "$join" in value):
        value = mutate.expanded(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        if key == "until" and value[:1].isdigit():
            return value
        return '"' + "".join(_character(one) for one in value) + '"'
    if isinstance(value, float):
        return repr(value).replace("infinity", "inf")
    if isinstance(value, int):
        return str(value) if abs(value) < 10**4000 else hex(value)
    if isinstance(value, dict):
        parts = {str(name): part for name, part in value.items() if part is not None}
        return "{" + ", ".join(f"{toml_of(name)} = {toml_of(part, name)}" for name, part in parts.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml_of(part) for part in value if part is not None) + "]"
    return '""'


def _character(one: str) -> str:
    code = ord(one)
    if 0xD800 <= code < 0xE000:
        return "?"
    return f"\\U{code:08x}" if one in '"\\' or code < 32 or code == 127 else one


_TOML = tuple(
    token.encode()
    for token in (
        *("[[waivers]]\n", "[tool.kerasdiff]\n", "[effects]\n", "accepts = ", "= ", "\n", '"', "'", '"""', "[", "]", "{", "}"),
        *("inf", "nan", "0x" + "f" * 5000, "1e400", "9" * 5000, "2026-11-21", *TIMES, "\\ud800", "\\U00110000", ".", ","),
        *("[" * 400, "{a=" * 400, "a." * 300, "a." * 4000, "# x\n", "\r", "\x00", "\ufeff", "only = ['*']\n", "true"),
    )
)  # fmt: skip


def written(policy: dict[str, Any], *, table: bool) -> str:
    lines = [f"{toml_of(str(key))} = {toml_of(part, key)}" for key, part in policy.items() if key != "waivers"]
    waivers = policy.get("waivers")
    prefix = "tool.kerasdiff." if table else ""
    if isinstance(waivers, list) and all(isinstance(one, dict) for one in waivers):
        for waiver in waivers:
            lines += [f"\n[[{prefix}waivers]]", *(f"{key} = {toml_of(part, key)}" for key, part in waiver.items())]
    head = ['[project]\nname = "x"  # kept\n', "[tool.kerasdiff]"] if table else ["# the gate"]
    return "\n".join([*head, *lines]) + "\n"


def drawn(rng: random.Random, name: str) -> tuple[str, str]:
    """A file's name, and its text; damaged at times."""
    table = not rng.randrange(3)
    policy = _policy(rng, accepts(name))
    data = written(policy, table=table).encode("utf-8", "replace")
    if not rng.randrange(3):
        data = mutate.damaged(rng, data, _TOML)
    return ("pyproject.toml" if table else "kerasdiff.toml"), data.decode("latin-1")
