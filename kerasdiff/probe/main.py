"""The probe's command line: as ``python probe.pyz > a.json``, and as the host runs it."""

import argparse
import json
import os
import signal
import sys
from typing import Any, Callable, Dict, List, Optional

from . import EXIT_FAILED, EXIT_OK, EXIT_USAGE, VERSION, canonical, child, files, process, redact
from .apis import FAMILIES
from .frames import Writer
from .source import Source
from .supervisor import NothingToCapture, Options, Supervisor


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the probe; returns its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["--child"]:
        return child.main(arguments[1])
    given = _parser().parse_args(arguments)
    only, skip = _names(given.only), _names(given.skip)
    families = [name for name in only or FAMILIES if name not in skip]
    unknown = sorted(set(only + skip) - set(FAMILIES))
    if unknown:
        sys.stderr.write("kerasdiff probe: no such family: %s; there are %s\n" % (", ".join(unknown), ", ".join(FAMILIES)))
        return EXIT_USAGE
    program = os.path.abspath(sys.argv[0])
    try:
        remedies = _rows(given.remedies)
    except (OSError, ValueError) as error:
        sys.stderr.write("kerasdiff probe: %s: no list of remedies: %s\n" % (given.remedies, error))
        return EXIT_USAGE
    options = Options(
        program,
        families,
        given.api,
        given.label,
        given.timeout,
        given.kerasdiff,
        remedies,
        Source(given.pipeline, given.path) if given.pipeline else None,
        _model(given),
    )
    output = _Frames(given.frames) if given.frames else _Plain(given.output, given.verbose)
    _catch(_interrupt)  # so that the children end with this process
    supervisor = Supervisor(options, lambda cookie: process.command(program, "--child", cookie), output.event)
    try:
        if given.task:
            return output.answer(supervisor.answer(_task(given.task)))
        return output.finish(supervisor.capture())
    except NothingToCapture as nothing:
        return output.refuse(str(nothing), EXIT_USAGE)
    except KeyboardInterrupt:
        return output.refuse("interrupted, nothing was written", 130)


def _catch(handler: Callable[[int, Any], None]) -> None:
    """Hand the signals that ask this process to end to ``handler``, but for those that were ignored from the start."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: Any) -> None:
    """End the capture; a second signal (a terminal and the host each send one) mustn't disturb the cleaning up."""
    _catch(lambda number, frame: None)
    raise KeyboardInterrupt


def _names(given: List[str]) -> List[str]:
    """The names in all that was given: said twice, an option means both."""
    return [name for text in given for name in text.split(",") if name]


def _rows(path: Optional[str]) -> List[Dict[str, Any]]:
    """The rows of a file of remedies. Raises `OSError` or `ValueError`."""
    if path is None:
        return []
    with open(path, encoding="utf-8") as stream:
        rows: List[Dict[str, Any]] = json.load(stream)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "subject" in row for row in rows):
        raise ValueError("each needs a subject")
    return rows


def _model(given: argparse.Namespace) -> Optional[Dict[str, Any]]:
    """The task that tells the facts of the user's model."""
    if not given.model:
        return None
    return {"do": "facts", "model": given.model, "path": given.path, "reference": given.reference}


def _task(path: str) -> Dict[str, Any]:
    with open(path, encoding="utf-8") as stream:
        task: Dict[str, Any] = json.load(stream)
    return task


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="probe.pyz", description="Prints the fingerprint of this interpreter's Keras environment."
    )
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument("-o", "--output", help="file to write instead of standard output")
    parser.add_argument("--only", action="append", default=[], help="families to capture, separated by commas")
    parser.add_argument("--skip", action="append", default=[], help="families to leave out")
    parser.add_argument(
        "--api", action="append", help="API to capture: keras, tf.keras, tf_keras (default: all that are there)"
    )
    parser.add_argument("--label", help="name of the environment in reports")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds a family may take in one API (default 300)")
    parser.add_argument("--pipeline", metavar="MODULE:FUNCTION", help="measure the batches that this function of yours gives")
    parser.add_argument("--remedies", metavar="FILE", help="remedies of kerasdiff's rules to put in force (kerasdiff verify)")
    parser.add_argument("--model", help="your own model: package.module:function that returns it, or a saved model's file")
    parser.add_argument("--path", default=".", help="folder from which a function of yours is imported (default: this one)")
    parser.add_argument("--reference", metavar="FILE", help=".npz with inputs x for the model, and outputs y to expect")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--verbose", action="store_true", help="show what the framework prints")
    parser.add_argument("--frames", help=argparse.SUPPRESS)
    parser.add_argument("--kerasdiff", default=VERSION, help=argparse.SUPPRESS)
    return parser


class _Frames:
    """Output for the host: every event as a frame."""

    def __init__(self, cookie: str) -> None:
        self._send = Writer(cookie).send

    def event(self, event: Dict[str, Any]) -> None:
        self._send(**event)

    def finish(self, fingerprint: Dict[str, Any]) -> int:
        self._send(event="fingerprint", text=canonical.document(fingerprint))
        return EXIT_OK

    def answer(self, facts: Dict[str, Any]) -> int:
        self._send(event="answer", text=canonical.compact(redact.redactor().value(facts)))
        return EXIT_OK

    def refuse(self, message: str, status: int) -> int:
        self._send(event="refused", message=message)
        return status


class _Plain:
    """Output for a person: the fingerprint alone on standard output, progress on standard error."""

    def __init__(self, path: Optional[str], verbose: bool) -> None:
        self._path = None if path == "-" else path
        self._verbose = verbose
        self._chatter: List[str] = []
        self._descriptor = os.dup(1)
        os.dup2(2, 1)

    def event(self, event: Dict[str, Any]) -> None:
        if event["event"] == "chatter":
            self._chatter.append(event["text"])
            if self._verbose:
                self._tell(event["text"])
        elif event["event"] == "import" and event["facts"]["state"] == "value":
            if event["facts"]["state"] == "value":
                self._tell("%s: imported in %.1f s" % (event["api"], event["seconds"]))
        elif event["event"] == "done":
            self._tell("%s: %s %s in %.1f s" % (event["api"], event["family"], event["state"], event["seconds"]))
        elif event["event"] == "death":
            self._tell("%s: %s %s: %s" % (event["api"], event["item"], event["state"], event["message"]))

    @staticmethod
    def _tell(text: str) -> None:
        sys.stderr.write("kerasdiff probe: %s\n" % text)

    def finish(self, fingerprint: Dict[str, Any]) -> int:
        text = canonical.document(fingerprint).encode("ascii")
        failed = [name for name, facts in sorted(fingerprint["apis"].items()) if "state" in facts]
        for name in failed:
            facts = fingerprint["apis"][name]
            self._tell("%s can't be captured: %s: %s" % (name, facts.get("type", facts["state"]), facts.get("message", "")))
        if len(failed) == len(fingerprint["apis"]):
            if not self._verbose:
                for chatter in self._chatter:
                    self._tell(chatter)
            return EXIT_FAILED
        try:
            self._write(text)
        except OSError as error:
            return self.refuse("can't write %s: %s" % (self._path or "standard output", error.strerror), EXIT_FAILED)
        return EXIT_OK

    def _write(self, text: bytes) -> None:
        if self._path is None:
            while text:
                text = text[os.write(self._descriptor, text) :]
            return
        files.write(self._path, files.packed(text) if self._path.endswith(".gz") else text)

    def answer(self, facts: Dict[str, Any]) -> int:
        self._write(canonical.document(redact.redactor().value(facts)).encode("ascii"))
        return EXIT_OK

    def refuse(self, message: str, status: int) -> int:
        self._tell(message)
        return status
