"""What a command answers in Python: its figures by name, as a table, and as it would be printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

MOST_LINES = 20


def cut(text: str) -> str:
    """The first lines of a text, and how many more there are."""
    lines = text.rstrip("\n").split("\n")
    if len(lines) <= MOST_LINES:
        return "\n".join(lines)
    kept = lines[: MOST_LINES - 1]
    return "\n".join([*kept, f"... and {len(lines) - len(kept)} lines more"])


@dataclass(frozen=True, repr=False)
class Answer(Mapping[str, object]):
    """The keys of a command's JSON, such as `answer["totals"]`, and its table.

    Args:
        data: what `--format json` prints.
        text: what a terminal is shown.
        rows: the rows of its table, and its columns.
        holds: False where the answer is no: a limit is missed, networks differ, nothing fits.
    """

    data: Mapping[str, object] = field(default_factory=dict)
    text: Callable[[], str] = str
    rows: Callable[[], tuple[Sequence[Mapping[str, object]], Sequence[str]]] = lambda: ((), ())
    holds: bool = True

    def __getitem__(self, name: str) -> object:
        return self.data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    @property
    def table(self) -> pandas.DataFrame:
        """The rows that `--format csv` prints."""
        import pandas as pd

        rows, columns = self.rows()
        return pd.DataFrame([dict(row) for row in rows], columns=list(columns))

    def __repr__(self) -> str:
        return cut(self.text())

    def _repr_html_(self) -> str:
        """For notebooks; the names of layers and networks are escaped."""
        return str(self.table.to_html(index=False, max_rows=MOST_LINES))
