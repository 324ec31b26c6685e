"""Markers of requirements: what packaging says of them, without what the host is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.markers import Marker

from kerasdiff.compare.markers import MarkerError, holds
from kerasdiff.releases.shelf import release, releases

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUES = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "6.1.0-13-amd64",
    "platform_version": "#1 SMP",
    "implementation_name": "cpython",
    "implementation_version": "3.11.7",
    "python_version": "3.11",
    "python_full_version": "3.11.7",
    "extra": "",
}


def shipped() -> Iterator[str]:
    """The markers of all requirements that the shipped releases know."""
    for name in releases():
        for known in release(name).distributions.values():
            yield from (marker for _, _, marker in (text.partition(";") for text in known.requires) if marker)


def test_every_marker_of_the_shipped_releases_is_read_as_packaging_reads_it() -> None:
    markers = sorted(set(shipped()))
    assert len(markers) > 100
    for marker in markers:
        assert holds(marker, VALUES) == Marker(marker.strip()).evaluate(VALUES), marker


@pytest.mark.parametrize(
    "marker",
    [
        "python_version < '3.9'",
        "python_version>='3.10'",
        "'3.12' > python_version",
        "python_version ~= '3.8'",
        "python_version == '3.*'",
        "python_full_version != '3.11.7'",
        "platform_release >= '5'",
        "sys_platform == 'win32' or os_name == 'posix' and platform_machine == 'arm64'",
        "(sys_platform == 'linux' or os_name == 'nt') and platform_machine == 'arm64'",
        "sys_platform == 'win32' or (os_name == 'nt' or (python_version > '3'))",
        "'linux' in sys_platform",
        "sys_platform not in 'linux darwin'",
        "platform_version >= '#1 SMP'",
        "platform_machine < 'z'",
        "os.name == 'posix'",
        'python_implementation == "CPython"',
    ],
)
def test_it_holds_where_packaging_says_so(marker: str) -> None:
    assert holds(marker, VALUES) == Marker(marker).evaluate(VALUES)


@pytest.mark.parametrize(
    "marker",
    [
        "",
        "python_version",
        "python_version <",
        "python_version < '3' and",
        "(python_version < '3'",
        "python_version < '3')",
        "python_version < '3' '4'",
        "'3' < '4'",
        "python_version < python_full_version",
        "os_name = 'posix'",
        "os_name ~= 'posix'",
        "os_name is 'posix'",
        "os_name == 'posix",
        "( == 'posix'",
        "os_name == 'posix' xor os_name == 'nt'",
    ],
)
def test_what_is_no_marker_is_refused(marker: str) -> None:
    with pytest.raises(MarkerError):
        holds(marker, VALUES)


def test_what_the_environment_does_not_tell_is_not_taken_from_the_host() -> None:
    with pytest.raises(KeyError):
        holds("platform_release >= '0'", {"os_name": "posix"})
