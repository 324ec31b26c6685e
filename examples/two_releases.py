"""From nothing to the comparison of two real releases.

Makes two virtual environments beside each other, installs another Keras in each, captures both and compares them:

    python examples/two_releases.py [FOLDER]

FOLDER (default: ./two-releases) keeps the environments, about 3 GB; what is there already is used again. The exit status is
that of the comparison: 1, since the two differ. Its output is in two_releases.txt.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: The releases, old and new, that this interpreter can install.
RELEASES = {
    (3, 10): (["tensorflow-cpu==2.10.1", "numpy<2"], ["tensorflow-cpu==2.15.1"]),
    (3, 11): (["tensorflow-cpu==2.15.1"], ["tensorflow-cpu==2.20.0", "keras==3.11.3"]),
    (3, 12): (["tensorflow-cpu==2.16.2", "keras==3.0.5"], ["tensorflow-cpu==2.20.0", "keras==3.11.3"]),
    (3, 13): (["tensorflow-cpu==2.20.0", "keras==3.11.3"], ["tensorflow-cpu==2.21.0", "keras==3.15.1"]),
}


def environment(folder: Path, requirements: list[str]) -> Path:
    """A virtual environment with ``requirements`` in it."""
    done = folder / "installed.txt"
    if not done.exists() or done.read_text(encoding="utf-8").split("\n") != requirements:
        print(f"installing {' '.join(requirements)} in {folder}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python(folder)), "-m", "pip", "install", "--quiet", *requirements], check=True)
        done.write_text("\n".join(requirements), encoding="utf-8")
    return folder


def python(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def kerasdiff(*arguments: str) -> int:
    """Run kerasdiff; its exit status."""
    return subprocess.run([sys.executable, "-m", "kerasdiff", *arguments], check=False).returncode


def main(folder: Path) -> int:
    """Install, capture, compare."""
    if sys.version_info[:2] not in RELEASES:
        print("this example knows Python", ", ".join(f"{major}.{minor}" for major, minor in RELEASES))
        return 2
    files = []
    for name, requirements in zip(("old", "new"), RELEASES[sys.version_info[:2]], strict=True):
        root = environment(folder / name, requirements)
        files.append(str(folder / f"{name}.json"))
        if kerasdiff("capture", "--force", "--python", str(python(root)), "-o", files[-1]):
            return 3
    return kerasdiff("compare", *files)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "two-releases")))
