"""In which order samples come: what two epochs of one pipeline say of each other."""

import hashlib
from typing import Any, Dict, List, Optional

#: Samples whose digests are kept, each by so many letters.
MOST = 256
LETTERS = 10
#: How the second epoch lies to the first.
SAME, RESHUFFLED, OTHER = "same", "reshuffled", "other samples"


def of_text(text: str) -> str:
    """A short digest."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def of_list(digests: List[str]) -> str:
    """The digest of samples in their order."""
    return of_text(" ".join(digests))


def of_set(digests: List[str]) -> str:
    """The digest of samples in whatever order."""
    return of_list(sorted(digests))


class Epoch:
    """The digests of an epoch's samples, batch by batch, and whether all of them were seen."""

    def __init__(self) -> None:
        self.batches: List[List[str]] = []
        self.is_complete = False

    @property
    def samples(self) -> List[str]:
        """All digests in their order."""
        return [digest for batch in self.batches for digest in batch]


def facts(first: Epoch, second: Optional[Epoch]) -> Dict[str, Any]:
    """The order of the first epoch, and what the second one is to it.

    ``moves`` says where samples go between the epochs: ``within batches``, with their batch (``batches``), or
    ``across batches``.
    """
    samples = first.samples
    found: Dict[str, Any] = {"digest": of_list(samples), "set": of_set(samples), "samples": samples[:MOST]}
    if second is None:
        return found
    others = second.samples
    if others == samples:
        found["second"] = SAME
    elif sorted(others) == sorted(samples):
        found.update(second=RESHUFFLED, moves=_moves(first.batches, second.batches))
    else:
        found["second"] = OTHER
    return found


def _moves(first: List[List[str]], second: List[List[str]]) -> str:
    one, other = ([tuple(sorted(batch)) for batch in batches] for batches in (first, second))
    if one == other:
        return "within batches"
    return "batches" if sorted(one) == sorted(other) else "across batches"
