"""The family ``symbols``: every public name of an API, what it takes, and what its default-made instance holds."""

from functools import partial
from types import ModuleType
from typing import Any, Callable, Dict, List, Optional

from . import apis, instances, signatures, tree

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


def facts(name: str, api: ModuleType, known: Dict[str, str], item: Item) -> None:
    """Hand each fact of the API ``name`` to ``item``, as ``symbols/<name>``.

    ``known`` holds the identities that another API of this environment has described already, with the symbol's name there.
    """
    found = tree.walk(name, api)
    for module in found.modules:
        item("symbols/" + module, partial(dict, kind="module"))
    for symbol, failed in found.failures.items():
        item("symbols/" + symbol, partial(dict, failed, kind="unknown"))
    own = []
    for value, names in found.objects:
        same_as = known.get(signatures.identity(value) or "")
        if same_as is None:
            own.append((value, names))
        item("symbols/" + names[0], partial(_described, value, names, same_as))
    every = {name: value for value, names in found.objects for name in names}
    _methods(every, known, item)
    _instances(every, own, item)


def _described(value: Any, names: List[str], same_as: Optional[str]) -> Dict[str, Any]:
    described: Dict[str, Any] = {"kind": "class" if isinstance(value, type) else "function", "same_as": same_as}
    if same_as is None:
        described = dict(signatures.describe(value), identity=signatures.identity(value))
    if len(names) > 1:
        described["aliases"] = sorted(names[1:])
    return {key: part for key, part in described.items() if part is not None}


def _methods(symbols: Dict[str, Any], known: Dict[str, str], item: Item) -> None:
    """Methods are part of the interface of a few base classes: `fit` and `compile` have defaults that matter."""
    for name in apis.TABLE["methods"]:
        if not isinstance(symbols.get(name), type):
            continue
        same_as = known.get(signatures.identity(symbols[name]) or "")
        for method, function in sorted(signatures.methods(symbols[name]).items()):
            describe = partial(signatures.method, function)
            target = "%s.%s" % (same_as, method)
            if target in known:
                describe = partial(dict, kind="method", same_as=target)
            item("symbols/%s.%s" % (name, method), describe)


def _is_made(cls: type) -> bool:
    """Whether a class is one to make: what has a configuration, and what takes anything, perhaps only to raise."""
    if callable(getattr(cls, "get_config", None)):
        return True
    kinds = {part.get("kind") for part in signatures.constructor(cls) or []}
    return kinds == {"var_positional", "var_keyword"}


def _instances(symbols: Dict[str, Any], own: List[Any], item: Item) -> None:
    """Twice, the second time in reverse order: what differs is unstable, or depends on what was made before."""
    factory = instances.Factory(symbols, lambda cls: signatures.constructor(cls) or [])
    classes = [(names[0], value) for value, names in own if isinstance(value, type) and _is_made(value)]
    for name, cls in classes:
        item("instances/" + name, partial(factory.configuration, name, cls))
    for name, cls in reversed(classes):
        item("again/" + name, partial(factory.configuration, name, cls))
