"""The best network of a search as a folder: spec, weights, figures, and a page that says how to go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import SupportsFloat

from costmodel.analysis.cost import analyze
from costmodel.errors import CostModelError, OptionError
from costmodel.escape import markdown, shell
from costmodel.files import read_file, write_all
from costmodel.network import Network
from costmodel.spec.write import dump
from costmodel.weights import About, read_weights_file
from costmodel.weights.header import LARGEST_FILE
from search.study.history import Row, decisions_of, network_of_decision, searches_of, winner_of
from search.study.store import StudyError
from search.study.study import Study
from search.study.weights import kept_weights

SPEC, WEIGHTS, FIGURES, PAGE = "network.yaml", "weights.safetensors", "figures.json", "README.md"


@dataclass(frozen=True)
class Best:
    """The network that a search ended with, as its study holds it.

    Args:
        study: the study's file.
        spec: the name of its spec.
        search: the search's row.
        winner: the decision's row.
        network: the network.
        weights: the file of its weights; None where none are kept.
    """

    study: Path
    spec: str
    search: Row
    winner: Row
    network: Network
    weights: Path | None

    @cached_property
    def about(self) -> About | None:
        """The metadata of its weights; None where none are kept."""
        return None if self.weights is None else read_weights_file(self.weights).known

    def figures(self) -> Row:
        """Its costs, its score, and the search that it was chosen by, as the file of figures holds them."""
        about = self.about
        accuracy = None if about is None or about.accuracy is None else about.accuracy.value
        kept = ("step", "score", "error", "cost", "settings", "reason", "candidate")
        return {
            "spec": self.spec,
            "search": self.search["search"],
            "budget": self.search["budget"],
            "scored_by": self.search["score"],
            **{name: self.winner[name] for name in kept},
            "accuracy": accuracy,
            "transforms": [each.to_dict() for each in self.network.transforms],
            "figures": {name: _plain(value) for name, value in analyze(self.network.graph()).totals.items()},
        }

    def commands(self, out: Path) -> Iterator[tuple[str, str]]:
        """Each next thing to do with the command line that does it, safe to paste."""
        named = str(out / (SPEC if self.weights is None else WEIGHTS))
        # a name that begins with a dash would be read as an option
        network = shell(f"./{named}" if named.startswith("-") else named)
        # a file of weights holds its transforms; a spec has to be told them
        flags = "" if self.weights is not None else _flags(self.network)
        yield "what it costs", f"analyze {network}{flags}"
        if self.about is not None and self.about.data.get("given"):
            data = self.about.data
            on = f"--data {shell(str(data['given']))} --seed {shell(str(data.get('seed', 0)))}"
            yield "how accurate it is", f"evaluate {network} {on}"
        stream = _stream_flag(self.network)
        if stream is not None:
            yield "the network frame by frame", f"validate {network}{flags}{stream}"
            file = shell(str(out / "stream.onnx"))
            yield "ONNX of that", f"emit {network}{flags}{stream} --as onnx --out {file}"
        yield "PyTorch source", f"emit {network}{flags} --out {shell(str(out / 'network.py'))}"

    def page(self, out: Path) -> str:
        """The page in Markdown."""
        winner, score = self.winner, self.winner["score"]
        error = f" +- {winner['error']:.2g}" if winner.get("error") else ""
        scored = "" if score is None else f", score {score:.6g}{error} by {self.search['score']}"
        sizes = ", ".join(f"{name} {value}" for name, value in winner["settings"].items())
        figures = self.figures()["figures"]
        rows = [f"| {name} | {value:,} |" for name, value in figures.items() if isinstance(value, int)]
        steps = [f"{what}:\n\n    costmodel {command}\n" for what, command in self.commands(out)]
        form = markdown(_flags(self.network).strip())
        lacking = "No weights are kept of it: `train` makes some, `search --keep best` keeps them."
        parts = [
            f"# {markdown(self.spec)}: the best network of search {self.search['search']}\n",
            f"{markdown(self.search['budget'])}{markdown(scored)}; {markdown(winner['reason'])}.\n",
            f"Sizes: {markdown(sizes)}.\n",
            *([f"Form: `{form}`.\n"] if form else []),
            *([f"{lacking}\n"] if self.weights is None else []),
            "\n".join(["| figure | |", "|---|--:|", *rows]) + "\n",
            "## Next\n",
            *steps,
        ]
        return "\n".join(parts)


def best_of_search(study: Study, search: int | None) -> Best:
    """The network that a search ended with; of the study's last search where none is named.

    Raises:
        OptionError: there is no such search, or it has no winner yet.
    """
    searches = [row for row in searches_of(study) if search is None or row["search"] == search]
    if not searches:
        raise OptionError(f"{study.path}: there is no search {search or ''}".rstrip())
    chosen = searches[-1]
    winner = winner_of(decisions_of(study, chosen["search"]))
    if winner is None:
        raise OptionError(f"{study.path}: the search has no winner yet")
    network = network_of_decision(study, winner)
    candidate = winner["candidate"]
    weights = None if candidate is None else kept_weights(study.path, candidate)
    return Best(study.path, study.fact("spec_name"), chosen, winner, network, weights)


def export_best(study: Study, search: int | None, out: Path) -> tuple[list[Path], list[str]]:
    """Writes the best network of a search into a folder; returns the files, and commands to go on with.

    Raises:
        CostModelError: there is none, its weights cannot be read, or a file cannot be written.
    """
    best = best_of_search(study, search)
    files = {
        # the clip network: a spec says no transforms, the command lines on the page add them
        SPEC: dump(best.network.clip()).encode(),
        FIGURES: (json.dumps(best.figures(), indent=2) + "\n").encode(),
        PAGE: best.page(out).encode(),
    }
    if best.weights is not None:
        try:
            files[WEIGHTS] = read_file(best.weights, LARGEST_FILE)
        except OSError as error:
            raise StudyError(f"{best.weights}: cannot be read: {error.strerror}") from error
    write_all({out / name: content for name, content in files.items()})
    return [out / name for name in files], [f"costmodel {command}" for _, command in best.commands(out)]


def _flags(network: Network) -> str:
    return "".join(f" {each.flags}" for each in network.transforms)


def _stream_flag(network: Network) -> str | None:
    """What makes a stream of a network: nothing where it is one; None where none can be made."""
    if network.is_stream:
        return ""
    try:
        network.continual().graph()
    except CostModelError:
        return None
    return " --continual"


def _plain(value: SupportsFloat | str | None) -> float | str | None:
    """A figure as JSON holds it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    # JSON has no infinity, such as the receptive field of a layer that remembers for ever
    number = float(value)
    return number if number not in (float("inf"), float("-inf")) else None
