"""Opens a study for reading, and says so where its format is an older one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from commands.printing import tell

if TYPE_CHECKING:  # what reads studies loads numpy, and `--help` must not wait for it
    from search.study.study import Study


@contextmanager
def study_of(path: Path) -> Iterator[Study]:
    """Opens a study for reading; a line on standard error says so where no search can go on in it.

    Raises:
        StudyError: there is none, or it is damaged or of a format that cannot be read.
    """
    from search.study.store import FORMAT
    from search.study.study import read_study

    with read_study(path) as study:
        if study.format != FORMAT:
            tell(
                f"note: {path} is a study of format {study.format}, which is only read; "
                f"searches write format {FORMAT}"
            )
        yield study
