"""How near the streams of the gallery come in 8 bits to their modules: as TFLite, of random weights, small.

`python -m tests.shared.gallery_in_8_bits --log FILE.jsonl [--only TEXT]` goes on where the log ends.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

import torch

from costmodel.emit import StreamNetwork, fold_norms
from costmodel.emit.export import export_tflite
from costmodel.transforms.continual import Continual
from reports.gallery import Entry
from tests.shared.emitted_gallery import CLIP_ALONE, Case, in_order, key_of, logged, run, running, small
from tests.shared.forms import module_answers, tflite_answers

FORM = "tflite in 8 bits"


def agreement(entry: Entry, folder: Path) -> float:
    """The correlation of a stream's answers with those of its module, over all steps and scores.

    Scores of random weights lie close together, so that no bound holds for every network; what is constant or
    not a number is wrong of any.
    """
    network, clip = running(Continual(state="window")(small(entry, "clip")))
    assert isinstance(network, StreamNetwork)
    network = fold_norms(network)
    expected = [each for each in module_answers(network, clip) if each is not None]
    # Calibrated on other frames than those that it answers, and on enough for its last layers to see some.
    frames = clip.shape[2] + 16 * network.cycle
    others = torch.randn((clip.shape[1], frames, *clip.shape[3:]), generator=torch.Generator().manual_seed(7))
    export_tflite(network, folder / "net.tflite", clips=[others.numpy()])
    found = [each for each in tflite_answers(network, clip, folder / "net.tflite") if each is not None]
    assert len(found) == len(expected)
    one, two = (torch.cat(each).flatten().double() for each in (found, expected))
    assert one.isfinite().all()
    assert one.max() > one.min(), "one answer to all frames"
    return float(torch.corrcoef(torch.stack((one, two)))[0, 1])


def outcome(case: Case) -> dict[str, object]:
    """What is said of a stream in the log: nothing where it runs, else why not; and its correlation."""
    entry, kind, form = case
    line: dict[str, object] = {"network": entry.command, "kind": kind, "form": form, "outcome": ""}
    with tempfile.TemporaryDirectory() as folder:
        try:
            return line | {"correlation": round(agreement(entry, Path(folder)), 4)}
        except Exception as error:
            return line | {"outcome": f"{type(error).__name__}: {str(error) or 'other answers'}"}


def table(log: Path) -> str:
    """How many streams run, how near they come, and why the others do not run."""
    lines = {line["network"]: line for line in map(json.loads, log.read_text().splitlines())}
    runs = sorted(float(line["correlation"]) for line in lines.values() if not line["outcome"])
    told = [f"{len(runs)} of {len(lines)} run"]
    if runs:
        told.append(f"correlations from {runs[0]:.3f}, the median {median(runs):.3f}")
    told += [f"- {name}: {line['outcome']}" for name, line in lines.items() if line["outcome"]]
    return "\n".join([*told, ""])


def main() -> None:
    """Runs what the log does not have, and prints what it has."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--log", type=Path, required=True)
    given = parser.parse_args()
    done = logged(given.log)
    every = [(entry, "stream", FORM) for entry in in_order() if entry.variant not in CLIP_ALONE]
    left = [case for case in every if given.only in case[0].command and done.get(key_of(case)) != ""]
    run(left, given.log, outcome)
    sys.stdout.write(table(given.log))


if __name__ == "__main__":
    main()
