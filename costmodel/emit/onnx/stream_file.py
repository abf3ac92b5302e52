"""An exported stream in ONNX Runtime, run from what its file says of itself: numpy and onnxruntime alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


class StreamFile:
    """A stream's ONNX file of rank 4; `step` takes a cycle of frames, `reset` begins anew.

    Args:
        path: of the file that `emit --continual --as onnx` wrote, or its content.
    """

    def __init__(self, path: str | Path | bytes) -> None:
        given = path if isinstance(path, bytes) else str(path)
        self.session = onnxruntime.InferenceSession(given, providers=["CPUExecutionProvider"])
        self.about: dict[str, str] = self.session.get_modelmeta().custom_metadata_map
        self.layout: dict[str, Any] = json.loads(self.about["layout"])
        self.reset()

    def reset(self, streams: list[int] | None = None) -> None:
        """Forgets the past of all streams, or of some of the batch."""
        batch = self.layout["batch"]
        if streams is None:
            self.runs = np.zeros(batch, np.int64)
            self.state = {each["input"]: np.empty(each["shape"], np.float32) for each in self.layout["state"]}
        chosen = list(range(batch)) if streams is None else streams
        self.runs[chosen] = 0
        for name, first, end, fill in self.layout["fills"]:
            self.state[name][chosen, first:end] = fill

    def step(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The answers to the next cycle of each stream, and which of them are a stream's own.

        Args:
            frames: (batch * cycle, channels, height, width), those of one stream one after the other.

        Returns:
            (batch, answers of a cycle, channels, height, width) and (batch, answers).
        """
        steps = self.runs[:, None] * self.layout["cycle"] + np.array(self.layout["answers"])
        outputs = self.all_of_step(frames)["outputs"]
        answers = outputs.reshape(self.layout["batch"], -1, *outputs.shape[1:])
        return answers, steps >= self.layout["delay"]

    def all_of_step(self, frames: np.ndarray) -> dict[str, np.ndarray]:
        """As `step`: all that the program gives, by name."""
        given = {"frames": frames, **self.state}
        if self.layout["masked"]:
            given["age"] = self.runs * self.layout["cycle"]
        names = [each.name for each in self.session.get_outputs()]
        found = dict(zip(names, self.session.run(names, given), strict=True))
        self.state = {each["input"]: found[each["output"]] for each in self.layout["state"]}
        self._keep_empty()
        self.runs += 1
        return found

    def _keep_empty(self) -> None:
        """Fills anew what layers keep that no frame has reached: the transient of a new stream."""
        for each in self.layout["resets"]:
            for stream, run in enumerate(self.runs):
                first = next((place for start, place in each["starts"] if start > run), None)
                if first is not None:
                    self.state[each["state"]][stream, first : each["end"]] = each["fill"]
