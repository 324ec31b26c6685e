"""Runs in a captured environment: checks a fingerprint's defaults by an independent route, the source text.

For each class and function of an API the text of its ``def`` is parsed and its default expressions are evaluated in the
globals of its module. The probe asks ``inspect.signature`` instead. Python 3.6 and newer, standard library only.

    python defaults_by_source.py FINGERPRINT API
"""

import ast
import importlib
import inspect
import json
import math
import sys
import textwrap
from typing import Any, Dict, List, Tuple


def load(api: str) -> Any:
    """The module of an API."""
    if api == "tf.keras":
        return importlib.import_module("tensorflow").keras
    return importlib.import_module(api)


def resolve(root: Any, name: str) -> Any:
    """The object publicly called ``name``."""
    found = root
    for part in name.split("."):
        if inspect.ismodule(found) and not hasattr(found, part):
            importlib.import_module(found.__name__ + "." + part)
        found = getattr(found, part)
    return found


def definition(function: Any) -> Tuple[ast.FunctionDef, Dict[str, Any]]:
    """The ``def`` that made ``function``, under every decorator, and its globals."""
    while True:
        inner = getattr(function, "__wrapped__", None) or getattr(function, "_original_function", None)
        if inner is None:
            break
        function = inner
    source = textwrap.dedent(inspect.getsource(function))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            return node, function.__globals__
    raise OSError("no def")


def initializer(cls: type) -> Any:
    """The ``__init__`` that a class has by itself or inherits, the first that names parameters."""
    for base in cls.__mro__:
        init = vars(base).get("__init__")
        if init is not None and base is not object:
            node, _ = definition(init)
            arguments = node.args
            if len(arguments.args) > 1 or arguments.kwonlyargs or not arguments.kwarg:
                return init
    raise OSError("no __init__")


def defaults(thing: Any) -> Dict[str, Tuple[bool, Any]]:
    """Name to (evaluated?, value) of every parameter with a default."""
    node, names = definition(initializer(thing) if inspect.isclass(thing) else thing)
    arguments = node.args
    pairs = list(zip(arguments.args[len(arguments.args) - len(arguments.defaults) :], arguments.defaults))
    pairs += [(argument, given) for argument, given in zip(arguments.kwonlyargs, arguments.kw_defaults) if given is not None]
    found: Dict[str, Tuple[bool, Any]] = {}
    for argument, expression in pairs:
        try:
            code = compile(ast.Expression(expression), "default", "eval")
            found[argument.arg] = (True, eval(code, dict(names)))
        except Exception as error:
            found[argument.arg] = (False, repr(error))
    return found


def agrees(value: Any, fact: Any) -> bool:
    """Whether a fact of the fingerprint is this value."""
    if isinstance(value, (tuple, list)):
        return isinstance(fact, list) and len(fact) == len(value) and all(agrees(*pair) for pair in zip(value, fact))
    if value is None or isinstance(value, (bool, int, float, str)):
        if isinstance(value, float) and not math.isfinite(value):
            return fact in ("nan", "inf", "-inf")
        return type(fact) in (type(value), int, float) and fact == value
    if isinstance(value, dict):
        return isinstance(fact, dict) and len(fact) == len(value)
    if isinstance(fact, str):  # a data type or a member of an enumeration, by its name
        return fact == getattr(value, "name", getattr(value, "__name__", None))
    owner = value if inspect.isclass(value) or inspect.isroutine(value) else type(value)
    return isinstance(fact, dict) and fact.get("object", "").split(".")[-1] == owner.__qualname__.split(".")[-1]


def main(path: str, api: str) -> None:
    with open(path) as stream:
        symbols = json.load(stream)["apis"][api]["symbols"]
    root = load(api)
    right = count = 0
    wrong: List[str] = []
    unchecked: List[str] = []
    for name, symbol in sorted(symbols.items()):
        if symbol["kind"] not in ("class", "function") or "parameters" not in symbol:
            continue
        count += 1
        declared = {part["name"]: part["default"] for part in symbol["parameters"] if "default" in part}
        try:
            expected = defaults(resolve(root, name))
        except (OSError, TypeError, SyntaxError) as error:
            unchecked += ["%s.%s: %s" % (name, part, error) for part in declared]
            continue
        for part in sorted(set(declared) | set(expected)):
            evaluated, value = expected.get(part, (True, "no such default in the source"))
            if not evaluated:
                unchecked.append("%s.%s: %s" % (name, part, value))
            elif part in declared and part in expected and agrees(value, declared[part]):
                right += 1
            else:
                wrong.append("%s.%s: source %r, fingerprint %r" % (name, part, value, declared.get(part, "no such default")))
    sys.stdout.write("\n@@" + json.dumps({"symbols": count, "right": right, "wrong": wrong, "unchecked": unchecked}) + "\n")


main(*sys.argv[1:])
