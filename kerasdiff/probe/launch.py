"""Becomes ``__main__.py`` of the exported probe.

It must parse on Python 2.7: an interpreter that is too old gets one line instead of a SyntaxError. Therefore it
imports nothing before the version is known.
"""

import sys

if sys.version_info < (3, 6):
    sys.stderr.write(
        "kerasdiff probe: Python %d.%d is too old, the probe needs 3.6 or newer: run it with another interpreter\n"
        % sys.version_info[:2]
    )
    sys.exit(79)
else:
    sys.dont_write_bytecode = True  # not of the standard library either, where it has none yet

from kerasdiff_probe.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
