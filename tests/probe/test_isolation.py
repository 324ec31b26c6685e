"""What a library does to its process costs what did it, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.fingerprint.load import parse
from kerasdiff.probe import process
from kerasdiff.probe.process import Deadline, Death, Process
from kerasdiff.probe.supervisor import ApiRun, Options
from tests.probe.place import PATIENCE, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.probe.place import Outcome

# The bodies of get_config, and what is recorded of each.
CRASHES = {
    "Segfault": ("os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV"),
    "Abort": ("os.abort()", "killed by SIGABRT"),
    "Killed": ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL, perhaps out of memory"),
    "Exit": ("sys.exit(7)", "the process ended with status 7"),
    "HardExit": ("os._exit(0)", "the process ended with status 0"),
    "Descriptors": ("os.closerange(3, 256)", "the process ended with status 1"),
    "Interrupt": ("raise KeyboardInterrupt", "killed by SIGINT"),
    "Fork": (
        """
        if os.fork() == 0:
            signal.pause()
        os.abort()""",
        "killed by SIGABRT",
    ),
    "Grandchild": (
        """
        subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        os.abort()""",
        "killed by SIGABRT",
    ),
}
ERRORS = {
    "Raises": ('raise RuntimeError("no")', {"state": "error", "type": "RuntimeError", "message": "no"}),
    "NeedsMore": ('raise ImportError("no h5py")', {"state": "unsupported", "type": "ImportError", "message": "no h5py"}),
    "Abstract": ("raise NotImplementedError", {"state": "unsupported", "type": "NotImplementedError", "message": ""}),
    "Deep": ("return self.get_config()", {"state": "error", "type": "RecursionError"}),
    "Unspeakable": ("raise Unspeakable", {"state": "error", "type": "UnspeakableError"}),
}
HARMLESS = {
    "Thread": "threading.Thread(target=threading.Event().wait).start()",
    "Daemon": 'subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])',
    "Handler": "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "Asks": "sys.stdin.read()",
    "Directory": 'os.chdir("/")',
}
# A core dump of an intended crash helps nobody.
NO_CORE = "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))"


def classes(bodies: dict[str, str]) -> str:
    """Layers whose configuration is made by these statements."""
    text = "class UnspeakableError(Exception):\n    def __str__(self):\n        raise RuntimeError('unspeakable')\n"
    for name, body in bodies.items():
        lines = "\n        ".join(line.strip() if line == body else line.removeprefix("        ") for line in body.splitlines())
        text += f"class {name}Layer(Layer):\n    def get_config(self):\n        {lines}\n        return dict(name='{name}')\n"
    return text.replace("raise Unspeakable\n", "raise UnspeakableError\n")


@pytest.fixture(scope="module")
def havoc(tmp_path_factory: pytest.TempPathFactory, pyz: Path, bare: Path) -> Iterator[Outcome]:
    """One capture of a library with every fault that ends quickly."""
    place = Place(tmp_path_factory.mktemp("havoc") / "place", pyz, bare)
    bodies = {name: body for name, (body, _) in {**CRASHES, **ERRORS}.items()}
    place.plant(classes({**bodies, **HARMLESS}), init=NO_CORE)
    yield place.captured()
    place.check_left_nothing()


@pytest.mark.parametrize("name", CRASHES)
def test_crash_loses_the_one_that_crashed(havoc: Outcome, name: str) -> None:
    facts = havoc.symbol(f"layers.{name}Layer")
    assert facts["instance"] == {"state": "crashed", "message": CRASHES[name][1]}
    assert "config" not in facts
    assert facts["parameters"] == [{"name": "name", "default": None}]  # read before the crash


@pytest.mark.parametrize("name", ERRORS)
def test_error_is_a_fact(havoc: Outcome, name: str) -> None:
    facts = havoc.symbol(f"layers.{name}Layer")
    assert facts["instance"].items() >= ERRORS[name][1].items()
    assert "config" not in facts


@pytest.mark.parametrize("name", HARMLESS)
def test_what_harms_nothing_is_captured(havoc: Outcome, name: str) -> None:
    assert havoc.config(f"layers.{name}Layer") == {"name": name}


def test_others_are_there(havoc: Outcome) -> None:
    assert havoc.config("layers.Dense") == {"units": 4}
    assert havoc.config("layers.Layer") == {"name": None}
    assert havoc.symbol("layers.relu")["kind"] == "function"
    assert havoc.keras["settings"]["floatx"] == {"value": "float32", "source": "default"}


def test_loss_is_told(havoc: Outcome) -> None:
    families = havoc.fingerprint["captured"]["families"]
    assert families["symbols"]["state"] == "partial"
    assert families["symbols"]["apis"]["keras"]["state"] == "partial"
    assert {families[name]["state"] for name in ("runtime", "settings", "packages", "environment")} == {"ok"}
    for name, (_, message) in CRASHES.items():
        assert f"kerasdiff probe: keras: instances/layers.{name}Layer crashed: {message}\n" in havoc.err


def test_document_is_readable(havoc: Outcome) -> None:
    assert parse(havoc.out, "havoc").family_state("symbols", "keras") == "partial"


def test_what_crashed_once_is_not_tried_again(havoc: Outcome) -> None:
    assert "again/" not in havoc.err


def test_hang_loses_the_one_that_hangs(place: Place) -> None:
    place.plant(classes({"Hang": "signal.pause()", "Lock": "lock = threading.Lock(); lock.acquire(); lock.acquire()"}))
    outcome = place.captured("--timeout", "15")
    for name in ("Hang", "Lock"):
        assert outcome.symbol(f"layers.{name}Layer")["instance"] == {"state": "timeout", "message": "took longer than 1.5 s"}
        assert f"layers.{name}Layer timeout: took longer than 1.5 s" in outcome.err
    assert outcome.config("layers.Dense") == {"units": 4}
    assert outcome.fingerprint["captured"]["families"]["symbols"]["state"] == "partial"


def test_family_that_takes_too_long_is_left(place: Place) -> None:
    place.plant(classes(dict.fromkeys("ABCDEFGHIJKLMN", "signal.pause()")))
    outcome = place.captured("--timeout", "3")
    run = outcome.fingerprint["captured"]["families"]["symbols"]["apis"]["keras"]
    assert run["state"] == "timeout"
    assert run["message"] == "the family symbols took longer than 3 s"
    assert "parameters" in outcome.symbol("layers.NLayer")  # read before
    assert parse(outcome.out, "planted").family_state("symbols", "keras") == "timeout"
    assert outcome.fingerprint["captured"]["families"]["settings"]["state"] == "ok"


@pytest.mark.parametrize("fault", ["os.abort()", "raise Unspeakable", "sys.exit()"])
def test_crash_in_a_description_leaves_a_readable_document(place: Place, fault: str) -> None:
    # A default is an object of the library, and encoding it runs the library's code.
    place.plant(classes({"Default": fault}) + "def takes(x, y=DefaultLayer()):\n    pass\n", init=NO_CORE)
    outcome = place.captured()
    assert outcome.config("layers.Dense") == {"units": 4}
    fingerprint = parse(outcome.out, "planted")
    if "raise" in fault:
        assert outcome.symbol("layers.takes")["parameters"][1]["default"] == {"object": "keras.layers.DefaultLayer"}
    else:
        assert fingerprint.apis["keras"].symbols["layers.takes"].kind == "unknown"
        assert fingerprint.apis["keras"].symbols["layers.takes"].state == "crashed"
        assert fingerprint.family_state("symbols", "keras") == "partial"


def test_crash_in_a_setting_is_the_loss_of_settings(place: Place) -> None:
    place.plant(init=NO_CORE, backend="def epsilon():\n    os.abort()\nimport os")
    outcome = place.captured()
    families = outcome.fingerprint["captured"]["families"]
    assert outcome.keras["settings"]["epsilon"]["state"] == "crashed"
    assert outcome.keras["settings"]["floatx"]["value"] == "float32"
    assert families["settings"]["state"] == "partial"
    assert families["symbols"]["state"] == "ok"
    assert parse(outcome.out, "planted").family_state("settings", "keras") == "partial"


@pytest.mark.parametrize(("fault", "state"), [("os.abort()", "crashed"), ("signal.pause()", "timeout")])
def test_fault_of_a_device_list_loses_the_devices(place: Place, fault: str, state: str) -> None:
    # As a driver does that is broken or that waits for a busy GPU.
    place.plant(init=f"{NO_CORE}\nimport torch")
    place.write(
        "torch.py",
        f"""
        import os, signal
        __version__ = "9.8.7"
        class cuda:
            @staticmethod
            def is_available():
                {fault}
        class backends:
            class cpu:
                get_cpu_capability = staticmethod(lambda: "AVX2")
        """,
    )
    outcome = place.captured("--timeout", "20")
    assert outcome.config("layers.Dense") == {"units": 4}
    assert outcome.fingerprint["captured"]["families"]["runtime"]["state"] == state
    assert f"keras: runtime {state}" in outcome.err
    assert outcome.fingerprint["runtime"]["libraries"] == {}
    assert parse(outcome.out, "planted").family_state("runtime", "keras") == state


def test_crash_of_a_walk_loses_the_family(place: Place) -> None:
    place.plant(init=NO_CORE)
    place.write("keras/lazy.py", "import os\nos.abort()\n")
    outcome = place.captured()
    run = outcome.fingerprint["captured"]["families"]["symbols"]
    assert run["state"] == "crashed"
    assert run["apis"]["keras"]["message"] == "killed by SIGABRT"
    assert outcome.keras["symbols"] == {}
    assert outcome.keras["settings"]["floatx"]["value"] == "float32"
    assert parse(outcome.out, "planted").family_state("symbols", "keras") == "crashed"


def test_gives_up_on_what_crashes_all_the_time(place: Place) -> None:
    place.plant(classes({f"C{number:02}": "os.abort()" for number in range(30)}), init=NO_CORE)
    outcome = place.captured()
    run = outcome.fingerprint["captured"]["families"]["symbols"]["apis"]["keras"]
    assert run["state"] == "crashed"
    assert run["message"] == "given up after 25 crashes"
    assert outcome.symbol("layers.C24Layer")["instance"]["state"] == "crashed"
    assert "instance" not in outcome.symbol("layers.C25Layer")


def test_second_api_does_not_refer_to_what_the_first_has_lost(place: Place) -> None:
    # A dozen defaults, each of which costs the time of an item, and the family is over before the methods are described.
    layers = classes({"Default": "'tensorflow' in sys.modules and signal.pause()"})
    layers += "".join(f"def takes{number}(x=DefaultLayer()):\n    pass\n" for number in range(12))
    place.plant(layers)
    place.plant_tensorflow()
    outcome = place.captured("--timeout", "3")
    assert set(outcome.fingerprint["apis"]) == {"keras", "tf.keras"}
    fingerprint = parse(outcome.out, "planted")
    assert fingerprint.family_state("symbols", "tf.keras") == "timeout"
    assert fingerprint.family_state("symbols", "keras") == "ok"
    assert fingerprint.apis["keras"].symbols["layers.Layer"].same_as == "tf.keras:layers.Layer"
    assert fingerprint.apis["keras"].symbols["layers.Layer.get_config"].same_as is None
    assert "layers.Layer" in fingerprint.apis["tf.keras"].symbols
    assert "layers.Layer.get_config" not in fingerprint.apis["tf.keras"].symbols


def test_second_api_refers_to_the_first(place: Place) -> None:
    place.plant()
    place.plant_tensorflow()
    outcome = place.captured()
    fingerprint = parse(outcome.out, "planted")
    assert fingerprint.apis["tf.keras"].symbols["layers.Dense"].same_as is None
    assert fingerprint.apis["keras"].symbols["layers.Dense"].same_as == "tf.keras:layers.Dense"
    assert fingerprint.apis["keras"].symbols["layers.Layer.get_config"].same_as == "tf.keras:layers.Layer.get_config"


def test_import_that_fails_is_told_of_that_api_only(place: Place) -> None:
    place.plant(init="raise RuntimeError('not on this machine')")
    place.plant(name="tf_keras")
    place.write("tf_keras/layers.py", "class Layer(object):\n    def get_config(self):\n        return {}\n")
    outcome = place.captured()
    apis = outcome.fingerprint["apis"]
    assert apis["keras"] == {"state": "error", "type": "RuntimeError", "message": "not on this machine"}
    assert "layers.Layer" in apis["tf_keras"]["symbols"]
    runs = outcome.fingerprint["captured"]["families"]
    assert runs["symbols"]["state"] == "partial"
    assert runs["symbols"]["apis"]["keras"]["state"] == "not run"
    assert runs["symbols"]["apis"]["tf_keras"]["state"] == "ok"
    assert "crash" not in outcome.err
    assert "kerasdiff probe: keras can't be captured: RuntimeError: not on this machine\n" in outcome.err
    assert outcome.fingerprint["label"] == "tf_keras-9.9.9-numpy"
    assert parse(outcome.out, "planted").family_state("symbols", "keras") == "not run"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("import os; os.abort()", "crashed: killed by SIGABRT"),
        ("import signal; signal.pause()", "timeout: the family import took longer than 3 s"),
        ("raise ValueError('numpy is too new')", "ValueError: numpy is too new"),
        ("import missing_package", "ModuleNotFoundError: No module named 'missing_package'"),
        ("import sys; sys.exit(5)", "crashed: the process ended with status 5"),
        ("this is no Python", "SyntaxError: "),
    ],
)
def test_no_api_that_can_be_imported(place: Place, fault: str, reason: str) -> None:
    place.plant(init=f"{NO_CORE}\n{fault}")
    target = place.root / "out.json"
    outcome = place.probe("-o", str(target), "--timeout", "3")
    assert outcome.status == 3
    assert outcome.out == b""
    assert not target.exists()
    assert f"kerasdiff probe: keras can't be captured: {reason}" in outcome.err
    assert "given up" not in outcome.err


def test_no_keras_at_all(place: Place) -> None:
    outcome = place.probe()
    assert outcome.status == 2
    assert outcome.out == b""
    assert outcome.err == "kerasdiff probe: no Keras here: neither keras, tensorflow nor tf_keras can be imported\n"


def test_folder_of_that_name_is_no_keras(place: Place) -> None:
    (place.packages / "keras").mkdir()
    assert place.probe().status == 2


def test_api_asked_for_is_not_there(place: Place) -> None:
    place.plant()
    outcome = place.probe("--api", "tf_keras")
    assert outcome.status == 2
    assert outcome.err == "kerasdiff probe: no tf_keras here: it has keras\n"


def child(place: Place, script: str) -> list[str]:
    """A command that runs ``script`` in place of the probe's child; ``send`` sends a frame."""
    head = (
        "import json, os, signal, sys, time; given = sys.stdin.read()\n"
        "def send(**frame):\n"
        "    os.write(1, ('\\n\\x1ekerasdiff c00c1e %s\\n' % json.dumps(frame)).encode())\n"
    )
    return [sys.executable, "-c", head + script]


def run_api(place: Place, monkeypatch: pytest.MonkeyPatch, scripts: list[str], families: list[str] | None = None) -> ApiRun:
    """One API whose processes are these scripts, one after the other."""
    monkeypatch.setattr("tempfile.tempdir", str(place.temporary))
    monkeypatch.setattr(os, "urandom", lambda _: bytes.fromhex("c00c1e"))
    monkeypatch.setenv("KERASDIFF_TEST_PLACE", str(place.root))
    run = ApiRun("keras", families or list(FAMILIES), Options("", [], None, None, PATIENCE, "0"), lambda _: None)
    left = iter(scripts)
    run.complete(lambda _: child(place, next(left)), {})
    return run


FAMILIES = ["runtime", "settings", "symbols"]
IMPORTED = 'send(start="import", family="import"); send(fact="import", value={"state": "value"}, seconds=0.1)\n'
ENDS = "".join(f"send(start='{name}', family='{name}'); send(family='{name}', seconds=0.1)\n" for name in FAMILIES)


def test_death_between_two_facts_takes_back_none(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    dies = (
        'send(start="settings", family="settings"); send(start="settings/x"); send(fact="settings/x", value={"value": 1})\n'
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = run_api(place, monkeypatch, [IMPORTED + dies, IMPORTED + ENDS + "send(end=True)"])
    assert run.facts["settings"] == {"x": {"value": 1}}
    assert run.families["symbols"]["state"] == "ok"


def test_crash_of_a_measured_case_is_the_loss_of_its_family(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    symbols = "send(start='symbols', family='symbols'); send(fact='symbols/layers.A', value={'kind': 'class'})\n"
    symbols += "send(family='symbols', seconds=0.1)\n"
    layers = "send(start='layers', family='layers'); send(start='cases/layers.A/default@2d'); os._exit(1)"
    left = "import json\ntask = json.loads(given)\nassert 'again-cases/layers.A/default@2d' in task['done']\n"
    scripts = [IMPORTED + symbols + layers, left + IMPORTED + "send(family='layers', seconds=0.1); send(end=True)"]
    run = run_api(place, monkeypatch, scripts, families=["symbols", "layers"])
    crashed = {"state": "crashed", "message": "the process ended with status 1"}
    assert run.facts["symbols"]["layers.A"] == {"kind": "class", "cases": {"default@2d": crashed}}
    assert run.families["symbols"]["state"] == "ok"
    assert run.families["layers"]["state"] == "partial"


def test_crash_of_the_second_run_only(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    case = "send(fact='cases/layers.A/default@2d', value={'inference': {'values': [1]}})\n"
    dies = "send(start='layers', family='layers')\n" + case + "send(start='again-cases/layers.A/default@2d'); os._exit(1)"
    ends = "send(family='layers', seconds=0.1); send(end=True)"
    run = run_api(place, monkeypatch, [IMPORTED + dies, IMPORTED + ends], families=["layers"])
    assert run.facts["symbols"]["layers.A"]["cases"]["default@2d"]["state"] == "crashed"


def test_cut_frames_are_chatter(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    script = IMPORTED + ENDS + 'os.write(1, b\'\\x1ekerasdiff c00c1e {"fact": "settings/x", "val\'); os._exit(0)'
    run = run_api(place, monkeypatch, [script])
    assert run.facts["settings"] == {}


def test_library_that_cannot_be_asked_costs_no_capture(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = 'send(fact="runtime", value={"state": "error", "type": "MemoryError", "message": ""})\n'
    run = run_api(place, monkeypatch, [IMPORTED + fails + ENDS + "send(end=True)"])
    assert run.libraries == {}


def test_folder_goes_when_a_process_cannot_be_started(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(place.temporary))
    run = ApiRun("keras", list(FAMILIES), Options("", [], None, None, 300.0, "0"), lambda _: None)

    def interrupted(_: str) -> list[str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.complete(interrupted, {})
    assert list(place.temporary.iterdir()) == []


def test_memory_beyond_the_share_is_a_crash_of_the_one_that_took_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    if process.resident_memory(os.getpid()) is None:
        pytest.skip("this system doesn't tell how much memory a process holds")
    place.plant(classes({"Hungry": "self.held = bytearray(os.urandom(1 << 20)) * 600\n        signal.pause()"}))
    for name, value in place.variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tempfile.tempdir", str(place.temporary))
    monkeypatch.setattr(process, "available_memory", lambda: 300 << 20)
    told: list[dict[str, Any]] = []
    run = ApiRun("keras", list(FAMILIES), Options(str(place.pyz), [], None, None, PATIENCE, "0"), told.append)
    run.complete(lambda cookie: [str(place.python), "-B", str(place.pyz), "--child", cookie], {})
    symbols = run.facts["symbols"]
    assert symbols["layers.HungryLayer"]["instance"]["state"] == "crashed"
    assert "more than this machine has to spare" in symbols["layers.HungryLayer"]["instance"]["message"]
    assert symbols["layers.Dense"]["config"] == {"units": 4}
    assert run.families["symbols"]["state"] == "partial"
    assert [event["item"] for event in told if event["event"] == "death"] == ["instances/layers.HungryLayer"]


def test_memory_that_is_refused_is_an_error(place: Place) -> None:
    resource = pytest.importorskip("resource", reason="address spaces are limited on POSIX only")
    place.plant(
        classes({"Hungry": "self.held = bytearray(1 << 40)"}),
        init=f"import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 32, {resource.RLIM_INFINITY}))",
    )
    outcome = place.captured()
    assert outcome.symbol("layers.HungryLayer")["instance"] == {"state": "error", "type": "MemoryError", "message": ""}
    assert outcome.config("layers.Dense") == {"units": 4}


def test_available_memory_is_a_share_of_what_is_free() -> None:
    found = process.available_memory()
    if found is None:
        pytest.skip("this system doesn't tell its memory")
    assert 0 < found < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_memory_of_no_process_is_unknown() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as done:
        pass
    assert process.resident_memory(done.pid) in {None, 0}


def started(script: str) -> Process:
    """A process that ignores its task."""
    return Process([sys.executable, "-c", script], "c00c1e", {})


def test_child_that_cannot_take_its_task(place: Place) -> None:
    # More than a pipe holds, so that writing it fails when the reader has gone.
    child = Process([sys.executable, "-c", ""], "c00c1e", {"done": ["x" * 100] * 10000})
    with pytest.raises(Death, match="the process ended with status 0"):
        list(child.frames(Deadline(PATIENCE)))
    child.end()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL, perhaps out of memory"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGRTMIN + 3)", "killed by signal "),
        ("raise SystemExit(9)", "the process ended with status 9"),
    ],
)
def test_how_a_child_ended(script: str, message: str) -> None:
    child = started(script)
    with pytest.raises(Death, match=message) as death:
        list(child.frames(Deadline(PATIENCE)))
    assert death.value.state == "crashed"
    child.end()


def test_end_twice() -> None:
    child = started("import signal; signal.pause()")
    child.end()
    child.end()


def test_chatter_is_bounded() -> None:
    child = started("import os\nfor _ in range(100):\n    os.write(1, b'x' * 100000); os.write(2, b'y' * 5000 + b'\\n')")
    with pytest.raises(Death):
        list(child.frames(Deadline(PATIENCE)))
    child.end()
    assert 0 < len(child.chatter) <= 3 * process.MAX_CHATTER


def test_deadline() -> None:
    long, short = Deadline(1e9), Deadline(-1)
    for deadline in (long, short):
        assert deadline.family == "import"
        deadline.start("symbols", 0.0)
        deadline.item()
    assert not long.passed()
    assert not long.family_passed
    assert short.passed() == "the family symbols took longer than -1 s"
    long.start("symbols", 2e9)  # earlier processes have spent it
    assert long.passed() == "the family symbols took longer than 1e+09 s"


def test_tensorflow_without_keras_is_no_api(place: Place) -> None:
    """As TensorFlow before 1.4."""
    place.plant()
    place.plant(name="tensorflow")
    outcome = place.captured()
    assert set(outcome.fingerprint["apis"]) == {"keras"}
    assert {run["state"] for run in outcome.fingerprint["captured"]["families"].values()} == {"ok", "not run"}
