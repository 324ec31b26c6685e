"""Feeds kerasdiff what nobody meant: ``python -m tests.fuzz --inputs 200000 [--seed N] [--target NAME] [--keep FOLDER]``.

Prints progress, and at the end a table: of each target the inputs, the seconds, how many were refused (exit status 2), the
other exit statuses, and the failures. The same seed gives the same inputs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.targets import Target

#: Seconds of processor time that an input may take (a busy machine gives little by the clock), and bytes of memory that the
#: process may have.
DEADLINE = 5
MEMORY = 4 << 30
#: Of the table, after the name of a target.
HEADS = ("inputs", "seconds", "refused", "exit 0", "exit 1", "exit 3", "failures")


class LateError(BaseException):
    """An input takes too long; nothing catches it on its way."""


def _late(_number: int, _frame: Any) -> NoReturn:
    raise LateError


def outcome(target: Target, data: bytes) -> int | str:
    """The exit status that an input leads to, or what is wrong with it: the last line of a traceback and its place."""
    signal.signal(signal.SIGPROF, _late)
    signal.setitimer(signal.ITIMER_PROF, DEADLINE)
    try:
        return target.run(data)
    except LateError as error:
        return f"takes more than {DEADLINE} s in {_where(error)}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return f"{type(error).__name__}: {str(error)[:300]} in {_where(error)}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _where(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "kerasdiff" in frame.filename]
    own = [frame for frame in frames if f"{os.sep}tests{os.sep}" not in frame.filename] or frames
    return ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in own[-2:])


def reduced(target: Target, data: bytes, kind: str) -> bytes:
    """A smaller input that fails alike: with fewer edits, where it is made of some."""
    try:
        case = json.loads(data)
    except ValueError:
        return data
    for key in ("edits", "files", "forms"):
        for part in list(case.get(key, ()))[::-1]:
            less = [one for one in case[key] if one != part]
            smaller = {**case, key: less if key != "files" else {one: case[key][one] for one in less}}
            if _kind(outcome(target, json.dumps(smaller).encode())) == kind:
                case = smaller
    return json.dumps(case).encode()


def _kind(found: int | str) -> str:
    """What failures have in common that are one."""
    said, _, where = str(found).rpartition(" in ")
    return f"{said.partition(':')[0]} in {where}" if where else said[:40]


def failures(target: Target, name: str, seed: int, number: int) -> list[str]:
    """What is wrong with the first inputs of a target."""
    found = [outcome(target, data) for data in inputs(target, name, seed, number)]
    return [one for one in found if isinstance(one, str)]


def inputs(target: Target, name: str, seed: int, number: int) -> Iterator[bytes]:
    """The inputs of a target, each with a seed of its own."""
    for index in range(number):
        yield target.make(random.Random(f"{seed}/{name}/{index}"))


def _fed(name: str, number: int, seed: int, keep: Path | None) -> tuple[Counter[Any], Counter[str]]:
    """How the inputs of a target ended, and the failures by kind."""
    target, ends, failed = TARGETS[name], Counter[Any](), Counter[str]()
    started = shown = time.monotonic()
    for index, data in enumerate(inputs(target, name, seed, number)):
        found = outcome(target, data)
        ends["failed" if isinstance(found, str) else found] += 1
        if isinstance(found, str):
            failed[_kind(found)] += 1
            if failed[_kind(found)] == 1:
                print(f"{name} {index}: {found}", flush=True)
                if keep:
                    _keep(target, name, data, _kind(found), keep)
        if time.monotonic() - shown > 30:
            shown = time.monotonic()
            print(f"{name}: {index + 1:,} of {number:,} inputs, {shown - started:.0f} s", flush=True)
    ends["seconds"] = round(time.monotonic() - started)
    return ends, failed


def _keep(target: Target, name: str, data: bytes, kind: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    small = reduced(target, data, kind)
    (folder / f"{name}-{hashlib.sha256(small).hexdigest()[:8]}").write_bytes(small)


def main() -> int:
    """Feed the targets, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000, metavar="N", help="of all targets, by their shares")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--target", choices=TARGETS, help="the only one that is fed")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for a failing input of each kind")
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    numbers = {name: -(-given.inputs * target.share // 100) for name, target in TARGETS.items()}
    if given.target:
        numbers = {given.target: given.inputs}
    rows = []
    for name, number in numbers.items():
        ends, failed = _fed(name, number, given.seed, given.keep)
        rows.append((name, number, ends["seconds"], ends[2], ends[0], ends[1], ends[3], ends["failed"]))
        for kind, times in failed.most_common():
            print(f"{name}: {times} failed: {kind}")
    rows.append(("all", *(sum(column) for column in list(zip(*rows, strict=True))[1:])))
    print(f"\n{'target':10}" + "".join(f"{head:>9}" for head in HEADS))
    for name, *figures in rows:
        print(f"{name:10}" + "".join(f"{figure:9,}" for figure in figures))
    return int(rows[-1][-1] > 0)


if __name__ == "__main__":
    sys.exit(main())
