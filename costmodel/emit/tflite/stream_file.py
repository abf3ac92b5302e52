"""An exported stream in LiteRT, run from what its file says of itself: numpy and ai-edge-litert alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType


class LiteStream:
    """A stream's TFLite file; `step` takes a cycle of frames, `reset` begins anew.

    Frames and answers are numbers in 32 bits with channels last, whatever the file holds; in 8 bits their
    scales stand in the file.

    Args:
        path: of the file that `emit --continual --as tflite` wrote.
        threads: that run it.
    """

    def __init__(self, path: str | Path, threads: int = 1) -> None:
        content = Path(path).read_bytes()
        self.about = _told(content)
        self.layout = self.about["layout"]
        interpreter = _allocated(content, threads)
        self.runner = interpreter.get_signature_runner("step")
        self.inputs = self.runner.get_input_details()
        self.outputs = self.runner.get_output_details()
        self._interpreter = interpreter  # which the runner does not keep alive
        self.reset()

    def reset(self) -> None:
        """Forgets the past."""
        self.run = 0
        self.state = {
            each["input"]: np.empty(self.inputs[each["input"]]["shape"], self.inputs[each["input"]]["dtype"])
            for each in self.layout["state"]
        }
        for name, first, end, fill in self.layout["fills"]:
            self._fill(name, first, end, fill)

    def step(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The answers to the next cycle, and which of them are the stream's own.

        Args:
            frames: (cycle, height, width, channels).

        Returns:
            (answers of a cycle, height, width, channels) and (answers,).
        """
        found = self.runner(frames=_stored(frames, self.inputs["frames"]), **self.state)
        self.state = {each["input"]: found[each["output"]] for each in self.layout["state"]}
        for each in self.layout["resets"]:
            first = next((place for start, place in each["starts"] if start > self.run), None)
            if first is not None:
                self._fill(each["state"], first, each["end"], each["fill"])
        steps = self.run * self.layout["cycle"] + np.array(self.layout["answers"])
        self.run += 1
        return _read(found["outputs"], self.outputs["outputs"]), steps >= self.layout["delay"]

    def _fill(self, name: str, first: int, end: int, fill: float) -> None:
        # The layout counts channels, which are the last axis here.
        self.state[name][..., first:end] = _stored(np.array(fill, np.float32), self.inputs[name])


def _allocated(content: bytes, threads: int) -> Interpreter:
    interpreter = Interpreter(model_content=content, num_threads=threads)
    try:
        interpreter.allocate_tensors()
    except RuntimeError:
        # The delegate that it takes by itself refuses some programs of a thousand operators and more.
        plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        interpreter = Interpreter(
            model_content=content, num_threads=threads, experimental_op_resolver_type=plain
        )
        interpreter.allocate_tensors()
    return interpreter


def _stored(values: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    """Values as a file has them: in 32 bits, or the nearest in 8."""
    if detail["dtype"] != np.int8:
        return values.astype(np.float32)
    step, zero = detail["quantization"]
    with np.errstate(over="ignore"):  # what stands for no value in a maximum becomes the lowest number
        numbers: np.ndarray = np.clip(np.round(values / step) + zero, -128, 127).astype(np.int8)
    return numbers


def _read(numbers: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    if detail["dtype"] != np.int8:
        return numbers
    step, zero = detail["quantization"]
    values: np.ndarray = (numbers.astype(np.float32) - zero) * np.float32(step)
    return values


def _told(content: bytes) -> dict[str, Any]:
    """What a file says of itself."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    place = next(each.buffer for each in model.metadata if each.name in (b"costmodel", "costmodel"))
    found: dict[str, Any] = json.loads(bytes(model.buffers[place].data))
    return found
