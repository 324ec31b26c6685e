"""What kerasdiff costs, as ratios to bare processes measured in turn with it: ``python -m tests.benchmarks [NAME…]``.

NAME is an environment of the lab (default: a few). Each figure is the median of several runs that alternate between kerasdiff
and its yardstick, so that a machine that slows down slows both. Memory is the peak of the largest single process.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kerasdiff.capture.export import export
from kerasdiff.probe import apis as apis_table
from kerasdiff.releases import shelf
from tests.lab.builder import build
from tests.lab.capture import DECLARED, environ
from tests.lab.data import find

ROOT = Path(__file__).parents[2]
RELEASES = ROOT / "kerasdiff" / "releases"
RUNS = 5
#: Whole captures take long enough to need no more.
FEW = 2
IMPORTS = {"keras": "import keras", "tf.keras": "import tensorflow; tensorflow.keras.layers", "tf_keras": "import tf_keras"}
#: How many times a bare import a whole capture may take, by what runs the cases; imports of seconds against thousands of cases.
AIMS = {"theano": 20, "tensorflow-1": 20, "jax": 60}
AIM = 6
DEFAULT = {
    "keras-1.2.2+theano-1.0.5": ["keras"],
    "keras-2.3.1+tensorflow-1.15.5": ["keras", "tf.keras"],
    "tensorflow-2.3.4": ["tf.keras"],
    "tensorflow-2.15.1": ["tf.keras"],
    "keras-3.15.1+tensorflow-2.21.0": ["keras"],
    "keras-3.15.1+jax-0.12": ["keras"],
    "keras-3.15.1+torch-2.13": ["keras"],
}


# A process of its own asks for the peak of what it ran: getrusage counts all children together. Its own start doesn't count.
_COST = """
import resource, subprocess, sys, time
started = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@dataclass(frozen=True)
class Cost:
    """Median seconds and peak megabytes of a command."""

    seconds: float
    megabytes: float


def measure(commands: list[list[str]], environment: dict[str, str], runs: int = RUNS) -> list[Cost]:
    """The costs of commands that run in turn; the first round warms the page cache and doesn't count."""
    seconds: list[list[float]] = [[] for _ in commands]
    megabytes = [0.0 for _ in commands]
    for _ in range(runs + 1):
        for position, command in enumerate(commands):
            done = subprocess.run(
                [sys.executable, "-S", "-c", _COST, *command], env=environment, capture_output=True, check=True
            )
            taken, peak = done.stdout.split()
            seconds[position].append(float(taken))
            megabytes[position] = int(peak) / 1024
    return [Cost(statistics.median(times[1:]), peak) for times, peak in zip(seconds, megabytes, strict=True)]


def row(what: str, cost: Cost, yardstick: Cost, limit: float) -> None:
    """One line: the ratio and its limit."""
    ratio = cost.seconds / yardstick.seconds
    figures = f"{ratio:5.2f} (limit {limit:g})  {cost.seconds:6.2f} s / {yardstick.seconds:6.2f} s"
    sys.stdout.write(f"{what:55} {figures}  {cost.megabytes:5.0f} MB / {yardstick.megabytes:5.0f} MB\n")
    sys.stdout.flush()


def captures(names: dict[str, list[str]], folder: Path) -> None:
    """Capturing an API, what it declares and all of it, over importing it in a bare process."""
    probe = folder / "probe.pyz"
    export(probe)
    for name, apis in names.items():
        environment = find(name).name
        built = build(environment)
        python = str(built.python)
        for api in apis:
            home = folder / f"home-{name}-{api}"
            home.mkdir()
            bare = [python, "-B", "-c", IMPORTS[api]]
            whole = folder / f"{name}.{api}.json"
            capture = [python, str(probe), "--api", api, "-o"]
            variables = environ(built, home)
            cost, yardstick = measure([[*capture, str(folder / "declared"), DECLARED], bare], variables)
            row(f"capture {name} {api}, declared", cost, yardstick, 1.7)
            cost, yardstick = measure([[*capture, str(whole)], bare], variables, FEW)
            aim = next((aim for part, aim in AIMS.items() if part in environment), AIM)
            row(f"capture {name} {api}, all", cost, yardstick, aim)
            cases(whole, api)


def cases(whole: Path, api: str) -> None:
    """One line: where the time of a capture goes, and how long a hundred cases take; each runs twice."""
    content = json.loads(whole.read_text())
    count = sum(len(symbol.get("cases", {})) for symbol in content["apis"][api]["symbols"].values())
    taken = {name: content["captured"]["families"][name]["seconds"] for name in apis_table.TABLE["measured"]}
    longest = ", ".join(f"{name} {taken[name]:.1f} s" for name in sorted(taken, key=lambda name: -taken[name])[:4])
    kilobytes = len(gzip.compress(json.dumps(content["apis"][api]).encode())) / 1000
    each = 100 * sum(taken.values()) / max(count, 1)
    sys.stdout.write(f"    {count} cases, {each:.2f} s for each 100: {longest}; {kilobytes:.0f} kB packed\n")


def comparison(folder: Path) -> None:
    """Comparing two releases, and checking one, over loading both in a bare Python, or over one that does nothing."""
    python = sys.executable
    # As where it is installed: with bytecode, which the first round writes.
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    one, other = (_unpacked(name, folder) for name in ("tensorflow-2.10.1", "tensorflow-2.11.1"))
    bare = [python, "-c", "import json, sys; [json.load(open(name)) for name in sys.argv[1:]]", one, other]
    nothing = [python, "-c", "pass"]
    program = [python, "-c", "from kerasdiff.cli import main; main()"]  # as the installed command does
    near, far = (
        [str(RELEASES / f"{name}.json.gz") for name in pair]
        for pair in (("tensorflow-2.10.1", "tensorflow-2.11.1"), ("tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0"))
    )
    for what, command, yardstick, limit in (
        ("compare --format json", ["compare", "--format", "json", one, other], bare, 5),
        ("check --fingerprint, nothing differs", ["check", one, "--fingerprint", one], bare, 6),
        ("check --fingerprint, drifted", ["check", one, "--fingerprint", other], bare, 6),
        ("check --fingerprint, nothing differs, over nothing", ["check", one, "--fingerprint", one], nothing, 30),
        ("compare of neighbouring releases, over nothing", ["compare", *near], nothing, 20),
        ("compare of Keras 2 and 3, over nothing", ["compare", *far], nothing, 20),
        ("--help", ["--help"], nothing, 6),
        ("history of a subject, all releases", ["history", "layers.LSTM"], nothing, 10),
        ("nearest, a stock release", ["nearest", str(shelf.file("tensorflow-2.15.1"))], nothing, 10),
        ("explain of a subject", ["explain", "layers.LSTM"], nothing, 10),
    ):
        cost, known = measure([[*program, *command], yardstick], variables)
        row(what, cost, known, limit)


def _unpacked(release: str, folder: Path) -> str:
    file = folder / f"{release}.json"
    file.write_bytes(gzip.decompress((RELEASES / f"{release}.json.gz").read_bytes()))
    return str(file)


def gate(name: str, folder: Path) -> None:
    """Checking an environment over capturing it."""
    built = build(find(name).name)
    environment = ["--python", str(built.python)]
    command = [sys.executable, "-m", "kerasdiff"]
    variables = {**environ(built, folder), "PYTHONPATH": str(ROOT)}
    baseline = str(folder / "baseline.json")
    capture = [*command, "capture", *environment, "--force", "-o", baseline]
    subprocess.run(capture, env=variables, capture_output=True, check=True)
    cost, yardstick = measure([[*command, "check", baseline, *environment], capture], variables, FEW)
    row(f"check {name}, over capture", cost, yardstick, 1.1)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    chosen = parser.parse_args().names
    names = {name: DEFAULT.get(find(name).name, ["keras"]) for name in chosen} if chosen else DEFAULT
    with tempfile.TemporaryDirectory() as folder:
        captures(names, Path(folder))
        comparison(Path(folder))
        gate(next(iter(names)) if chosen else "tensorflow-2.15.1", Path(folder))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
