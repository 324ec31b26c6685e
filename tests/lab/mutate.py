"""Runs in a lab environment: measures subjects as the probe does, as they are and with mutated source text.

A mutation changes a text in the source of one function, which then gets the code and the defaults that the changed source has;
its decorators stay, and no file is changed. Standard input holds a list of ``name``, ``subject``, ``where``, ``old``, ``new``
and ``times``. A subject is a symbol; or ``training.fit``, of a family that belongs to no symbol; or ``training.fit/shuffled``,
one case of it, which takes less time. ``where`` is empty for the symbol itself, else a method of it, or
``module:qualified.name``. The answer follows ``@@`` on standard output: by subject ``plain`` and ``same``, its cases before all
mutations and after them with the functions compiled anew from unchanged source, and by name the cases of those ``mutated``.

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
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What was measured of a subject, by case.
Cases = dict[str, dict[str, Any]]

#: The family of a symbol whose first module isn't named as its family is.
ELSEWHERE = {"objectives": "losses", "utils": "preprocessing", "applications": "preprocessing"}


def family(subject: str) -> str:
    """The measured family of a subject."""
    first = subject.partition(".")[0]
    return ELSEWHERE.get(first, first)


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
    """The probe's measured families, in an API."""

    def __init__(self, path: str, api: str, folder: str) -> None:
        sys.path.insert(0, path)
        load = importlib.import_module
        families = load("kerasdiff_probe.behaviour.families")
        identity = load("kerasdiff_probe.signatures").identity
        self._groups: tuple[str, ...] = load("kerasdiff_probe.canonical").GROUPS
        self._join: Callable[..., None] = load("kerasdiff_probe.supervisor")._join_cases
        self._merge: Callable[..., dict[str, Any]] = load("kerasdiff_probe.measured").merge
        self._families = families.Families(api, load("kerasdiff_probe.apis").load(api), {}, identity, folder, [])

    def symbol(self, name: str) -> Any:
        """The object publicly called ``name``; None where a subject is no symbol."""
        return None if family(name) in self._groups else self._families._symbols[name]

    def cases(self, subject: str) -> Cases:
        """The cases of a subject, as a fingerprint has them; only these are measured."""
        return self._of_group(subject) if family(subject) in self._groups else self._of_symbol(subject)

    def _of_group(self, subject: str) -> Cases:
        path = subject.replace(".", "/", 1)  # of ``operations.image.resize`` no more
        measure = self._families._measure(family(subject))
        found: dict[str, Cases] = {"": {}, "again-": {}}

        def item(identifier: str, describe: Callable[[], dict[str, Any]], _fatal: Any = None) -> None:
            again, _, name = identifier.partition("behaviour/")
            if name == path or name.startswith(path + "/"):
                found[again][name.rpartition("/")[2]] = describe()

        for again in found:
            measure([], item, again)
        return {call: self._merge(case, found["again-"][call]) for call, case in found[""].items()}

    def _of_symbol(self, name: str) -> Cases:
        groups: dict[str, dict[str, Any]] = {}

        def item(identifier: str, describe: Callable[[], dict[str, Any]]) -> None:
            group, _, rest = identifier.partition("/")
            groups.setdefault(group, {})[rest] = describe()

        measure = self._families._measure(family(name))
        for again in ("", "again-"):
            measure([(name, self.symbol(name))], item, again)
        symbols: dict[str, Any] = {name: {}}
        self._join(groups, symbols)
        cases: Cases = symbols[name]["cases"]
        return cases


def mutated(probe: Probe, row: dict[str, Any]) -> dict[str, Any]:
    """The cases of a subject while a function is mutated, or why it couldn't be mutated."""
    function = located(probe.symbol(row["subject"]), row["where"])
    try:
        text = changed(source(function), row["old"], row["new"], row["times"])
    except ValueError as error:
        return {"failed": str(error)}
    with recompiled(function, text):
        return {"cases": probe.cases(row["subject"])}


def facts(probe: Probe, subject: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What is said of a subject and of its mutations among ``rows``."""
    own = [row for row in rows if row["subject"] == subject]
    functions = [located(probe.symbol(subject), row["where"]) for row in own]
    found = {"plain": probe.cases(subject), "mutated": {row["name"]: mutated(probe, row) for row in own}}
    with ExitStack() as unchanged:
        for function in {id(function): function for function in functions}.values():
            unchanged.enter_context(recompiled(function, source(function)))
        found["same"] = probe.cases(subject)
    return found


def main(path: str, api: str) -> None:
    """Answer on standard output."""
    warnings.simplefilter("ignore")
    rows = json.loads(sys.stdin.read())
    with TemporaryDirectory() as folder:
        probe = Probe(path, api, folder)
        answer = {subject: facts(probe, subject, rows) for subject in sorted({row["subject"] for row in rows})}
    sys.stdout.write("\n@@" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
