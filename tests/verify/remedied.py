"""A pair of real fingerprints for the judging: an environment B, and copies of it with measured facts of A put in.

The copy stands for B captured again with remedies: what a remedy restores is A's own fact, and says which remedies had a part.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.knowledge.load import Effect
from kerasdiff.verify.judge import judge
from kerasdiff.verify.run import with_defaults
from kerasdiff.verify.trial import Trial, trials
from tests.conftest import edited, fingerprint, raw

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence

OLD = "releases/keras-2.3.1+tensorflow-1.15.5"
NEW = "releases/tensorflow-2.3.4"
API = "tf.keras"
#: What else a case says than what was measured.
ABOUT = ("revision", "input", "arguments", "remedied")


class Again:
    """B captured again. Its cases are B's until they are said to be restored."""

    def __init__(self, *subjects: str) -> None:
        self.first = compare(fingerprint(OLD), fingerprint(NEW), api_a=API, api_b=API)
        self.tried = [one for one in trials(self.first, Effect.RESULTS) if one.subject in subjects]
        self.document = raw(NEW)
        self._old = raw(OLD)["apis"][API]["symbols"]
        self.symbols = self.document["apis"][API]["symbols"]
        self.remedies: dict[str, Any] = {
            str(place): dict(one.row(self.first.b), state="value") for place, one in enumerate(self.in_force)
        }

    @property
    def in_force(self) -> list[Trial]:
        return [one for one in self.tried if one.is_in_force]

    def case(self, subject: str, case: str) -> dict[str, Any]:
        """The facts of a case, to be edited; the remedies of its subject have a part in it."""
        facts: dict[str, Any] = self.symbols[subject]["cases"][case]
        facts["remedied"] = sorted(key for key, row in self.remedies.items() if row["subject"] == subject)
        return facts

    def restore(self, subject: str, *besides: str) -> None:
        """Put the facts of A into all cases of a subject, but into these."""
        for case, facts in self._old[subject]["cases"].items():
            if case in self.symbols[subject]["cases"]:
                now = self.case(subject, case)
                if case not in besides and facts.get("revision") == now.get("revision"):
                    for key in [key for key in now if key not in ABOUT]:
                        del now[key]
                    now.update(copy.deepcopy({key: fact for key, fact in facts.items() if key not in ABOUT}))

    def judged(self) -> Comparison:
        """The first comparison, with what this gave."""
        self.document["apis"][API]["remedies"] = self.remedies
        rows = [one.row(self.first.b) for one in self.in_force]
        again = compare(fingerprint(OLD), with_defaults(edited(self.document), rows), api_a=API, api_b=API)
        return judge(self.first, self.tried, again, Effect.RESULTS)


def verdict(comparison: Comparison, identifier: str) -> dict[str, Any]:
    """What trying the remedy of a divergence gave."""
    found = of(comparison, identifier).verified
    assert found is not None
    return found


def of(comparison: Comparison, identifier: str) -> Divergence:
    """The divergence with this id."""
    return next(one for one in comparison.divergences if one.id == identifier)
