"""What a process of its own does with a user's model: tells its facts, records a reference, or verifies one."""

import os
import sys
from typing import Any, Callable, Dict, List, Optional

from .. import apis
from ..npz import Archive, BadArchive
from ..source import Source, Wrong, is_callable, named, place, watched
from ..values import failure

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Task:
    """One task on the model that ``task["model"]`` names; ``item`` sends a fact."""

    def __init__(self, task: Dict[str, Any], item: Item) -> None:
        self._task = task
        self._item = item
        self._source = Source(task["model"], task["path"])
        self._build: Optional[Callable[[], Any]] = None

    def run(self) -> None:
        """Build the model, then do what is asked. What goes wrong with the user's code is a fact, sent as any."""
        with watched(self._task["folder"], self._task["end"]):
            try:
                self._run()
                return
            except Wrong as wrong:
                fact = wrong.fact
            except BadArchive as bad:
                fact = {"state": "bad", "message": str(bad)}
            except OSError as error:
                fact = {"state": "bad", "message": error.strerror or str(error)}
            self._item("model/build", lambda: fact)

    def _run(self) -> None:
        reference = self._task.get("reference")
        archive = Archive(reference) if reference else None
        model = self._made()
        found = _owner(model, self._task["apis"])
        if found is None:
            raise Wrong(self._no_model(model))
        name, api = found
        from ..behaviour.families import engine  # noqa: PLC0415  # imports NumPy, which comes with Keras

        is_stored = not is_callable(self._task["model"])
        facts = {"api": name, "version": apis.version(api), "backend": apis.backend(api)}
        facts["python"] = "%d.%d.%d" % sys.version_info[:3]
        facts["backend_version"] = apis.backend_version(facts["backend"])
        self._item("model/build", lambda: dict(facts, state="value"))
        kinds = (api.models.Model, api.models.Sequential)
        tools = (engine(api), model, lambda thing: isinstance(thing, kinds))
        if self._task["do"] == "facts":
            self._tell(tools, archive, is_stored=is_stored)
            return
        try:
            told = self._answer(tools, archive, facts)
        except (BadArchive, OSError, Wrong):
            raise
        except Exception as error:
            raise Wrong(self._source.failed(error)) from None
        self._item("model/answer", lambda: told)

    def _answer(self, tools: Any, archive: Optional[Archive], facts: Dict[str, Any]) -> Dict[str, Any]:
        """What recording or verifying a reference gives."""
        if self._task["do"] == "record":
            from .record import record  # noqa: PLC0415

            return record(tools, archive, dict(facts, model=self._task["model"]), self._task["output"])
        from .verify import Verification  # noqa: PLC0415

        assert archive is not None
        return Verification(tools, archive, self._task["tolerance"], self._task["renames"]).found()

    def _tell(self, tools: Any, archive: Optional[Archive], *, is_stored: bool) -> None:
        from . import arrays  # noqa: PLC0415
        from .facts import Facts  # noqa: PLC0415

        given, expected = None, []
        if archive is not None:
            given = arrays.numbered(archive, "x|inputs")
            if not given:
                raise BadArchive("holds no inputs: save them as x, or as inputs_0, inputs_1…")
            given, expected = arrays.fitting(given, tools[1], "it"), arrays.numbered(archive, "y|outputs")
        build = self._build
        assert build is not None
        engine, model, is_model = tools
        Facts(engine, model, is_model, self._task["folder"], is_stored=is_stored).tell(self._item, given, expected, build)

    def _made(self) -> Any:
        """The user's model. Raises `Wrong`."""
        spec = self._task["model"]
        if not is_callable(spec):
            return self._loaded(spec)
        thing = self._source.get()
        loaded = [name for name in self._task["apis"] if apis.ROUTES[name]["package"] in sys.modules]
        for name in loaded or self._task["apis"][:1]:
            _seed(name)
        if _owner(thing, self._task["apis"]) is not None:
            self._build = lambda: thing
            return thing
        if not callable(thing):
            message = "%s is no function but %s" % (spec, named(thing))
            raise Wrong({"state": "error", "type": "TypeError", "message": message})
        self._build = thing
        self._item("model/call", lambda: self._source.told({"state": "value"}, place(thing)))
        try:
            return thing()
        except BaseException as error:
            raise Wrong(self._source.failed(error)) from None

    def _loaded(self, path: str) -> Any:
        if not os.path.exists(path):
            raise BadArchive("no such file; name a saved model, or a function as package.module:function")
        api = apis.load(self._task["apis"][0])
        load = api.models.load_model
        self._build = lambda: load(path)
        try:
            return load(path)
        except Exception as error:
            raise Wrong(failure(error)) from None

    def _no_model(self, thing: Any) -> Dict[str, Any]:
        message = "%s gives %s, no Keras model" % (self._task["model"], named(thing))
        return self._source.told({"state": "error", "type": "TypeError", "message": message}, place(self._build))


def _seed(name: str) -> None:
    try:
        from ..behaviour.families import engine  # noqa: PLC0415  # imports NumPy, which comes with Keras

        engine(apis.load(name)).seed()
    except Exception:  # it can't be imported, and the user's model will be of another API
        pass


def _owner(model: Any, names: List[str]) -> Any:
    """The name and the module of the API that a model is of; None where it is of none."""
    for name in names:
        if apis.ROUTES[name]["package"] in sys.modules and _is_of(model, name):
            return name, apis.load(name)
    return None


def _is_of(model: Any, name: str) -> bool:
    try:
        return isinstance(model, apis.load(name).models.Model)
    except Exception:  # it is there, and can't be imported
        return False
