"""Which Keras APIs an interpreter holds, and how each is reached."""

import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any, Dict, List, Optional

from . import data

TABLE = data.load("apis.json")
ROUTES: Dict[str, Dict[str, Any]] = TABLE["apis"]
#: The probe families of each API; an environment has two more.
PER_API: List[str] = TABLE["families"]
FAMILIES = ["environment", "packages"] + PER_API


def present() -> List[str]:
    """The APIs whose package is there, without importing any of them."""
    found = []
    for name in TABLE["order"]:
        try:
            specification = importlib.util.find_spec(ROUTES[name]["package"])
        except (ImportError, ValueError):  # a broken finder, a half-removed package
            specification = None
        # A folder that merely has this name is a namespace package: no loader, or one without a file.
        if specification is None or specification.origin in (None, "namespace"):
            continue
        # TensorFlow before 1.4 holds no Keras; one that does and fails to give it is an API with an error.
        parts = ROUTES[name].get("within")
        folders = list(specification.submodule_search_locations or ())
        if parts is None or any(os.path.isdir(os.path.join(folder, part)) for folder in folders for part in parts):
            found.append(name)
    return found


def load(name: str) -> ModuleType:
    """Import the API ``name`` and return its module.

    Raises whatever the library raises.
    """
    route = ROUTES[name]
    module: Any = importlib.import_module(route["import"])
    for part in route["path"]:
        module = getattr(module, part)
    dir(module)  # a lazy loader becomes the module now, not in the middle of a walk
    if not isinstance(module, ModuleType):
        raise ImportError("%s is no module but a %s" % (name, type(module).__name__))
    return module


def implementation(module: Any) -> Optional[ModuleType]:
    """The package that implements an API: the one that its ``Layer`` comes from."""
    layers = getattr(module, "layers", None)
    layer = getattr(layers, "Layer", None) or getattr(getattr(module, "engine", None), "Layer", None)
    return sys.modules.get(getattr(layer, "__module__", "").split(".")[0])


def version(module: Any) -> Optional[str]:
    """The API's own version; some releases have it only on the implementing package."""
    for holder in (module, implementation(module)):
        try:
            found = getattr(holder, "__version__", None)
        except Exception:  # TensorFlow 2.15: tf.keras.__version__ raises
            found = None
        if isinstance(found, str):
            return found
    return None


def backend(module: Any) -> Optional[str]:
    """The name of the backend in force, in Keras's own word."""
    try:
        return str(module.backend.backend())
    except AttributeError:
        return str(module.config.backend())


def backend_version(name: Optional[str]) -> Optional[str]:
    """The version of the imported backend package."""
    package = sys.modules.get(TABLE["backends"].get(name, ""))
    found = getattr(package, "__version__", None)
    return found if isinstance(found, str) else None
