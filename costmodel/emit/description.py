"""What whoever runs an exported network must know of it; it goes along in every form of export."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import inf
from textwrap import wrap
from typing import Any

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.graph import Graph
from costmodel.weights import About

WIDEST = 100
Description = Mapping[str, Any]  # as JSON: what stands under a name depends on the name


def description(graph: Graph, about: About | None = None) -> Description:
    """What a network is fed and what it answers, as plain data; what is not known is left out.

    `every` is in camera frames, `delay`, `lookahead` and `warm_up` in frames of the network; no `warm_up`
    (None) where all answers depend on the first frame.

    Args:
        graph: what is exported.
        about: what the file of its weights says.
    """
    figures, clip = Figures(graph), graph.clip or graph
    warm_up = evaluate(figures, "warmup")
    found: dict[str, object] = {
        "name": graph.name,
        "form": "stream" if graph.is_stream else "clip",
        "frames": int(clip.source.time),
        "every": graph.every if isinstance(graph.every, int) else str(graph.every),
        "delay": int(evaluate(figures, "delay")),
        "lookahead": int(evaluate(figures, "lookahead")),
        # JSON has no infinity.
        "warm_up": None if warm_up is None or warm_up == inf else int(warm_up),
    }
    if graph.chunk > 1:
        found |= {"chunk": graph.chunk, "answers_of_chunk": graph.answers}
    return found if about is None else found | _learned(about)


def _learned(about: About) -> dict[str, object]:
    pixels, accuracy = about.pixels, about.accuracy
    found = {
        "classes": list(about.classes),
        "pixels": {
            "from": pixels.low,
            "to": pixels.high,
            "mean": pixels.mean,
            "deviation": pixels.deviation,
        },
        "input_range": list(pixels.fed),
        "frame_rate": about.frame_rate,
        "answers": about.answers or None,
        "accuracy": None if accuracy is None else accuracy.value,
        "network": about.network.to_dict(),
    }
    # What is not known is no key, so that a reader cannot take null for a value.
    return {name: value for name, value in found.items() if value is not None}


def as_texts(description: Description) -> dict[str, str]:
    """A description as texts by name: text as it is, all else as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in description.items()
    }


def as_lines(description: Description) -> list[str]:
    """A description as a person reads it, for the docstring of an emitted file."""
    rate = f", {description['frame_rate']:.4g} frames a second" if "frame_rate" in description else ""
    seen = (
        "every camera frame" if description["every"] == 1 else f"one camera frame in {description['every']}"
    )
    parts = [f"It sees {seen}{rate}."]
    if description["form"] == "stream":
        warm = description["warm_up"]
        settled = "never free of the first frame" if warm is None else f"warm after {warm} frames"
        parts += [f"Delay {description['delay']} frames, lookahead {description['lookahead']}, {settled}."]
    if "pixels" in description:
        pixels, (low, high) = description["pixels"], description["input_range"]
        parts += [
            f"Pixels from {pixels['from']:g} to {pixels['to']:g}, less {pixels['mean']:g}, over "
            f"{pixels['deviation']:g}: it is fed values from {low:.4g} to {high:.4g}."
        ]
    if description.get("classes"):
        parts += [f"Classes, in the order of the scores: {', '.join(description['classes'])}."]
    return [line for part in parts for line in wrap(part, WIDEST)]
