"""Files written all or nothing."""

import gzip
import io
import os
import stat
import tempfile


def write(path: str, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically, with the permissions that the user's mask gives, or those of the file replaced.

    Raises `OSError`; then what was there is as it was.
    """
    if os.path.isdir(path):
        raise IsADirectoryError(21, "is a folder", path)
    if os.path.exists(path) and not os.path.isfile(path):  # /dev/stdout and the like
        with open(path, "wb") as stream:
            stream.write(data)
        return
    path = os.path.realpath(path)  # a link stays one: /dev/stdout may lead to a file
    descriptor, part = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".kerasdiff-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(part, _mode(path))
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def packed(data: bytes) -> bytes:
    """``data`` packed by gzip: the same bytes each time."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as stream:
        stream.write(data)
    return target.getvalue()


def _mode(path: str) -> int:
    if os.path.exists(path):
        return stat.S_IMODE(os.stat(path).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
