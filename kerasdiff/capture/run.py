"""Runs the probe in an interpreter and brings back its fingerprint."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

import kerasdiff
from kerasdiff.capture.export import export
from kerasdiff.capture.interpreter import Interpreter, find
from kerasdiff.errors import ExitStatus, KerasdiffError
from kerasdiff.fingerprint.document import VALUE, Fingerprint
from kerasdiff.fingerprint.load import parse
from kerasdiff.probe import EXIT_TOO_OLD, EXIT_USAGE, frames
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Bytes kept of what is printed.
MAX_CHATTER = 1 << 16
#: Seconds between asking the probe to end and ending it.
GRACE = 5

Event = dict[str, Any]


class CaptureError(KerasdiffError):
    """The environment could not be captured."""

    status = ExitStatus.UNANSWERED

    def __init__(self, message: str, *, status: ExitStatus = ExitStatus.UNANSWERED, chatter: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.chatter = chatter
        """What the framework printed; for ``--verbose`` and for diagnosis."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to capture; ``timeout`` in seconds, for a family in an API."""

    only: list[str] = []
    skip: list[str] = []
    apis: list[str] = []
    label: str | None = None
    timeout: float = 300.0
    remedies: list[dict[str, Any]] = []
    """What is put in force there, of kerasdiff's own rules: ``api``, ``subject``, and ``arguments`` or ``code``."""
    pipeline: str | None = None
    """``package.module:function`` of the user's, importable from the folder ``path``, that gives batches."""
    variables: dict[str, str] = {}
    """Set for the captured environment besides those there are."""
    model: str | None = None
    """The user's own model: ``package.module:function``, importable from the folder ``path``, or a saved model's file."""
    path: str | None = None
    reference: str | None = None
    """An ``.npz`` with inputs for the model, and outputs to expect."""

    def arguments(self) -> Iterator[str]:
        """The probe's command line."""
        for name, values in (("--only", self.only), ("--skip", self.skip)):
            if values:
                yield f"{name}={','.join(values)}"
        for api in self.apis:
            yield f"--api={api}"
        if self.label is not None:
            yield f"--label={self.label}"
        if self.pipeline is not None:
            yield f"--pipeline={self.pipeline}"
        if self.model is not None:
            yield f"--model={self.model}"
            if self.reference is not None:
                yield f"--reference={self.reference}"
        if self.path is not None:
            yield f"--path={self.path}"
        yield f"--timeout={self.timeout}"


def capture(
    python: str | None = None, request: Request | None = None, on_event: Callable[[Event], None] | None = None
) -> Fingerprint:
    """The fingerprint of an environment: that of the interpreter ``python``, or of the one that `interpreter.find` finds.

    Raises `InterpreterError` or `CaptureError`.
    """
    text = probe(find(python), request or Request(), on_event or (lambda _: None))
    return parse(text.encode("ascii"), "the capture")


def probe(interpreter: Interpreter, request: Request, on_event: Callable[[Event], None]) -> str:
    """The text of the fingerprint that the probe makes in ``interpreter``; events are handed on as they come.

    Raises `CaptureError`.
    """
    text, chatter = _ran(interpreter, request, {"remedies": request.remedies} if request.remedies else {}, on_event)
    _check_imports(text, chatter)
    return text


def answer(interpreter: Interpreter, request: Request, task: dict[str, Any], on_event: Callable[[Event], None]) -> Any:
    """What a task on the user's model gives in ``interpreter``, as JSON; see `kerasdiff.probe.errand`.

    Raises `CaptureError`.
    """
    text, _ = _ran(interpreter, request, {"task": task}, on_event)
    return json.loads(text)


def _ran(
    interpreter: Interpreter, request: Request, files: dict[str, Any], on_event: Callable[[Event], None]
) -> tuple[str, _Chatter]:
    """What the probe answers, and what was printed. ``files``: options whose values are too long for a command line."""
    with tempfile.TemporaryDirectory(prefix="kerasdiff-") as folder:
        program = Path(folder) / "probe.pyz"
        export(program)
        cookie = secrets.token_hex(8)
        command = [
            interpreter.path,
            "-B",
            str(program),
            f"--frames={cookie}",
            f"--kerasdiff={kerasdiff.__version__}",
            *request.arguments(),
        ]
        for option, value in files.items():
            file = Path(folder) / f"{option}.json"
            file.write_text(json.dumps(value), encoding="ascii")
            command.append(f"--{option}={file}")
        with _started(command, request.variables) as process:
            chatter = _Chatter(process)
            text = refusal = ""
            assert process.stdout is not None
            for line in process.stdout:
                event = frames.parse(line, cookie)
                if event is None:
                    continue
                if event.get("event") in ("fingerprint", "answer"):
                    text = str(event["text"])
                elif event.get("event") == "refused":
                    refusal = str(event["message"])
                else:
                    chatter.add(event)
                    on_event(event)
            status = process.wait()
    if not text:
        raise _failure(interpreter, status, refusal, chatter)
    return text, chatter


class _Chatter:
    """What was printed that is no frame. Its thread owns the stream and closes it: nobody else may, while it reads."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._text = bytearray()
        assert process.stderr is not None
        self._thread = threading.Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while piece := os.read(stream.fileno(), 65536):  # to the end: a full pipe would stop the probe
                self._text.extend(piece[: max(0, MAX_CHATTER - len(self._text))])

    def add(self, event: Event) -> None:
        if event.get("event") == "chatter":
            self._text.extend(f"{event['text']}\n".encode())

    def text(self) -> str:
        self._thread.join(timeout=1)
        return bytes(self._text).decode("utf-8", "replace").strip()


@contextmanager
def _started(command: list[str], variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.poll() is None:  # an error or Ctrl-C on this side; the probe ends its own children
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _failure(interpreter: Interpreter, status: int, refusal: str, chatter: _Chatter) -> CaptureError:
    name = visible(interpreter.path, 200)
    text = chatter.text()
    last = visible(text.splitlines()[-1].removeprefix("kerasdiff probe: "), 300) if text else ""
    if status == EXIT_USAGE and refusal:
        advice = "install one there, or give --python another environment"
        return CaptureError(f"{name}: {visible(refusal, 300)}; {advice}", status=ExitStatus.USAGE, chatter=text)
    if status in (EXIT_TOO_OLD, EXIT_USAGE):
        return CaptureError(f"{name}: {last}", status=ExitStatus.USAGE, chatter=text)
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return CaptureError(
        f"{name}: the probe {how} before it was done{': ' + last if last else ''}; try again with --verbose", chatter=text
    )


def _check_imports(text: str, chatter: _Chatter) -> None:
    """At least one API must have been captured; the reason that none was is told."""
    apis = parse(text.encode("ascii"), "the capture").apis
    if any(api.state == VALUE for api in apis.values()):
        return
    name, api = min(apis.items())
    reason = f"{api.type}: {api.message}" if api.type else f"{api.state}: {api.message}"
    said = visible(reason, 400)
    message = f"import {name} fails in the captured environment: {said}; mend it there (--verbose shows what it printed)"
    raise CaptureError(message, chatter=chatter.text())
