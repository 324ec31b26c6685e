"""``kerasdiff capture``: the probe run by the host."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import kerasdiff as library
from kerasdiff.capture import run
from kerasdiff.capture.interpreter import Interpreter
from kerasdiff.capture.run import CaptureError, Request, capture, probe
from kerasdiff.fingerprint.load import load
from tests.conftest import ROOT, Ran
from tests.probe.place import DECLARED, PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.probe.place import Place

NO_CORE = "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))"


@pytest.fixture
def host(place: Place, kerasdiff: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Runs ``kerasdiff capture`` in this process, for the bare interpreter of the place."""
    for name, value in place.variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", str(place.temporary))
    monkeypatch.chdir(place.root)

    def called(*arguments: object) -> Ran:
        return kerasdiff("capture", "--python", place.python, "--only", ",".join(DECLARED), *arguments)

    return called


def refused(ran: Ran, status: int) -> str:
    """The line that says why there is no fingerprint; it is the last of standard error, and nothing is on standard output."""
    assert ran.out == ""
    assert ran.status == status, ran.err
    assert "Traceback" not in ran.err.splitlines()[-1]
    lines = [line for line in ran.err.splitlines() if line.startswith("kerasdiff: ")]
    assert lines[-1] == ran.err.splitlines()[-1]
    return lines[-1]


def test_capture(place: Place, host: Callable[..., Ran]) -> None:
    place.plant()
    ran = host()
    assert (ran.status, ran.out) == (0, "")
    fingerprint = load(place.root / "keras-9.9.9-numpy.json")
    assert fingerprint.apis["keras"].symbols["layers.Dense"].config == {"units": 4}
    assert fingerprint.captured.kerasdiff == library.__version__
    lines = ran.err.splitlines()
    assert lines[0] == f"kerasdiff: capturing {place.python} (given)"
    assert [line.split(" in ")[0] for line in lines[1:-1]] == [
        "kerasdiff: keras: imported",
        "kerasdiff: keras: runtime ok",
        "kerasdiff: keras: settings ok",
        "kerasdiff: keras: symbols ok",
    ]
    assert lines[-1].startswith("kerasdiff: keras-9.9.9-numpy: wrote keras-9.9.9-numpy.json in ")


def test_same_facts_as_the_exported_probe(place: Place, host: Callable[..., Ran]) -> None:
    place.plant()
    by_host = json.loads(host("-o", "-").out)
    by_itself = place.captured().fingerprint
    for fingerprint in (by_host, by_itself):
        # click and pytest change what a process inherits; the facts of the library are the same.
        del fingerprint["captured"], fingerprint["digests"], fingerprint["environment"]
    assert by_host == by_itself


def test_packed(place: Place, host: Callable[..., Ran]) -> None:
    place.plant()
    assert host("-o", "a.json.gz").status == 0
    assert json.loads(gzip.decompress((place.root / "a.json.gz").read_bytes()))["label"] == "keras-9.9.9-numpy"


def test_other_file_is_not_replaced(place: Place, host: Callable[..., Ran]) -> None:
    place.plant()
    target = place.root / "a.json"
    target.write_text("mine", encoding="utf-8")
    assert "exists already" in refused(host("-o", target), 2)
    assert target.read_text(encoding="utf-8") == "mine"
    assert host("-o", target, "--force").status == 0
    load(target)


def test_options_reach_the_probe(place: Place, host: Callable[..., Ran]) -> None:
    place.plant()
    place.plant(name="tf_keras")
    ran = host("--label", "--odd label", "--api", "keras", "--skip", "symbols", "--timeout", "9", "-o", "-")
    fingerprint = json.loads(ran.out)
    assert fingerprint["label"] == "--odd label"
    assert list(fingerprint["apis"]) == ["keras"]
    assert fingerprint["apis"]["keras"]["symbols"] == {}


def test_loss_is_told_and_is_no_failure(place: Place, host: Callable[..., Ran]) -> None:
    place.plant("class Bad(Layer):\n    def get_config(self):\n        os.abort()\n", init=NO_CORE)
    ran = host("-o", "a.json")
    assert ran.status == 0
    assert "kerasdiff: keras: instances/layers.Bad crashed: killed by SIGABRT; going on without it\n" in ran.err
    fingerprint = load(place.root / "a.json")
    assert fingerprint.family_state("symbols", "keras") == "partial"
    assert fingerprint.apis["keras"].symbols["layers.Dense"].config == {"units": 4}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("import os; os.abort()", "crashed: killed by SIGABRT"),
        ("import signal; signal.pause()", "timeout: the family import took longer than 2 s"),
        ("raise ValueError('numpy is too new')", "ValueError: numpy is too new"),
        ("import missing_package", "ModuleNotFoundError: No module named 'missing_package'"),
        ("import sys; sys.exit(5)", "crashed: the process ended with status 5"),
    ],
)
def test_import_that_fails(place: Place, host: Callable[..., Ran], fault: str, reason: str) -> None:
    place.plant(init=f"print('said before')\n{NO_CORE}\n{fault}")
    line = refused(host("-o", "a.json", "--timeout", "2"), 3)
    assert line == (
        f"kerasdiff: import keras fails in the captured environment: {reason}; mend it there (--verbose shows what it printed)"
    )
    assert not (place.root / "a.json").exists()


def test_what_a_failing_import_printed_is_shown(place: Place, host: Callable[..., Ran]) -> None:
    place.plant(init="print('libcudart is missing \\x1b[31m')\nraise ImportError")
    assert "  | libcudart is missing \\x1b[31m\n" in host().err


def test_no_keras(place: Place, host: Callable[..., Ran]) -> None:
    line = refused(host("-o", "a.json"), 2)
    assert line == (
        f"kerasdiff: {place.python}: no Keras here: neither keras, tensorflow nor tf_keras can be imported; "
        "install one there, or give --python another environment"
    )
    assert not (place.root / "a.json").exists()


def test_unknown_family(place: Place, host: Callable[..., Ran]) -> None:
    place.plant()
    line = refused(host("--skip", "layerz"), 2)
    assert "no such family: layerz; there are environment, packages" in line
    assert "install" not in line  # nothing is wrong with the environment


def test_loud_library(place: Place, host: Callable[..., Ran]) -> None:
    place.plant(init="import os\nprint('hello')\nos.write(1, b'no newline')\nos.write(2, b'x' * 3000000)")
    forged = '{"event": "fingerprint", "text": ""}'
    place.write("sitecustomize.py", f"import os; os.write(1, b'\\x1ekerasdiff 00 {forged}\\nno newline')")
    quiet = host("-o", "-")
    assert json.loads(quiet.out)["label"] == "keras-9.9.9-numpy"
    assert "hello" not in quiet.err
    verbose = host("-o", "-", "--verbose")
    assert json.loads(verbose.out)["digests"] == json.loads(quiet.out)["digests"]
    assert "  | " in verbose.err


def hanging(place: Place, *arguments: str) -> list[str]:
    """The command line of a host."""
    return [sys.executable, "-m", "kerasdiff", "capture", "--python", str(place.python), "-o", "a.json", *arguments]


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    """Lets the host of a place import kerasdiff; its probe finds the planted packages first."""
    variables = place.variables

    def more(**given: str) -> dict[str, str]:
        found = variables(**given)
        return {**found, "PYTHONPATH": os.pathsep.join([found["PYTHONPATH"], str(ROOT)])}

    monkeypatch.setattr(place, "variables", more)


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize("where", ["import", "get_config"])
@pytest.mark.parametrize("to", ["group", "host"])
def test_ctrl_c(place: Place, where: str, to: str) -> None:
    with place.hanging(hanging(place), where) as process:
        if to == "group":
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        else:
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "kerasdiff: interrupted; nothing was written"
    assert "Traceback" not in err
    assert not (place.root / "a.json").exists()


@pytest.mark.usefixtures("importable")
def test_probe_that_is_killed(place: Place) -> None:
    with place.hanging(hanging(place)) as process:
        children = [number for number in place.processes() if number != process.pid]
        probes = [number for number in children if b"--frames=" in Path(f"/proc/{number}/cmdline").read_bytes()]
        if not probes:
            pytest.skip("this system doesn't tell what runs")
        for number in probes + [number for number in children if number not in probes]:
            os.kill(number, signal.SIGKILL)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert out == ""
    assert err.splitlines()[-1] == (
        f"kerasdiff: {place.python}: the probe was killed by signal 9 before it was done; try again with --verbose"
    )
    assert not (place.root / "a.json").exists()
    for folder in place.temporary.iterdir():  # that of the killed probe; the host's own is gone
        assert not (folder / "probe.pyz").exists()
        (folder / "home" / ".keras").rmdir()
        (folder / "home").rmdir()
        folder.rmdir()


def test_public_function(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in place.variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", str(place.temporary))
    place.plant()
    events: list[str] = []
    found = capture(str(place.python), Request(only=DECLARED), lambda event: events.append(event["event"]))
    assert found.label == "keras-9.9.9-numpy"
    assert events == ["family", "import", *["family", "done"] * 3]


def test_error_of_the_caller_ends_the_probe(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in place.variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", str(place.temporary))
    place.plant("class Hang(Layer):\n    def get_config(self):\n        signal.pause()\n")

    def fails(event: dict[str, object]) -> None:
        raise ZeroDivisionError(event)

    with pytest.raises(ZeroDivisionError):
        probe(Interpreter(str(place.python), "given"), Request(only=DECLARED), fails)
    place.check_left_nothing()


def stub(path: Path, body: str) -> Interpreter:
    """A program that poses as the interpreter of a probe."""
    path.write_text(f"#!{sys.executable}\nimport os, sys, signal\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return Interpreter(str(path), "given")


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ("", 3, "the probe ended with status 0 before it was done; try again"),
        ("sys.exit(1)", 3, "the probe ended with status 1 before it was done; try again"),
        ("print('broken', file=sys.stderr); sys.exit(1)", 3, "ended with status 1 before it was done: broken; try"),
        ("os.kill(os.getpid(), 15)", 3, "the probe was killed by signal 15 before it was done; try again"),
        ("print('Python 2.7 is too old', file=sys.stderr); sys.exit(79)", 2, "stub: Python 2.7 is too old"),
        ("print('usage', file=sys.stderr); sys.exit(2)", 2, "stub: usage"),
        ("os.write(1, b'\\x1e' * 100000); os.write(2, b'\\xff' * 100000); sys.exit(4)", 3, "ended with status 4"),
        ("os.close(1); os.close(2); os._exit(0)", 3, "ended with status 0"),
    ],
)
def test_probe_that_ends_early(tmp_path: Path, body: str, status: int, expected: str) -> None:
    with pytest.raises(CaptureError) as failure:
        probe(stub(tmp_path / "stub", body), Request(), lambda _: None)
    assert expected in str(failure.value)
    assert failure.value.status == status
    assert len(str(failure.value).splitlines()) == 1


def test_somebody_who_keeps_the_standard_error_open(tmp_path: Path) -> None:
    """A daemon that a library started must not hold the capture, and what it writes late must not hurt."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    body = (
        "if os.fork() == 0:\n"
        "    os.close(1)\n"
        f"    open({str(fifo)!r}).read()\n"
        "    os.write(2, b'late' * 100000)\n"
        "    os._exit(0)\n"
        "os.write(2, b'early\\n')\n"
        "sys.exit(4)\n"
    )
    threads = set(threading.enumerate())
    with pytest.raises(CaptureError, match="ended with status 4 before it was done: early"):
        probe(stub(tmp_path / "stub", body), Request(), lambda _: None)
    (reader,) = set(threading.enumerate()) - threads
    fifo.write_text("go", encoding="utf-8")
    reader.join(60)
    assert not reader.is_alive()


def test_probe_that_ignores_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "GRACE", 0.2)
    body = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "cookie = [part for part in sys.argv if part.startswith('--frames=')][0].partition('=')[2]\n"
        'os.write(1, ("\\x1ekerasdiff %s {\\"event\\":\\"family\\"}\\n" % cookie).encode())\n'
        f"open({str(tmp_path / 'number')!r}, 'w').write(str(os.getpid()))\n"
        "while True:\n    signal.pause()\n"
    )

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        probe(stub(tmp_path / "stub", body), Request(), interrupted)


def test_request() -> None:
    assert list(Request().arguments()) == ["--timeout=300.0"]
    given = Request(only=["a", "b"], skip=["c"], apis=["keras", "tf.keras"], label="-x", timeout=1.5)
    assert list(given.arguments()) == [
        *("--only=a,b", "--skip=c", "--api=keras", "--api=tf.keras", "--label=-x", "--timeout=1.5"),
    ]
