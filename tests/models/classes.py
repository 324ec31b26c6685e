"""The classes that releases of Keras have, by kind: ``python -m tests.models.classes`` writes them for the package."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import kerasdiff
from kerasdiff.fingerprint.load import load
from kerasdiff.knowledge.loading import is_one

FILE = Path(kerasdiff.__file__).parent / "models" / "classes.json"
RELEASES = Path(kerasdiff.__file__).parent / "releases"
#: The names of every kind, with their modules.
KINDS = {
    "layers": ["layers.*", "models.*", "engine.*", "legacy.*"],
    "optimizers": ["optimizers.*", "optimizer_v1.*", "optimizer_v2.*", "mixed_precision.*LossScaleOptimizer*"],
}


def found() -> dict[str, list[str]]:
    """The names of public classes in all shipped fingerprints."""
    known: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for file in sorted(RELEASES.glob("*.json.gz")):
        for api in load(file).apis.values():
            for symbol, facts in api.symbols.items():
                for name in (symbol, *facts.aliases) if facts.kind == "class" else ():
                    for kind, patterns in KINDS.items():
                        if is_one(name, patterns):
                            known[kind].add(name.rpartition(".")[2])
    return {kind: sorted(classes) for kind, classes in known.items()}


if __name__ == "__main__":
    FILE.write_text(json.dumps(found(), indent=0) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FILE}: {', '.join(f'{len(names)} {kind}' for kind, names in found().items())}\n")
