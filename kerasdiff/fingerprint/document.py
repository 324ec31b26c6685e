"""The fingerprint as typed documents: what is in the JSON, and what every part means."""

from __future__ import annotations

from typing import Any

import msgspec

from kerasdiff.fingerprint.pipeline import Pipeline

SCHEMA = "kerasdiff.fingerprint/1"

#: States of a fact; see `State` of each document. `VALUE` is not written where a value stands.
VALUE = "value"
UNKNOWN_STATES = frozenset({"crashed", "timeout"})

NOT_RUN = "not run"

#: Source of a setting that the machine decides.
HARDWARE = "hardware"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the documents: immutable; keys it doesn't know are kept in the raw JSON."""


class Parameter(Document, frozen=True, kw_only=True):
    """A parameter of a class's constructor or of a function, in the order of the signature."""

    name: str
    kind: str = "positional_or_keyword"
    """As in `inspect`: also ``positional_only``, ``keyword_only``, ``var_positional``, ``var_keyword``."""
    default: Any = msgspec.UNSET
    """The default as a JSON value; UNSET where the parameter is required."""


class Instance(Document, frozen=True, kw_only=True):
    """How the default-made instance of a class came to be."""

    state: str
    arguments: dict[str, Any] = {}
    """Values given for required arguments; entries of the probe's table."""
    type: str = ""
    """The exception's type, where the state is ``error`` or ``unsupported``."""
    message: str = ""


class Symbol(Document, frozen=True, kw_only=True):
    """A public name below an API."""

    kind: str
    """``class``, ``function``, ``method``, ``module``, or ``unknown`` where it could not be reached."""
    state: str = VALUE
    type: str = ""
    message: str = ""
    parameters: list[Parameter] | None = None
    """None where the library doesn't tell (native code)."""
    aliases: list[str] = []
    same_as: str | None = None
    """``api:symbol`` of the same object in another API of this environment, which describes it."""
    deprecated: bool = False
    config: dict[str, Any] | None = None
    """``get_config()`` of an instance made with its required arguments only."""
    instance: Instance | None = None
    cases: dict[str, dict[str, Any]] = {}
    """What was measured, by case (``default@2d``): ``revision``, ``arguments``, and quantities such as ``inference``."""
    not_probed: str | None = None
    """Why a symbol of a measured family has no case."""


Subjects = dict[str, dict[str, dict[str, Any]]]
"""What was measured of what is no symbol: by subject (``fit``) and case, as `Symbol.cases`."""


class Setting(Document, frozen=True, kw_only=True):
    """A setting in force in an API."""

    value: Any = None
    source: str = "default"
    """``variable``, ``file`` (keras.json), ``default`` or ``hardware``."""
    state: str = VALUE
    type: str = ""
    message: str = ""


class Api(Document, frozen=True, kw_only=True):
    """One Keras implementation in the environment."""

    state: str = VALUE
    type: str = ""
    message: str = ""
    module: str = ""
    version: str | None = None
    backend: str | None = None
    backend_version: str | None = None
    settings: dict[str, Setting] = {}
    symbols: dict[str, Symbol] = {}
    operations: Subjects = {}
    training: Subjects = {}
    saving: Subjects = {}
    loading: Subjects = {}
    remedies: dict[str, dict[str, Any]] = {}
    """Only where remedies were asked for: how putting each in force went, by its place among them."""


class OwnLayer(Document, frozen=True, kw_only=True, rename={"class_name": "class"}):
    """A layer of a user's model."""

    name: str
    """Its path: the names of the models around it and its own, by ``/``."""
    class_name: str
    custom: str = ""
    """The module and name of a class of the user's own."""
    config: dict[str, Any] = {}
    uses: dict[str, list[str]] = {}
    """``symbols``: the public classes that it and the layers in it are made from; ``names``: those in code of the user's."""
    weights: list[dict[str, Any]] = []
    """``name``, ``shape``, ``dtype``, ``trainable``, ``digest``, and the ``spread`` of the numbers."""
    rank: int | None = None
    """How many axes its one input has, where that is known."""


class OwnModel(Document, frozen=True, kw_only=True):
    """What is known of a user's model; captured only on request."""

    source: str
    """``package.module:function``, or the name of the file."""
    state: str = VALUE
    type: str = ""
    message: str = ""
    where: str = ""
    """Of what went wrong in the user's code: file, line and function."""
    api: str = ""
    version: str | None = None
    backend: str | None = None
    backend_version: str | None = None
    python: str = ""
    summary: dict[str, Any] = {}
    layers: list[OwnLayer] = []
    cases: Subjects = {}
    """By the path of a layer, that of the model being empty."""
    reference: dict[str, Any] = {}
    """How far it is off on a reference that was given."""
    unfinished: str = ""
    """Why not all was measured."""

    @property
    def not_run(self) -> str:
        """Why the model wasn't run on made inputs; empty where it was."""
        output = self.cases.get("", {}).get("output@formula", {})
        return str(output.get("message") or NOT_RUN) if output.get("state") == NOT_RUN else ""

    @property
    def failure(self) -> str:
        """What went wrong, in a line."""
        kind = self.type or self.state
        told = f"{kind}: {self.message}" if self.message else kind
        return f"{told} ({self.where})" if self.where else told


class FamilyRun(Document, frozen=True, kw_only=True):
    """How the capture of a probe family went."""

    state: str
    seconds: float = 0.0
    message: str = ""
    apis: dict[str, FamilyRun] = {}


class Captured(Document, frozen=True, kw_only=True):
    """The act of capturing; no facts of the environment."""

    at: str = ""
    kerasdiff: str = ""
    seconds: float = 0.0
    families: dict[str, FamilyRun] = {}
    overrides: dict[str, str] = {}
    slim: dict[str, Any] | None = None
    """Of a baseline that holds only what a policy gates on: for which scope it was made."""


class Distribution(Document, frozen=True, kw_only=True):
    """What is known of an installed distribution besides its version."""

    stack: bool = False
    """Whether it belongs to the Keras stack."""
    installer: str = ""
    source: dict[str, str] = {}
    requires: list[str] = []
    """Declared requirements (PEP 508), of the stack only."""


class Fingerprint(Document, frozen=True, kw_only=True):
    """All facts of one environment."""

    schema: str
    label: str
    captured: Captured
    digests: dict[str, str]
    apis: dict[str, Api]
    libraries: dict[str, Subjects] = {}
    """What was measured of the libraries around Keras: ``data`` (TensorFlow's), ``numpy`` and ``python``."""
    runtime: dict[str, Any] = {}
    packages: dict[str, str] = {}
    distributions: dict[str, Distribution] = {}
    environment: dict[str, str] = {}
    pipeline: Pipeline | None = None
    """What a pipeline of the user's feeds; only where one was asked for."""
    model: OwnModel | None = None

    def family_state(self, family: str, api: str) -> str:
        """How the capture of a family went for an API: ``ok``, ``partial``, ``not run`` or the state it ended in."""
        run = self.captured.families.get(family)
        if run is None:
            return NOT_RUN
        return run.apis.get(api, run).state
