"""Cases that are data to the last: a recipe says in JSON what to call, on what, and what is measured is its result.

====================================================  ======================================================================
``{"call": [names], "args": […], "with": {…}}``       calls the first object there is; a key ``a|b`` is spelled as it takes it
``{"name": [names]}``                                 the object itself
``{"of": recipe, "do": [["method", [args], {…}]]}``   calls methods one after another; one that isn't callable is read
``{"item": [recipe, index]}``                         an item of a list, tuple or mapping
``{"let": {"x": recipe}, "in": recipe}``, ``{"var": "x"}``  names for values, made in the order of their names
``{"array": row}``                                    an array, by `numbers.array`
``{"function": recipe}``                              a function of ``x``, which the recipe has as a variable
``{"elements": recipe, "limit": 9}``, ``{"tensor": recipe}``  what iterating gives; an array as the backend's tensor
``{"tuple": […]}``, ``{"dict": {…}}``, ``{"file": "a.png"}``  a tuple, a mapping, a path in the case's own folder
``{"has": name}``                                     ``present`` or ``absent``
``{"first": [recipe, …]}``                            the first recipe whose objects are all there
``{"type": recipe}``, ``{"dtype": recipe}``           the name of a value's class, or of its data type
====================================================  ======================================================================

A list is a list of recipes; anything else is itself. ``names`` may be one name: of a symbol of the API, or below a root as in
``numpy.load`` and ``tf.image.resize``. What many rows have in common stands once in a table's ``parts``, as ``{"part": name}``.
"""

import inspect
import os
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import numbers

#: A form of a kitchen's own: of the whole recipe, and what evaluates a part of it.
Tool = Callable[[Dict[str, Any], Callable[[Any], Any]], Any]


class Absent(Exception):
    """None of the objects that a recipe may call is there."""


def meaning(recipe: Any) -> Any:
    """A recipe without its spellings: what it means, for a case's revision."""
    if isinstance(recipe, list):
        return [meaning(part) for part in recipe]
    if not isinstance(recipe, dict):
        return recipe
    if "first" in recipe:
        return meaning(recipe["first"][0])
    told = {key.split("|")[0]: meaning(part) for key, part in recipe.items()}
    for key in ("call", "name"):
        if isinstance(recipe.get(key), list):
            told[key] = recipe[key][0]
    if "do" in recipe:
        told["do"] = [[step[0].split("|")[0]] + [meaning(part) for part in step[1:]] for step in recipe["do"]]
    return told


def whole(recipe: Any, parts: Dict[str, Any]) -> Any:
    """A recipe with the parts that it names in their places."""
    if isinstance(recipe, list):
        return [whole(part, parts) for part in recipe]
    if not isinstance(recipe, dict):
        return recipe
    return (
        whole(parts[recipe["part"]], parts) if "part" in recipe else {key: whole(part, parts) for key, part in recipe.items()}
    )


class Kitchen:
    """Evaluates recipes.

    ``find`` gives the object of a name, or None; ``tools`` are forms besides these, by their key. ``complete`` adds to the
    arguments of a call: `remedies.Remedies.complete`.
    """

    def __init__(
        self,
        find: Callable[[str], Any],
        tools: Dict[str, Tool],
        folder: str,
        complete: Optional[Callable[[Any, Dict[str, Any], int], Dict[str, Any]]] = None,
    ) -> None:
        self._find = find
        self._tools = tools
        self._folder = folder
        self._complete = complete

    def cook(self, recipe: Any, names: Optional[Dict[str, Any]] = None) -> Any:
        """The value of a recipe. Raises `Absent`, and what is called raises."""
        names = names or {}
        if isinstance(recipe, list):
            return [self.cook(part, names) for part in recipe]
        if not isinstance(recipe, dict):
            return recipe
        for form in sorted(recipe):
            if form in self._tools:
                return self._tools[form](recipe, lambda part: self.cook(part, names))
            if form in FORMS:
                return getattr(self, "_" + form)(recipe, names)
        raise ValueError("no such recipe: %s" % ", ".join(sorted(recipe)))

    def _named(self, names: Any) -> Any:
        for name in [names] if isinstance(names, str) else names:
            found = self._find(name)
            if found is not None:
                return found
        raise Absent(str(names))

    def _call(self, recipe: Dict[str, Any], names: Dict[str, Any]) -> Any:
        function = self._named(recipe["call"])
        positional = self.cook(recipe.get("args", []), names)
        given = self._given(function, recipe.get("with", {}), names)
        return function(*positional, **(self._complete(function, given, len(positional)) if self._complete else given))

    def _given(self, function: Any, given: Dict[str, Any], names: Dict[str, Any]) -> Dict[str, Any]:
        """Arguments by the spelling that the function takes."""
        found = {}
        for key, recipe in given.items():
            spellings = key.split("|")
            taken = _parameters(function) if len(spellings) > 1 else ()
            found[next((name for name in spellings if name in taken), spellings[0])] = self.cook(recipe, names)
        return found

    def _name(self, recipe: Dict[str, Any], _names: Dict[str, Any]) -> Any:
        return self._named(recipe["name"])

    def _of(self, recipe: Dict[str, Any], names: Dict[str, Any]) -> Any:
        value = self.cook(recipe["of"], names)
        for step in recipe["do"]:
            member = self._member(value, step[0])
            given = step[2] if len(step) > 2 else {}
            args = self.cook(step[1], names) if len(step) > 1 else []
            value = member(*args, **self._given(member, given, names)) if callable(member) else member
        return value

    @staticmethod
    def _member(value: Any, spellings: str) -> Any:
        for name in spellings.split("|"):
            if hasattr(value, name):
                return getattr(value, name)
        raise Absent(spellings)

    def _first(self, recipe: Dict[str, Any], names: Dict[str, Any]) -> Any:
        for alternative in recipe["first"][:-1]:
            try:
                return self.cook(alternative, names)
            except Absent:
                continue
        return self.cook(recipe["first"][-1], names)

    def _item(self, recipe: Dict[str, Any], names: Dict[str, Any]) -> Any:
        holder, index = self.cook(recipe["item"], names)
        return holder[index]

    def _let(self, recipe: Dict[str, Any], names: Dict[str, Any]) -> Any:
        names = dict(names)
        for name in sorted(recipe["let"]):
            names[name] = self.cook(recipe["let"][name], names)
        return self.cook(recipe["in"], names)

    def _var(self, recipe: Dict[str, Any], names: Dict[str, Any]) -> Any:
        return names[recipe["var"]]

    def _array(self, recipe: Dict[str, Any], _names: Dict[str, Any]) -> Any:
        return numbers.array(recipe["array"])

    def _function(self, recipe: Dict[str, Any], names: Dict[str, Any]) -> Callable[[Any], Any]:
        return lambda x: self.cook(recipe["function"], dict(names, x=x))

    def _tuple(self, recipe: Dict[str, Any], names: Dict[str, Any]) -> Tuple[Any, ...]:
        return tuple(self.cook(recipe["tuple"], names))

    def _dict(self, recipe: Dict[str, Any], names: Dict[str, Any]) -> Dict[str, Any]:
        return {key: self.cook(part, names) for key, part in recipe["dict"].items()}

    def _file(self, recipe: Dict[str, Any], _names: Dict[str, Any]) -> str:
        return os.path.join(self._folder, recipe["file"])

    def _has(self, recipe: Dict[str, Any], _names: Dict[str, Any]) -> str:
        return "absent" if self._find(recipe["has"]) is None else "present"

    def _type(self, recipe: Dict[str, Any], names: Dict[str, Any]) -> str:
        return type(self.cook(recipe["type"], names)).__name__

    def _dtype(self, recipe: Dict[str, Any], names: Dict[str, Any]) -> str:
        found = self.cook(recipe["dtype"], names).dtype
        return str(getattr(found, "name", found)).replace("torch.", "").replace("_ref", "")  # a variable of TensorFlow 1


#: The forms that `Kitchen` knows itself.
FORMS = (
    "call",
    "name",
    "of",
    "item",
    "let",
    "var",
    "array",
    "tuple",
    "dict",
    "file",
    "function",
    "has",
    "type",
    "dtype",
    "first",
)


def _parameters(function: Any) -> List[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def outcome(value: Any, numbers_of: Callable[[Any], Any]) -> Dict[str, Any]:
    """The result of a recipe as a fact: numbers, text, or several of them; ``numbers_of`` reads a backend's tensor."""
    if isinstance(value, dict):
        return {
            "state": "value",
            "parts": [dict(_part(value[key], numbers_of), name=str(key)) for key in sorted(value, key=str)],
        }
    if isinstance(value, (list, tuple)) and not all(isinstance(part, (bool, int, float, str, bytes)) for part in value):
        return {"state": "value", "parts": [_part(part, numbers_of) for part in value]}
    return _part(value, numbers_of)


def _part(value: Any, numbers_of: Callable[[Any], Any]) -> Dict[str, Any]:
    if value is None:
        return {"state": "value", "values": ["None"]}
    return numbers.measured(numbers_of(value))
