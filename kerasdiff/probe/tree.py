"""The public tree of an API: every public name, whatever modules a release has."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any, Dict, Iterator, List, NamedTuple, Set, Tuple

from . import apis
from .values import failure

#: A bound for trees that never end; the largest seen has about 300 modules.
MAX_MODULES = 3000


class Tree(NamedTuple):
    """What a walk found.

    ``modules``: their dotted names below the API. ``objects``: each class or function once, with all its public names, the
    canonical one first. ``failures``: names that could not be reached, and how they failed.
    """

    modules: List[str]
    objects: List[Tuple[Any, List[str]]]
    failures: Dict[str, Dict[str, Any]]


def walk(api: str, root: ModuleType) -> Tree:
    """Walk the public tree below ``root``, the module of ``api``, breadth first, so that the shortest name comes first."""
    modules: List[str] = []
    failures: Dict[str, Dict[str, Any]] = {}
    names: Dict[int, Tuple[Any, List[str]]] = {}
    waiting: List[Tuple[str, ModuleType]] = [("", root)]
    seen: Set[int] = {id(root)}
    implementing = apis.implementation(root)
    packages = (root.__name__ + ".", (implementing or root).__name__ + ".")
    while waiting and len(modules) < MAX_MODULES:
        prefix, module = waiting.pop(0)
        for name, value in _members(prefix, module, failures):
            if isinstance(value, ModuleType):
                if _inside(value, packages) and id(value) not in seen:
                    seen.add(id(value))
                    modules.append(name)
                    waiting.append((name, value))
            elif _is_symbol(value) and _belongs(api, value):
                names.setdefault(id(value), (value, []))[1].append(name)
    objects = [(value, sorted(found, key=lambda name: _rank(name, value))) for value, found in names.values()]
    objects.sort(key=lambda pair: pair[1][0])
    return Tree(sorted(modules), objects, failures)


def _rank(name: str, value: Any) -> Tuple[bool, bool, int, int, str]:
    """Canonical is the object's own name, best as ``module.Name``, in the module that people import it from."""
    depth = name.count(".") + 1
    module, first = name.partition(".")[0], apis.TABLE["first"]
    place = first.index(module) if module in first else len(first)
    return (name.rpartition(".")[2] != getattr(value, "__name__", ""), depth != 2, depth, place, name)


def _members(prefix: str, module: ModuleType, failures: Dict[str, Dict[str, Any]]) -> Iterator[Tuple[str, Any]]:
    submodules = _submodules(module)
    for name in sorted(set(dir(module)) | set(submodules)):
        if _is_outside(name):
            continue
        full = prefix + "." + name if prefix else name
        try:
            if name in submodules and not hasattr(module, name):
                importlib.import_module(module.__name__ + "." + name)
            yield full, getattr(module, name)
        except Exception as error:
            failures[full] = failure(error)


def _submodules(module: ModuleType) -> Set[str]:
    """Modules below that are imported only on request, as ``keras.applications.vgg16`` of Keras 1."""
    try:
        return {found.name for found in pkgutil.iter_modules(module.__path__)}
    except Exception:  # a plain module has no __path__; lazy loaders may raise anything
        return set()


def _is_outside(name: str) -> bool:
    return name.startswith("_") or name in apis.TABLE["outside"] or name.endswith(tuple(apis.TABLE["outside_endings"]))


def _inside(module: ModuleType, packages: Tuple[str, str]) -> bool:
    """Whether ``module`` is a part of the API: below its own module, or a public one of the package that implements it."""
    parts = module.__name__.split(".")
    if module.__name__.startswith(packages[0]) or (".keras." in module.__name__ and ".keras." in packages[0]):
        return True
    return module.__name__.startswith(packages[1]) and not any(_is_outside(part) for part in parts)


def _is_symbol(value: Any) -> bool:
    return inspect.isclass(value) or inspect.isroutine(value)


def _belongs(api: str, value: Any) -> bool:
    """Whether Keras itself defines ``value``; implementation packages also hold what they import from elsewhere."""
    module = getattr(value, "__module__", None)
    if not isinstance(module, str):
        return False
    package = module.split(".")[0]
    if package in apis.TABLE["roots"]:
        return True
    return package.startswith("tensorflow") and (api == "tf.keras" or ".keras." in module + ".")
