"""Files: opened only where they are files, written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from costmodel.errors import CostModelError


class OutputError(CostModelError):
    """A file cannot be written where it was asked for."""


_RANDOM = 8  # characters that `tempfile` puts at the end of a name
# Flags that not every system has: wait for nothing, take over no terminal, leave line ends as they are.
_CAREFULLY = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
KINDS = {
    stat.S_IFIFO: "is a named pipe",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
    stat.S_IFDIR: "is a folder",
}


def open_file(path: Path) -> BinaryIO:
    """A file open for reading; a pipe, a device or a folder is refused at once, before anything waits for it.

    Raises:
        OSError: it is not there, cannot be read, or is no regular file; `strerror` says which.
    """
    try:
        # Without O_NONBLOCK a pipe that nobody writes to would hold the opening back for ever.
        handle = os.open(path, os.O_RDONLY | _CAREFULLY)
    except ValueError as error:  # a zero byte in the name
        raise OSError(None, str(error)) from error
    # What was opened is asked, not the path: another file may stand there by now.
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        found = KINDS.get(stat.S_IFMT(mode), "is no file")
        raise OSError(None, f"{found}, expected a file")
    return os.fdopen(handle, "rb")


def read_file(path: Path, most_bytes: int) -> bytes:
    """The content of a file of bounded size.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger; `strerror` says which.
    """
    with open_file(path) as file:
        content = file.read(most_bytes + 1)  # a file of /proc has no size of its own
    if len(content) > most_bytes:
        raise OSError(None, f"more than {most_bytes} bytes")
    return content


def write_whole(path: Path, content: bytes) -> None:
    """Writes one file; it is the old one or the new one, whatever happens.

    Raises:
        OutputError: it cannot be written.
    """
    write_all({path: content})


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Writes files, making their folders; nothing is renamed before all of them are on disk.

    Raises:
        OutputError: one of them cannot be written; the message names it.
    """
    waiting: dict[Path, Path] = {}
    path = Path()
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(None, "is a folder")
            waiting[path] = _beside(path, content)
        for path, temporary in waiting.items():
            temporary.replace(path)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise OutputError(f"{path}: cannot be written, {reason}") from error
    finally:  # an interruption too leaves nothing behind
        for temporary in waiting.values():
            temporary.unlink(missing_ok=True)


def remove_left(path: Path) -> None:
    """Removes what processes that were killed while they wrote a file left beside it; none may be writing."""
    from glob import escape  # like tempfile, below

    for each in path.parent.glob(f".{escape(path.name)}.{'?' * _RANDOM}"):
        each.unlink(missing_ok=True)


def _beside(path: Path, content: bytes) -> Path:
    import tempfile  # with it come random and hashlib; whoever only reads waits for neither

    # In the same folder, hence on the same disk: only there does renaming replace a whole file at once.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # `mkstemp` lets nobody else read; a file that is written here is as readable as any other.
        temporary.chmod(0o666 & ~_umask())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _umask() -> int:
    # The mask can be read only by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask
