"""A capture that is ended from outside leaves no file, no process and no folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.probe.place import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.probe.place import Place

INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


@pytest.fixture(autouse=True)
def _hang_up_ends() -> Iterator[None]:
    """Under ``nohup`` the tests would hand on that SIGHUP is ignored, and the probe would obey."""
    before = signal.signal(HUP, signal.SIG_DFL)
    yield
    signal.signal(HUP, before)


@pytest.mark.parametrize("where", ["import", "get_config"])
@pytest.mark.parametrize(
    "signals",
    [[INT], [TERM], [HUP], [INT, INT], [INT, TERM], [TERM, INT]],
    ids=lambda signals: "-".join(one.name for one in signals),
)
def test_signal_ends_the_probe(place: Place, where: str, signals: list[signal.Signals]) -> None:
    target = place.root / "out.json"
    with place.hanging(place.command("-o", str(target)), where) as process:
        for one in signals:
            process.send_signal(one)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "kerasdiff probe: interrupted, nothing was written"
    assert "Traceback" not in err
    assert not target.exists()
    place.check_left_nothing()


def test_second_signal_does_not_disturb_the_cleaning_up(place: Place) -> None:
    # As when a terminal tells the probe and the host, and the host then tells the probe: in the middle of this removal.
    fill = "[open(os.path.join(os.path.expanduser('~'), str(n)), 'w').close() for n in range(5000)]"
    with place.hanging(place.command(), first=fill) as process:
        process.send_signal(INT)
        place.await_end_of_child(process.pid)
        process.send_signal(TERM)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_ctrl_c_of_a_terminal(place: Place) -> None:
    with place.hanging(place.command()) as process:
        os.killpg(process.pid, INT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (130, "")
    assert err.endswith("interrupted, nothing was written\n")


def test_interruption_is_a_frame_for_the_host(place: Place) -> None:
    with place.hanging(place.command("--frames", "c00c1e")) as process:
        process.send_signal(TERM)
        out, _ = process.communicate(timeout=PATIENCE)
    last = out.split("\n")[-2]  # str.splitlines also splits at the mark
    assert process.returncode == 130
    assert json.loads(last.removeprefix("\x1ekerasdiff c00c1e ")) == {
        "event": "refused",
        "message": "interrupted, nothing was written",
    }


def test_signals_ignored_from_the_start_stay_so(place: Place) -> None:
    # As nohup does, and a shell for what it runs in the background.
    command = ["/bin/sh", "-c", 'trap "" HUP INT; exec "$@"', "sh", *place.command()]
    with place.hanging(command) as process:
        status = Path(f"/proc/{process.pid}/status")
        if not status.exists():
            pytest.skip("this system doesn't tell which signals a process ignores")
        ignored = int(re.search(r"^SigIgn:\s*(\w+)", status.read_text(encoding="ascii"), re.MULTILINE)[1], 16)  # type: ignore[index]
        assert [bool(ignored >> (one - 1) & 1) for one in (HUP, INT, TERM)] == [True, True, False]
        process.send_signal(TERM)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130


def test_child_of_a_probe_that_was_killed_ends_at_its_next_word(place: Place) -> None:
    release = place.root / "release"
    os.mkfifo(release)
    descriptor = os.open(release, os.O_RDWR)
    target = place.root / "out.json"
    until = "os.read(os.open('release', os.O_RDONLY), 1)"
    with place.hanging(place.command("-o", str(target)), until=until) as process:
        process.kill()
        process.wait(PATIENCE)
        os.write(descriptor, b"x")
        assert place.survivors() == []
    os.close(descriptor)
    assert process.returncode == -signal.SIGKILL
    assert not target.exists()
    for folder in place.temporary.iterdir():  # nobody is left to remove it
        assert folder.name.startswith("kerasdiff-")
        shutil.rmtree(folder)
