"""How clips are distributed over numbers of active bins: as a text, and as the file of an evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from costmodel.errors import OptionError

DISTRIBUTION = r"uniform:\d{1,4}:\d{1,4}|\d{1,4}=\d{1,9}(,\d{1,4}=\d{1,9})*"
FLAG = "--active-bins"


def shares_of(text: str) -> Mapping[int, Fraction]:
    """The shares of clips by their active bins: of `uniform:1:13`, or of clips counted as in `2=40,3=60`.

    Raises:
        OptionError: the least number of bins is above the most, or a number is none.
    """
    if text.startswith("uniform:"):
        least, most = map(int, text.split(":")[1:])
        if not 1 <= least <= most:
            raise OptionError(f"{FLAG}: {text!r}, expected uniform:LEAST:MOST, such as uniform:1:13")
        return {number: Fraction(1, most - least + 1) for number in range(least, most + 1)}
    counts: dict[int, int] = {}
    for each in text.split(","):
        bins, clips = map(int, each.split("="))
        counts[bins] = counts.get(bins, 0) + clips
    clips = sum(counts.values())
    if not clips or 0 in counts:
        raise OptionError(f"{FLAG}: {text!r}, expected clips by their active bins, such as 2=40,3=60")
    return {bins: Fraction(count, clips) for bins, count in sorted(counts.items()) if count}


def distribution_of_file(path: Path) -> str:
    """The distribution that `evaluate` wrote, as text.

    Raises:
        OptionError: there is no such file, it holds something else, or clips of several samplers.
    """
    try:
        held = json.loads(path.read_text())["clips"]
        clips = {name: {int(bins): int(count) for bins, count in each.items()} for name, each in held.items()}
    except OSError as error:
        raise OptionError(f"{FLAG}: {path}: there is no such file; expected what evaluate wrote") from error
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise OptionError(f"{FLAG}: {path}: is no active_bins.json, as evaluate writes it") from error
    if len(clips) != 1:
        raise OptionError(
            f"{FLAG}: {path}: holds clips of {len(clips)} samplers, expected one; evaluate gives their cost"
        )
    (found,) = clips.values()
    return ",".join(f"{bins}={count}" for bins, count in found.items())
