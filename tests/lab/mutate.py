"""Runs in a lab environment: measures symbols as the probe does, as they are and with mutated source text.

A mutation changes a text in the source of one function, which then gets the code and the defaults that the changed source has;
its decorators stay, and no file is changed. Standard input holds a list of ``name``, ``symbol``, ``where``, ``old``, ``new``
and ``times``; ``where`` is empty for the symbol itself, else a method of it, or ``module:qualified.name``. The answer follows
``@@`` on standard output: by symbol ``plain`` and ``same``, its cases before all mutations and after them with the functions
compiled anew from unchanged source, and by name the cases of those ``mutated``.

    python mutate.py PROBE.pyz API < mutations.json
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import linecache
import re
import sys
import textwrap
import warnings
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What was measured of a symbol, by case.
Cases = dict[str, dict[str, Any]]


def located(symbol: Any, where: str) -> Any:
    """The function that a mutation is for, under all its decorators."""
    if ":" in where:
        module, _, path = where.partition(":")
        found = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    else:
        found = getattr(symbol, where) if where else symbol
    while hasattr(found, "__wrapped__") or hasattr(found, "__func__"):
        found = found.__wrapped__ if hasattr(found, "__wrapped__") else found.__func__
    return found


def source(function: Any) -> str:
    """The text of a ``def``, as indented as in its file."""
    lines, first = inspect.findsource(function)
    return "".join(inspect.getblock(lines[first:]))


def changed(text: str, old: str, new: str, times: int) -> str:
    """``text`` with ``old`` replaced, which must be there so many times; how it is broken into lines doesn't count."""
    pattern = r"\s+".join(map(re.escape, old.split()))
    text, count = re.subn(pattern, lambda _: new, text)
    if count != times:
        message = f"{count} times in the source: {old}"
        raise ValueError(message)
    return text


def compiled(function: Any, text: str, name: str) -> Any:
    """A function made from the text of a ``def``, without its decorators, in the module of ``function``."""
    owner = function.__qualname__.rpartition(".")[0].rpartition(".")[2]
    lines = textwrap.dedent(text)
    if owner.isidentifier():  # in a class of the same name: for private names, and for super()
        lines = f"class {owner}:\n" + textwrap.indent(lines, "    ")
    tree = ast.parse(lines)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            node.decorator_list = []
            break
    linecache.cache[name] = (len(lines), None, lines.splitlines(keepends=True), name)  # AutoGraph reads sources
    made: dict[str, Any] = {}
    exec(compile(tree, name, "exec", dont_inherit=True), function.__globals__, made)
    holder = made[owner] if owner.isidentifier() else None
    return vars(holder)[function.__name__] if holder else made[function.__name__]


@contextmanager
def recompiled(function: Any, text: str) -> Iterator[None]:
    """While it lasts, the function does what this source says."""
    found = compiled(function, text, f"<mutation {len(linecache.cache)}>")
    kept = {name: getattr(function, name) for name in ("__code__", "__defaults__", "__kwdefaults__")}
    try:
        for name in kept:
            setattr(function, name, getattr(found, name))
        yield
    finally:
        for name, value in kept.items():
            setattr(function, name, value)


class Probe:
    """The probe's measured families, on the symbols of an API."""

    def __init__(self, path: str, api: str) -> None:
        sys.path.insert(0, path)
        load = importlib.import_module
        families = load("kerasdiff_probe.behaviour.families")
        identity = load("kerasdiff_probe.signatures").identity
        self._join: Callable[..., None] = load("kerasdiff_probe.supervisor")._join_cases
        self._families = families.Families(api, load("kerasdiff_probe.apis").load(api), {}, identity)

    def symbol(self, name: str) -> Any:
        """The object publicly called ``name``."""
        return self._families._symbols[name]

    def cases(self, name: str) -> Cases:
        """The cases of a symbol, as a fingerprint has them."""
        groups: dict[str, dict[str, Any]] = {}

        def item(identifier: str, describe: Callable[[], dict[str, Any]]) -> None:
            group, _, rest = identifier.partition("/")
            groups.setdefault(group, {})[rest] = describe()

        family = {"objectives": "losses"}.get(name.partition(".")[0], name.partition(".")[0])
        measure = self._families._measure(family)
        for again in ("", "again-"):
            measure([(name, self.symbol(name))], item, again)
        symbols: dict[str, Any] = {name: {}}
        self._join(groups, symbols)
        cases: Cases = symbols[name]["cases"]
        return cases


def mutated(probe: Probe, row: dict[str, Any]) -> dict[str, Any]:
    """The cases of a mutated symbol, or why it couldn't be mutated."""
    function = located(probe.symbol(row["symbol"]), row["where"])
    try:
        text = changed(source(function), row["old"], row["new"], row["times"])
    except ValueError as error:
        return {"failed": str(error)}
    with recompiled(function, text):
        return {"cases": probe.cases(row["symbol"])}


def main(path: str, api: str) -> None:
    """Answer on standard output."""
    warnings.simplefilter("ignore")
    rows = json.loads(sys.stdin.read())
    probe = Probe(path, api)
    answer: dict[str, Any] = {}
    for symbol in sorted({row["symbol"] for row in rows}):
        own = [row for row in rows if row["symbol"] == symbol]
        functions = [located(probe.symbol(symbol), row["where"]) for row in own]
        facts = {"plain": probe.cases(symbol), "mutated": {row["name"]: mutated(probe, row) for row in own}}
        with ExitStack() as unchanged:
            for function in {id(function): function for function in functions}.values():
                unchanged.enter_context(recompiled(function, source(function)))
            facts["same"] = probe.cases(symbol)
        answer[symbol] = facts
    sys.stdout.write("\n@@" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
