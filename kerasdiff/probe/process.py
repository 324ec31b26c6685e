"""One child process: started, read, watched, and ended when it hangs or eats the machine's memory."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import IO, Any, Dict, Iterator, List, Optional

from .frames import LOST, parse

#: Bytes of a child's own output that are kept for diagnosis.
MAX_CHATTER = 64 * 1024
#: Share of the memory that was free at the start which a child may use.
MEMORY_SHARE = 0.8
#: Seconds between two looks at a silent child.
PULSE = 0.1


class Death(Exception):
    """The child is gone before its end: ``state`` is ``crashed`` or ``timeout``, the message says how."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


class Process:
    """A child process with the task it is given on its standard input."""

    def __init__(self, command: List[str], cookie: str, task: Dict[str, Any]) -> None:
        self._cookie = cookie
        self._lines: "queue.Queue[Optional[bytes]]" = queue.Queue()
        self._chatter = bytearray()
        self._limit = available_memory()
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=os.name == "posix",  # a group of its own: what it starts ends with it
        )
        stdin = self._child.stdin
        assert stdin is not None
        self._threads = [
            threading.Thread(target=self._read, args=(self._child.stdout, True), daemon=True),
            threading.Thread(target=self._read, args=(self._child.stderr, False), daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        try:
            for step in (lambda: stdin.write(json.dumps(task).encode("ascii")), stdin.close):
                try:
                    step()
                except BrokenPipeError:  # it died at once; reading tells how
                    pass
        except BaseException:  # Ctrl-C, before anybody else can end it
            self.end()
            raise

    def _read(self, stream: "IO[bytes]", frames: bool) -> None:
        for line in iter(lambda: stream.readline(1 << 26), b""):
            if frames and line.startswith(b"\x1e"):
                self._lines.put(line)
            elif len(self._chatter) < MAX_CHATTER:
                self._chatter.extend(line[:MAX_CHATTER])
        if frames:
            self._lines.put(None)

    @property
    def chatter(self) -> str:
        """What the framework itself printed."""
        return bytes(self._chatter).decode("utf-8", "replace").strip()

    def frames(self, deadline: "Deadline") -> Iterator[Dict[str, Any]]:
        """The child's frames as they come.

        Raises `Death` when it dies, stays silent beyond ``deadline``, or grows beyond its share of the memory.
        """
        while True:
            try:
                line = self._lines.get(timeout=PULSE)
            except queue.Empty:
                self._watch(deadline)
                continue
            if line is None:
                raise Death("crashed", self._how_it_ended())
            frame = parse(line, self._cookie)
            if frame is not None:
                yield frame
                if frame.get("end"):
                    return

    def _watch(self, deadline: "Deadline") -> None:
        if self._child.poll() is not None:
            self._kill()  # what it has forked may hold the pipe, and only the pipe's end tells that all is read
        late = deadline.passed()
        if late:
            raise Death("timeout", late)
        used = resident_memory(self._child.pid)
        if used is not None and self._limit is not None and used > self._limit:
            raise Death("crashed", "used %d MB of memory, more than this machine has to spare" % (used >> 20))

    def _how_it_ended(self) -> str:
        status = self._child.wait()
        if status == LOST:
            return "it left the device unusable; the rest goes on in a new process"
        if status >= 0:
            return "the process ended with status %d" % status
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = "signal %d" % -status
        return "killed by %s%s" % (name, ", perhaps out of memory" if name == "SIGKILL" else "")

    def end(self) -> None:
        """Make sure that the child and what it started are gone."""
        self._kill()
        self._child.wait()
        for thread, stream in zip(self._threads, (self._child.stdout, self._child.stderr)):
            thread.join(timeout=1)
            if stream is not None and not thread.is_alive():
                stream.close()

    def _kill(self) -> None:
        if os.name == "posix":
            try:
                os.killpg(self._child.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        elif self._child.poll() is None:
            self._child.kill()


class Deadline:
    """The time limits of a family, and of one item in it: a share of the family's.

    Measured cases take up to 3 s here (JAX compiles each); a few that hang mustn't use up the time of their family.
    """

    SHARE = 0.1

    def __init__(self, seconds: float, share: float = SHARE) -> None:
        self._seconds = seconds
        self._share = share
        self._family = self._item = self._started = time.monotonic()
        self.family = "import"

    def start(self, family: str, spent: float) -> None:
        """A family begins, on which earlier processes have spent ``spent`` seconds."""
        self.family = family
        self._item = self._started = time.monotonic()
        self._family = self._started - spent

    def item(self) -> None:
        """An item of the family begins."""
        self._item = time.monotonic()

    @property
    def seconds(self) -> float:
        """What the family has taken in this process."""
        return time.monotonic() - self._started

    @property
    def family_passed(self) -> bool:
        """Whether the family has used up its time."""
        return time.monotonic() - self._family > self._seconds

    def passed(self) -> str:
        """What took too long; empty while nothing has."""
        if self.family_passed:
            return "the family %s took longer than %g s" % (self.family, self._seconds)
        if self.family != "import" and time.monotonic() - self._item > self._seconds * self._share:
            return "took longer than %g s" % round(self._seconds * self._share, 1)
        return ""


class Limit(Deadline):
    """That of a whole process, whatever it is at."""

    #: Seconds that it has to write where it is.
    GRACE = 1.0

    @property
    def end(self) -> float:
        """When the time is over, as `time.time` tells it."""
        return time.time() + self._seconds - self.seconds

    def passed(self) -> str:
        """What took too long; empty while nothing has."""
        return "took longer than %g s" % self._seconds if self.seconds > self._seconds + self.GRACE else ""


def _proc(path: str) -> Optional[str]:
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return stream.read(1 << 14)
    except OSError:
        return None


def available_memory() -> Optional[int]:
    """Bytes a child may use; None where the system doesn't say."""
    for line in (_proc("/proc/meminfo") or "").splitlines():
        if line.startswith("MemAvailable:"):
            return int(int(line.split()[1]) * 1024 * MEMORY_SHARE)
    return None


def resident_memory(process: int) -> Optional[int]:
    """Bytes of memory that a process holds; None where the system doesn't say."""
    text = _proc("/proc/%d/statm" % process)
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") if text else None


def command(program: str, *arguments: str) -> List[str]:
    """The command that runs ``program`` with this interpreter: same switches, and no bytecode written."""
    switches = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does
    return [sys.executable, "-B"] + [switch for switch in switches if switch != "-B"] + [program] + list(arguments)
