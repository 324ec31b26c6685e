"""What is fed: each target draws an input from choices, and runs it; inputs are bytes, so that they can be kept."""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import io
import json
import os
import re
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from kerasdiff.cli import run as command_line
from kerasdiff.drift import Baseline, Drift, Now, check, update
from kerasdiff.errors import KerasdiffError
from kerasdiff.fingerprint.load import decode, load, parse
from kerasdiff.gate import edit, toml
from kerasdiff.gate.policy import Policy, Source, Waiver, find
from kerasdiff.knowledge.load import Effect, locations
from kerasdiff.report.formats import FORMATS, reporter
from kerasdiff.report.interface import Shown
from tests.conftest import sealed
from tests.fuzz import models, mutate, oracles, policies, reference
from tests.fuzz.oracles import unsafe, wrong
from tests.fuzz.pair import API, NAMES, pair

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from kerasdiff.gate.decide import Gate
    from kerasdiff.gate.locate import Location

TODAY = dt.date(2026, 11, 21)


class Target(NamedTuple):
    """Something that reads what strangers write."""

    make: Callable[[random.Random], bytes]
    run: Callable[[bytes], int]
    """The exit status that an input leads to. Raises `WrongError`; anything else that it raises is a finding, too."""
    share: int
    """Of a hundred inputs."""


@cache
def folder() -> Path:
    """A folder for the files of an input; one a process."""
    made = tempfile.TemporaryDirectory()
    _KEPT.append(made)
    return Path(made.name)


_KEPT: list[Any] = []


def emptied() -> Path:
    """The same with nothing in it."""
    for there in folder().iterdir():
        if there.is_dir() and not there.is_symlink():
            shutil.rmtree(there)
        else:
            there.unlink()
    return folder()


def _refused(error: KerasdiffError) -> int:
    oracles.error(str(error))
    return int(error.status)


# Bytes


@cache
def _texts() -> tuple[bytes, ...]:
    text = pair("upgrade").texts["a"]
    small = json.loads(text)
    small["apis"] = {API: {**small["apis"][API], "symbols": {}, "settings": {}, "training": {}, "saving": {}}}
    small.update(libraries={}, distributions={})
    return text, sealed(small), gzip.compress(text, mtime=0), gzip.compress(sealed(small), mtime=0)


_TOKENS = tuple(
    token.encode()
    for token in (
        *("{", "}", "[", "]", '"', ",", ":", "null", "true", "NaN", "Infinity", "-", "1e999", "1E400", "\\ud800", "\\u0000"),
        *("[" * 5000, '{"a":' * 3000, "9" * 5000, '"x":1,"x":2,', "\x00", "\ufeff", "\x1f\x8b", "\u2028", '"schema":', "\\"),
        *('"digests":{}', '"same_as":"tf.keras:layers.Dense",', '"aliases":["layers.Dense"],', "kerasdiff.fingerprint/"),
    )
)  # fmt: skip


def _bytes_make(rng: random.Random) -> bytes:
    return mutate.damaged(rng, rng.choice(_texts()), _TOKENS)


def _bytes_run(data: bytes) -> int:
    file = folder() / "kerasdiff.json"
    file.write_bytes(data)
    try:
        found = load(file)
    except KerasdiffError as error:
        with contextlib.suppress(KerasdiffError):
            parse(data, "x")
        return _refused(error)
    if found.digests["all"] not in {parse(text, "x").digests["all"] for text in _texts()[:2]}:
        wrong("another document of digests that fit")
    return 0


# Structure


def _edits(rng: random.Random, sides: str) -> list[Any]:
    number = rng.choice((1, 1, 2, 3, 6))
    found = [mutate.edit(rng, side, _places(side)) for side in (rng.choice(sides) for _ in range(number))]
    other = {"a": "b", "b": "a"}
    twins = [[other[side], path, name, [*given[:2], 1 - given[2]]] for side, path, name, given in found if name == "chain"]
    return found + (twins if rng.randrange(2) else [])


@cache
def _places(side: str) -> list[mutate.Path]:
    """Places to edit: deep ones, of which there are many, are no likelier than others."""
    every = mutate.places(pair("upgrade").document(side))
    levels = [[path for path in every if len(path) == depth] for depth in range(1, max(map(len, every)) + 1)]
    return [path for level in levels for path in level * (400 // len(level) + 1)]


def _shown(rng: random.Random) -> dict[str, Any]:
    effect = rng.choice((*["info"] * 4, "results", "breaks"))
    return {"verbose": bool(rng.randrange(2)), "limit": rng.choice((1, 15)), "min_effect": effect}


def _forms(rng: random.Random) -> list[str]:
    return list(FORMATS) if not rng.randrange(4) else rng.sample(FORMATS, 2)


def _structure_make(rng: random.Random) -> bytes:
    sides = rng.choice(("a", "b", "b", "ab"))
    case = {"pair": rng.choice(NAMES), "edits": _edits(rng, sides), "shown": _shown(rng), "forms": _forms(rng)}
    return json.dumps({**case, "api": rng.choice((API, API, ""))}).encode()


def _documents(case: dict[str, Any]) -> tuple[Any, Any]:
    """Both sides after the edits."""
    found = pair(case["pair"])
    edits = case.get("edits", [])
    a, b = (mutate.edited(found.document(side), [rest for name, *rest in edits if name == side]) for side in "ab")
    return a, b


def _text(case: dict[str, Any], side: str, document: Any) -> bytes:
    """The text of a side after its edits."""
    is_edited = any(name == side for name, *_ in case.get("edits", []))
    return mutate.written(document) if is_edited else pair(case["pair"]).texts[side]


def _reported(drift: Drift, case: dict[str, Any]) -> None:
    given = case.get("shown", {})
    shown = Shown(given.get("verbose", False), given.get("limit", 15), Effect(given.get("min_effect", "info")))
    for form in case.get("forms", FORMATS):
        text = reporter(form, shown, drift.locator).report(drift.comparison, drift.gate)
        oracles.report(form, text, drift.gate, shown)


def _checked(source: Source, a: bytes, b: bytes) -> Drift:
    file = folder() / "kerasdiff.json"
    file.write_bytes(a)
    return check(source, Baseline(file, "kerasdiff.json"), Now(decode(b, "b"), "b"), today=TODAY)


def _structure_run(data: bytes) -> int:
    case = json.loads(data)
    a, b = _documents(case)
    source = Source(policy=Policy(api=case.get("api", API)), root=folder())
    try:
        drift = _checked(source, _text(case, "a", a), _text(case, "b", b))
    except KerasdiffError as error:
        return _refused(error)
    reference.stands(drift, reference.untouched(pair(case["pair"]), a, b))
    _reported(drift, case)
    return drift.gate.exit


# Policies


def _policy_make(rng: random.Random) -> bytes:
    name = rng.choice(NAMES)
    file, text = policies.drawn(rng, name)
    return json.dumps({"pair": name, "file": file, "text": text, "form": rng.choice(FORMATS)}).encode()


class _Ran(NamedTuple):
    status: int
    out: str
    err: str


def _ran(*arguments: object) -> _Ran:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = command_line([str(one) for one in arguments])
    ran = _Ran(status, out.getvalue(), err.getvalue())
    if status not in (0, 1, 2, 3):
        wrong(f"exit status {status}")
    if unsafe(ran.err) or (ran.err and (not ran.err.startswith("kerasdiff: ") or ran.err.count("\n") != 1)):
        wrong(f"an error that is no line: {ran.err[:300]!r}")
    if (status == 2) is (not ran.err):
        wrong(f"exit status {status}, told {ran.err[:300]!r}")
    return ran


@cache
def _files(name: str) -> tuple[Path, Path]:
    """Both sides of a pair as files, outside the folder that is emptied."""
    made = tempfile.TemporaryDirectory()
    _KEPT.append(made)
    a, b = (Path(made.name) / side for side in ("kerasdiff.json", "b.json"))
    a.write_bytes(pair(name).texts["a"])
    b.write_bytes(pair(name).texts["b"])
    return a, b


def _policy_run(data: bytes) -> int:
    case = json.loads(data)
    here = emptied()
    a, b = _files(case["pair"])
    shutil.copyfile(a, here / "kerasdiff.json")
    file, report = here / case["file"], here / "report"
    file.write_bytes(case["text"].encode("latin-1"))
    told = _ran("policy", "--policy", file)
    if told.status not in (0, 2) or unsafe(told.out) or oracles.COMMAND.search(told.out):
        wrong(f"policy: exit status {told.status}: {told.out[:300]!r}")
    usual = ["--policy", file, "--fingerprint", b]
    done = _ran("check", here / "kerasdiff.json", *usual, "--format", case["form"], "-o", f"json:{report}")
    if (told.status == 2) and done.status != 2:
        wrong("a policy that can't be told is in force")
    if done.status == 2:
        return 2
    if done.err:
        wrong(f"exit status {done.status}: {done.err}")
    _told(done, case["form"], json.loads(report.read_text("utf-8"))["gate"])
    _may_pass(done.status, case["pair"], find(str(file)))
    if not case["text"].isascii() or "baseline" in case["text"]:
        _ran("check", *usual)  # the policy's own baseline, which may be anything
    return done.status


def _told(done: _Ran, form: str, gate: dict[str, Any]) -> None:
    """What stands on standard output is the report of what the gate said."""
    if gate["exit"] != done.status:
        wrong("another exit status")
    if form == "text" and done.status == 0:
        if oracles.COMMAND.search(done.out) or unsafe(done.out):
            wrong(f"text: {done.out!r}")
    else:
        decided: Gate = msgspec.convert({**gate, "waivers": []}, _gate())
        oracles.report(form, done.out, decided, Shown())


@cache
def _gate() -> Any:
    from kerasdiff.gate.decide import Gate

    return Gate


def _may_pass(status: int, name: str, source: Source) -> None:
    """Raises `WrongError` where a policy lets pass what it doesn't cover."""
    if status != 0:
        return
    document: Any = toml.parsed(source.text)
    for part in source.table:
        document = document.get(part, {})
    today = dt.datetime.now(tz=dt.timezone.utc).date()
    known = {one.id: one for one in pair(name).comparison.divergences}
    for one in known.values():
        if one.effect is not Effect.INFO and not reference.lets_pass(document, one, known, today):
            wrong(f"passes in spite of {one.id}")


# Waivers


def _waivers_make(rng: random.Random) -> bytes:
    name = rng.choice(NAMES[1:])
    waivers = [policies.waiver(rng, policies.accepts(name)) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    edits = _edits(rng, "b") if not rng.randrange(3) else []
    expired = rng.choice(("fail", "fail", "warn"))
    policy = {"api": API, "waivers": waivers, "expired-waivers": expired}
    if not rng.randrange(3):
        policy["unused-waivers"] = "warn"
    case = {"pair": name, "edits": edits, "policy": policy}
    return json.dumps({**case, "forms": rng.sample(FORMATS, 1) if not rng.randrange(3) else []}).encode()


def _waivers_run(data: bytes) -> int:
    case = json.loads(data)
    a, b = _documents(case)
    file = folder() / "kerasdiff.toml"
    try:
        text = policies.written(case["policy"], table=False)
        file.write_bytes(text.encode("utf-8", "replace"))
        source = find(str(file))
        drift = _checked(source, _text(case, "a", a), _text(case, "b", b))
    except KerasdiffError as error:
        return _refused(error)
    document: Any = toml.parsed(source.text)
    known = {one.id: one for one in drift.comparison.divergences}
    for one in known.values():
        if one.waived is not None and not reference.is_waived(one, document.get("waivers", []), known, TODAY, document):
            wrong(f"{one.id} is waived, and nothing describes it")
        if one.waived is None and one.effect.reaches(Effect.RESULTS) and drift.gate.exit == 0:
            wrong(f"passes in spite of {one.id}")
    _reported(drift, case)
    return drift.gate.exit


# Files of a project

_LINES = (
    *("tensorflow==2.10.1", "tensorflow", 'name = "tensorflow"', "- tensorflow", "Keras>=2", "numpy # tensorflow", "x" * 600),
    *("\x1b[31mtensorflow", "::error::tensorflow", "tensorflow" * 80, "-" * 5000, "'" * 300, "%0Atensorflow", "keras.json"),
    *("[[package]]", "", " " * 400 + "tensorflow", "a-" * 250, "tensorflow_=1", "tensor-flow", "\ud800", "\u2028tensorflow"),
    '\t- name: "tensorflow"',
)  # fmt: skip


def _name(rng: random.Random) -> str:
    """The name of a file that a locator looks for, with something evil where the pattern lets it."""
    pattern = rng.choice(locations().files)
    evil = "".join(one for one in mutate.evil(rng) if one not in "/\x00")
    return pattern.replace("*", rng.choice(("", "-dev", evil, "é", "\udcff", "a b", "%41", ":1", ",line=2")))


def _project_make(rng: random.Random) -> bytes:
    files = {}
    for _ in range(rng.randrange(1, 6)):
        kind = rng.choice(("text",) * 6 + ("bytes", "folder", "pipe", "loop", "link", "many"))
        text = "\n".join(rng.choice(_LINES) for _ in range(rng.randrange(8)))
        files[_name(rng)] = [kind, text]
    edits = _edits(rng, "b") if not rng.randrange(3) else []
    policy = {"api": API, "effects": {"packages.*": "results"}, "waivers": [policies.waiver(rng, policies.accepts("upgrade"))]}
    case = {"pair": rng.choice(("upgrade", "default", "setting")), "files": files, "edits": edits, "policy": policy}
    return json.dumps({**case, "forms": rng.sample(("sarif", "github", "github", "gitlab", "text"), 1)}).encode()


def _laid(here: Path, files: dict[str, Any]) -> None:
    for name, (kind, text) in files.items():
        file = here / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            if kind == "folder":
                file.mkdir()
            elif kind == "pipe":
                os.mkfifo(file)
            elif kind == "loop":
                file.symlink_to(file.name)
            elif kind == "link":
                file.symlink_to("/dev/zero")
            else:
                many = 2000 if kind == "many" else 1
                file.write_bytes((text.encode("utf-8", "surrogateescape" if kind == "bytes" else "replace") + b"\n") * many)
        except (OSError, UnicodeEncodeError):  # no such name on this system
            continue


def _project_run(data: bytes) -> int:
    case = json.loads(data)
    here = emptied()
    if len(data) % 2:
        (here / ".git").mkdir()
    _laid(here, case["files"])
    a, b = _documents(case)
    try:
        (here / "kerasdiff.toml").write_bytes(policies.written(case["policy"], table=False).encode("utf-8", "replace"))
        drift = _checked(find(str(here / "kerasdiff.toml")), _text(case, "a", a), _text(case, "b", b))
    except KerasdiffError as error:
        return _refused(error)
    for place in {drift.locator.divergence(one) for one in drift.comparison.divergences}:
        if not case["edits"] and not _PLACE.search(_line_of(here, place)):
            wrong(f"another place: {place}")
    for stale in drift.gate.waivers:
        if not any(part in _line_of(here, drift.locator.waiver(stale)) for part in (stale.id, "[[waivers]]")):
            wrong(f"another place of {stale.id}: {drift.locator.waiver(stale)}")
    reference.stands(drift, [] if drift.gate.exit == 3 else _open(drift, reference.untouched(pair(case["pair"]), a, b)))
    _reported(drift, case)
    return drift.gate.exit


#: What decides a finding: a package, or the first line of a file that is looked at as a whole.
_PLACE = re.compile("tensorflow|tensor-flow|keras|numpy|h5py|six|grpcio|^# the gate$|^{$", re.IGNORECASE)


def _line_of(here: Path, place: Location) -> str:
    """The line of a file that a place is."""
    file = here / place.file
    if not file.is_file():
        wrong(f"no such file: {place}")
    lines = file.read_bytes().decode("utf-8", "replace").split("\n")
    if not 1 <= place.line <= len(lines):
        wrong(f"no such line: {place}")
    if place.line == 1 and place.file.endswith("keras.json"):
        return "keras.json"
    return lines[place.line - 1]


def _open(drift: Drift, found: list[Any]) -> list[Any]:
    waived = {one.id for one in drift.comparison.divergences if one.waived is not None}
    return [one for one in found if one.id not in waived]


# Baselines and waivers that are written


def _edit_make(rng: random.Random) -> bytes:
    name = rng.choice(NAMES)
    file, text = policies.drawn(rng, name)
    if rng.randrange(2):
        text = "# ours\n\n[tool.kerasdiff]\n" if file == "pyproject.toml" else "# ours\n"
        text += rng.choice(("", 'fail-on = "results" # why\n', "waivers = []\n", "families = ['symbols']\n"))
    waiver = policies.waiver(rng, policies.accepts(name))
    edits = _edits(rng, "a") if rng.randrange(3) else []
    case = {"pair": name, "file": file, "text": text, "waiver": waiver, "edits": edits, "slim": bool(rng.randrange(2))}
    return json.dumps(case).encode()


def _edit_run(data: bytes) -> int:
    case = json.loads(data)
    file = emptied() / case["file"]
    file.write_bytes(case["text"].encode("latin-1"))
    try:
        source = find(str(file))
    except KerasdiffError as error:
        return _refused(error)
    try:
        waiver = msgspec.convert(mutate.expanded(case["waiver"]), Waiver)
    except (msgspec.ValidationError, UnicodeEncodeError):  # no command makes one like it
        pass
    else:
        _waived(source, waiver)
    return _updated(source, case)


def _waived(source: Source, waiver: Waiver) -> None:
    """A waiver is written and taken away again: nothing else in the file changes."""
    file = source.file or Path()
    before = file.read_bytes()
    try:
        changed = edit.add(source, waiver)
    except KerasdiffError as error:
        _refused(error)
        if file.read_bytes() != before:
            wrong("a policy is refused and changed")
        return
    ids = {entry.id for entry in waiver.accepts}
    kept = [_without(one, ids) for one in source.policy.waivers]  # what is accepted again is renewed
    if changed.policy.waivers != [*(one for one in kept if one is not None), waiver] or find(str(file)) != changed:
        wrong("another waiver is written")
    left = iter([line.strip() for line in file.read_text("utf-8").split("\n")])
    if kept == source.policy.waivers and not all(
        line.strip() in left for line in source.text.replace("\r\n", "\n").rstrip().split("\n")
    ):
        wrong("lines of the policy are lost")
    try:
        back = edit.remove(changed, lambda one: one.baseline in ("", "kerasdiff.json"))
    except KerasdiffError as error:
        _refused(error)
        return
    if [one for one in back.policy.waivers if one.baseline in ("", "kerasdiff.json")]:
        wrong("a waiver is left")


def _without(waiver: Waiver, ids: set[str]) -> Waiver | None:
    """A waiver without some ids; None where nothing is left of it."""
    accepts = [entry for entry in waiver.accepts if entry.id not in ids]
    return msgspec.structs.replace(waiver, accepts=accepts) if accepts else None


def _updated(source: Source, case: dict[str, Any]) -> int:
    """A baseline that is written holds all that the policy gates on."""
    a, b = _documents(case)
    against = Baseline(folder() / "kerasdiff.json", "kerasdiff.json")
    plain = msgspec.structs.replace(source, policy=msgspec.structs.replace(source.policy, waivers=[]))
    try:
        now = decode(_text(case, "a", a), "a")
        text = update(plain, against, Now(now, "a"), slim=case["slim"])
        if update(plain, against, Now(json.loads(text), "a"), slim=case["slim"]) != text:
            wrong("a baseline isn't steady")
        same = check(plain, against, Now(now, "a"), today=TODAY)
        if same.gate.exit == 1 and _is_clear(now):
            wrong(f"differs from its own baseline: {[one.id for one in same.comparison.divergences][:5]}")
        drift = check(plain, against, Now(decode(_text(case, "b", b), "b"), "b"), today=TODAY)
    except KerasdiffError as error:
        return _refused(error)
    document: Any = toml.parsed(source.text)
    for part in source.table:
        document = document.get(part, {})
    document = {key: value for key, value in document.items() if key != "waivers"}
    found = pair(case["pair"])
    known = {one.id: one for one in found.comparison.divergences}
    for one in reference.untouched(found, a, b):
        if drift.gate.exit == 0 and reference.is_asked(drift, one) and not reference.lets_pass(document, one, known, TODAY):
            wrong(f"passes in spite of {one.id}")
    return drift.gate.exit


def _is_clear(document: Any) -> bool:
    """Whether every name of a fingerprint is that of one object."""
    for api in document["apis"].values():
        symbols = api.get("symbols", {})
        names = [name for symbol, facts in symbols.items() for name in (symbol, *facts.get("aliases", ()))]
        if len(set(names)) < len(names):
            return False
    return True


TARGETS = {
    "bytes": Target(_bytes_make, _bytes_run, 50),
    "structure": Target(_structure_make, _structure_run, 10),
    "policy": Target(_policy_make, _policy_run, 10),
    "waivers": Target(_waivers_make, _waivers_run, 10),
    "project": Target(_project_make, _project_run, 4),
    "edit": Target(_edit_make, _edit_run, 6),
    "models": Target(models.make, lambda data: models.run(data, emptied()), 10),
}

if not hasattr(os, "mkfifo"):
    sys.exit("the fuzzer needs a POSIX system")
