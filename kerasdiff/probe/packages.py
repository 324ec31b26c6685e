"""The families ``packages`` and ``distributions``: what is installed, read from the metadata on ``sys.path``.

``importlib.metadata`` came with Python 3.8; reading the files gives one answer on every Python. Formats: the PyPA
specifications of ``.dist-info``, of ``direct_url.json``, and setuptools' ``.egg-info``.
"""

import email.parser
import json
import os
import re
import sys
from typing import Any, Dict, List, Optional, Tuple

from . import data
from .names import normalized

#: Bytes read of one metadata file: a long description may follow the headers.
MAX_METADATA = 1 << 20


def facts() -> Tuple[Dict[str, str], Dict[str, Dict[str, Any]]]:
    """``packages`` (name to version) and ``distributions`` (name to what else is known)."""
    versions: Dict[str, str] = {}
    distributions: Dict[str, Dict[str, Any]] = {}
    stack = set(data.load("stack.json")["distributions"])
    for folder in sys.path:
        for entry in _entries(folder):
            name, version, details = _read(os.path.join(folder, entry))
            if name is None or name in versions:  # the first on sys.path is the one imported
                continue
            versions[name] = version
            if name in stack:
                details["stack"] = True
            else:
                details.pop("requires", None)
            if details:
                distributions[name] = details
    return versions, distributions


def _entries(folder: str) -> List[str]:
    try:
        return sorted(entry for entry in os.listdir(folder or ".") if entry.endswith((".dist-info", ".egg-info", ".egg-link")))
    except OSError:  # a zip file, or a folder that isn't there
        return []


def _text(*path: str) -> Optional[str]:
    try:
        with open(os.path.join(*path), "rb") as stream:
            return stream.read(MAX_METADATA).decode("utf-8", "replace")
    except (OSError, ValueError):  # a damaged .egg-link names no path
        return None


def _read(path: str) -> Tuple[Optional[str], str, Dict[str, Any]]:
    editable = path.endswith(".egg-link")
    if editable:
        target = (_text(path) or "").partition("\n")[0].strip()
        if not target:
            return None, "", {}
        project = os.path.basename(path)[: -len(".egg-link")]
        path = os.path.join(target, project.replace("-", "_") + ".egg-info")
    metadata = _text(path, "METADATA") or _text(path, "PKG-INFO") or _text(path)
    if metadata is None:
        return None, "", {}
    headers = email.parser.HeaderParser().parsestr(metadata)
    name = headers.get("Name")
    if not name or not headers.get("Version"):
        return None, "", {}
    details: Dict[str, Any] = {}
    installer = (_text(path, "INSTALLER") or "").strip()
    if installer:
        details["installer"] = installer[:40]
    source = {"kind": "editable"} if editable else _source(_text(path, "direct_url.json"))
    if source:
        details["source"] = source
    requires = [str(value) for value in headers.get_all("Requires-Dist") or []] or _requires_txt(_text(path, "requires.txt"))
    if requires:
        details["requires"] = sorted(requires)
    return normalized(str(name)), str(headers["Version"]), details


def _source(text: Optional[str]) -> Dict[str, str]:
    """The kind of a direct install and its commit; never the address, which may hold a password."""
    try:
        direct = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {"kind": "unknown"}
    if not isinstance(direct, dict) or not direct:
        return {}
    if isinstance(direct.get("vcs_info"), dict):
        found = {"kind": str(direct["vcs_info"].get("vcs", "vcs"))[:10]}
        commit = str(direct["vcs_info"].get("commit_id", ""))
        if re.match(r"^[0-9a-f]{7,64}$", commit):
            found["commit"] = commit
        return found
    if isinstance(direct.get("dir_info"), dict):
        return {"kind": "editable" if direct["dir_info"].get("editable") else "folder"}
    return {"kind": "archive"}


def _requires_txt(text: Optional[str]) -> List[str]:
    """Setuptools' ``requires.txt`` as requirements of PEP 508: sections carry an extra and a marker."""
    requirements, marker = [], ""
    for line in map(str.strip, (text or "").splitlines()):
        section = re.match(r"^\[([^:\]]*):?(.*)\]$", line)
        if section:
            conditions = ['extra == "%s"' % section.group(1)] if section.group(1) else []
            if section.group(2):
                conditions.append("(%s)" % section.group(2))
            marker = "; " + " and ".join(conditions)
        elif line:
            requirements.append(line + (" " if marker and "@" in line else "") + marker)  # an address ends at a space
    return requirements
