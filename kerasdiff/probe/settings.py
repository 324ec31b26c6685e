"""The family ``settings``: the values in force in one API, each with where it comes from.

The table ``settings.json`` says for each setting how it is read in each generation (the first that can be read counts),
which variables and which key of ``keras.json`` can set it, and whether the machine decides its default. Sources of the
spellings: the libraries' own documentation of ``keras.config``, ``tf.config``, ``jax.config``, ``torch``, Theano's ``config``.
"""

import importlib
import json
import os
import re
from functools import partial
from types import ModuleType
from typing import Any, Callable, Dict, List, NamedTuple

from . import apis, data
from .values import encode, failure

#: One step of a route: a name, perhaps called with JSON literals.
_STEP = re.compile(r"([A-Za-z_]\w*)(\(([^()]*)\))?(?:\.|$)")

#: Bytes read of a keras.json.
MAX_FILE = 1 << 16


class Unreadable(Exception):
    """This environment has no such setting, or not by this route."""


class Origins(NamedTuple):
    """Where the user sets things.

    ``variables``: the environment as it was before any library was imported (TensorFlow sets some itself). ``files``: the
    contents of the ``keras.json`` that the library may have read, the one that counts first. ``folder``: a place for files.
    """

    folder: str
    variables: Dict[str, str]
    files: List[Dict[str, Any]]


def facts(api: ModuleType, origins: Origins, item: Callable[[str, Callable[[], Dict[str, Any]]], None]) -> None:
    """Hand each setting of ``api`` to ``item``, as ``settings/<name>``."""
    for name, row in data.load("settings.json").items():
        item("settings/" + name, partial(_fact, api, row, origins))
    item("settings/save_format", partial(_save_format, api, origins.folder))


def content(path: str) -> Dict[str, Any]:
    """What a ``keras.json`` holds; nothing where it is absent, or such that Keras couldn't use it either."""
    try:
        with open(path, "rb") as stream:
            found = json.loads(stream.read(MAX_FILE).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _fact(api: ModuleType, row: Dict[str, Any], origins: Origins) -> Dict[str, Any]:
    if "since" in row and apis.backend_version(row["since"][0]) is None:
        return {"state": "absent"}
    if "since" in row and not _since(*row["since"]):
        return {
            "state": "unsupported",
            "type": "NotImplementedError",
            "message": "%s tells it from %s on" % tuple(row["since"]),
        }
    for route in row["read"]:
        try:
            value = encode(read(api, route))
        except Unreadable:
            continue
        except Exception as error:
            return failure(error)
        if "matches" in row:
            value = re.search(row["matches"], str(value)) is not None
        for found, meaning in row.get("map", {}).items():
            if value == found:
                value = meaning
        return {"value": value, "source": _source(row, value, origins)}
    return {"state": "absent"}


def _source(row: Dict[str, Any], value: Any, origins: Origins) -> str:
    if any(name in origins.variables for name in row.get("variables", [])):
        return "variable"
    for given in origins.files:
        for key in row.get("file", []):
            if key in given and row.get("map", {}).get(str(given[key]), given[key]) == value:
                return "file"
    return "hardware" if row.get("hardware") else "default"


def _since(package: str, version: str) -> bool:
    found = apis.backend_version(package) or "0"
    return [int(part) for part in re.findall(r"\d+", found)[:2]] >= [int(part) for part in version.split(".")]


def read(api: ModuleType, route: str) -> Any:
    """The value at ``route``: names and calls from the API's module, or from a backend's (``tensorflow:config.…``).

    Raises `Unreadable` where a name is missing; a call may raise anything.
    """
    package, colon, path = route.rpartition(":")
    value: Any = api
    if colon:
        if apis.backend_version(package.split(".")[0]) is None:
            raise Unreadable(package)  # not the backend of this API, and not to be imported for a look
        try:
            value = importlib.import_module(package)
        except ImportError as error:
            raise Unreadable(str(error)) from error
    for name, call, arguments in _STEP.findall(path):
        try:
            value = getattr(value, name)
        except AttributeError as error:
            raise Unreadable(str(error)) from error
        if call:
            value = value(*json.loads("[%s]" % arguments))
    return value


def _save_format(api: Any, folder: str) -> Dict[str, Any]:
    """What ``save`` writes under a name without an extension: ``h5``, ``tf`` (SavedModel), ``keras``, or it is refused.

    An empty model is tried first: writing a SavedModel takes a second, saying that it needs an input shape takes none.
    """
    path = os.path.join(folder, "model")
    value = "refused"
    for layers in ([], [api.layers.Dense(1, input_shape=(1,))]):
        try:
            api.models.Sequential(layers).save(path)
        except ImportError as error:
            return failure(error)
        except Exception as error:
            if "input shape" in str(error):
                value = "tf"
        if os.path.exists(path):
            value = "tf" if os.path.isdir(path) else "h5" if _starts_with(path, b"\x89HDF") else "keras"
        if value != "refused":
            break
    return {"value": value, "source": "default"}


def _starts_with(path: str, magic: bytes) -> bool:
    with open(path, "rb") as stream:
        return stream.read(len(magic)) == magic
