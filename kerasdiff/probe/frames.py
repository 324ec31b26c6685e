"""What processes of the probe say to each other: one JSON object a line, marked with a random cookie.

Libraries, their native code and site hooks print to file descriptor 1 as they like; a line without the cookie is theirs.
"""

import json
import os
from typing import Any, Dict, Optional

MARK = b"\x1ekerasdiff "
#: The exit status of a process that has told a fact and can tell no other.
LOST = 75


class Writer:
    """Sends frames through a private copy of file descriptor 1; from then on 1 is 2.

    To be made before anything of the captured environment is imported.
    """

    def __init__(self, cookie: str) -> None:
        self._start = MARK + cookie.encode("ascii") + b" "
        self._descriptor = os.dup(1)
        os.set_inheritable(self._descriptor, False)
        os.dup2(2, 1)

    def send(self, **frame: Any) -> None:
        """Write one frame, whole, at once: what was sent survives a crash of this process."""
        # The leading newline ends whatever a library left unfinished on the line.
        data = b"\n" + self._start + json.dumps(frame, separators=(",", ":")).encode("ascii") + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]


def parse(line: bytes, cookie: str) -> Optional[Dict[str, Any]]:
    """The frame in ``line``; None where the line is chatter."""
    start = MARK + cookie.encode("ascii") + b" "
    if not line.startswith(start):
        return None
    try:
        frame = json.loads(line[len(start) :].decode("ascii"))
    except ValueError:  # cut off by the death of the writer
        return None
    return frame if isinstance(frame, dict) else None
