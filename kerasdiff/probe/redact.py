"""No secret leaves the captured environment: the one redactor that every string of a fingerprint passes."""

import os
import re
import sys
from typing import Any, Dict, List, Match, Pattern, Tuple

HIDDEN = "<redacted>"

#: Longest string kept; what is cut is said. A little more than `values.MAX_TEXT`, whose cut says so itself.
MAX_LENGTH = 2100

_NAMED = (
    r"\b\w*?(?:api[_-]?key|access[_-]?key|auth(?:orization)?|credentials?|passw(?:or)?d|passphrase|private[_-]?key|pwd"
    r"|secret\w*|token)[\"']?\s*[=:]\s*[\"']?"
)

#: Each pattern keeps its groups and hides the rest. Shapes: the vendors' documented token prefixes.
_SECRETS: List[Tuple[Pattern[str], str]] = [
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,20}://)[^\s/@'\"]+@"), r"\1" + HIDDEN + "@"),
    (
        # A name may stand after another: credentials: password=…
        re.compile(r"(?i)((?:" + _NAMED + r")+(?:(?:basic|bearer|digest|token)\s+)?|\bbearer\s+)[^\s\"'&,;<>]{6,}"),
        r"\1" + HIDDEN,
    ),
    (
        re.compile(
            r"\b(?:gh[pousr]_|github_pat_|glpat-|hf_|sk-|pk-|[rs]k_(?:live|test)_|rk_|xox[abprs]-|npm_|pypi-|AKIA|ASIA|AIza|ya29\.|dop_v1_|shpat_)"
            r"[A-Za-z0-9_\-]{6,}"
        ),
        HIDDEN,
    ),
    (re.compile(r"\beyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]+){0,2}"), HIDDEN),
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|$)", re.S), HIDDEN),
]

_RUN = re.compile(r"[A-Za-z0-9]{20,}={0,2}")
_BOUNDARY = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])")
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+|\b0x[0-9a-fA-F]{8,}")
_PATH = re.compile(r"(?<![\w.~>:/])(?:[A-Za-z]:[\\/]|/)(?:[^\s'\"<>:;,()\[\]{}|*?]+[\\/])+([^\s'\"<>:;,()\[\]{}|*?\\/]*)")


def _looks_random(text: str) -> bool:
    """Whether a run of letters and digits is a key rather than a name: names change between both at most twice."""
    if len(text) >= 32 and re.match(r"^[0-9a-f]+$", text):
        return True
    return len(_BOUNDARY.findall(text)) >= 4


def _is_commit(key: str, value: Any) -> bool:
    """Whether a value is the commit that a package was built from: it looks like a key, and is none."""
    return key == "commit" and isinstance(value, str) and re.match(r"^[0-9a-f]{7,64}$", value) is not None


def _shortened(match: Match[str]) -> str:
    """A path of this machine without its folders; ``/publish/epoch/end/`` isn't one."""
    root = re.split(r"[\\/]", match.group())[1]
    return "<path>/" + match.group(1) if root and os.path.exists(os.sep + root) else match.group()


class Redactor:
    """Hides secrets, shortens paths to ``~`` or ``<prefix>``, and bounds lengths.

    ``home`` and ``prefixes`` (the environment's root and its base installation) are the paths to shorten.
    """

    def __init__(self, home: str, prefixes: List[str]) -> None:
        self._roots: List[Tuple[str, str]] = []
        for prefix in prefixes:
            self._add(prefix, "<prefix>")
        self._add(home, "~")
        self._memory: Dict[str, str] = {}

    def _add(self, path: str, name: str) -> None:
        for form in {path, os.path.realpath(path) if path else ""}:
            if len(form.strip("/\\")) > 1:
                self._roots.append((form.rstrip("/\\"), name))
        self._roots.sort(key=lambda root: -len(root[0]))

    def text(self, text: str) -> str:
        """``text`` without secrets, addresses of objects and private paths."""
        known = self._memory.get(text)
        if known is None:
            known = self._memory[text] = self._clean(text)
        return known

    def _clean(self, text: str) -> str:
        if len(text) < 6:
            return text
        for pattern, replacement in _SECRETS:
            text = pattern.sub(replacement, text)
        for root, name in self._roots:
            if root in text:
                text = re.sub(re.escape(root) + r"(?![\w.-])", name, text)
        text = _PATH.sub(_shortened, text)
        text = _ADDRESS.sub("at <address>" if " at 0x" in text else "<address>", text)
        text = _RUN.sub(lambda match: HIDDEN if _looks_random(match.group()) else match.group(), text)
        return text if len(text) <= MAX_LENGTH else "%s… (%d characters)" % (text[:MAX_LENGTH], len(text))

    def value(self, value: Any) -> Any:
        """A JSON value with every string in it redacted, the keys of objects included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): part if _is_commit(key, part) else self.value(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self.value(part) for part in value]
        return value


def redactor() -> Redactor:
    """The redactor for this process, its user and its interpreter."""
    return Redactor(os.path.expanduser("~"), [sys.prefix, sys.base_prefix, sys.exec_prefix])
