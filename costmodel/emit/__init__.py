"""Running PyTorch networks from graphs, clip and frame by frame.

API
---
`emit(graph, fold=False, init="zeros") -> ClipNetwork | StreamNetwork`
    Modules whose submodules are named as the graph's nodes; the state_dict of the clip network fits the
    stream network and the other way round.

`ClipNetwork.forward(clip)`
    clip (batch, channels, time, height, width) -> (batch, channels), or 5-D where the output is a map.

`StreamNetwork`
    `forward(clip)` -> (batch, channels, time'): what the stream answers from warm-up on.
    `forward_step(frame)` -> output or None; `valid` (batch,) tells which streams it belongs to.
    `forward_steps(frames)` -> (outputs stacked in time, validity (batch, time)).
    `step(frame, state) -> (output, state)`: pure. `initial_state(batch)`, `get_state()`, `set_state(state)`.
    `reset()`, `reset(streams=[...])`. `program` (cycle, delay, names and shapes of the state's tensors).
    `advance(frame, tensors, phase)` -> (output, tensors): one step on bare tensors, for compilers.
    `first_output(layer)`: its first output in `forward`; output n comes at step delay + n * jump.

Both: `with network.recording() as record:` collects `{layer: [(step, output), ...]}`.

`randomise(network, seed)` draws every parameter and buffer. `executed_macs(call)` counts the multiply-adds
that a call really makes. `fold_norms(network)` gives the network with batch norms folded in.
`load_weights(network, path)` reads a checkpoint: our own, or of a published layout.
"""

from costmodel.emit.build import emit
from costmodel.emit.counting import executed_macs
from costmodel.emit.fold import fold_norms
from costmodel.emit.modules import MIRRORS, Layer, check_parts, layer_for
from costmodel.emit.network import ClipNetwork, Network
from costmodel.emit.randomise import randomise
from costmodel.emit.state import StreamState
from costmodel.emit.stream import StreamNetwork
from costmodel.emit.weights import load_weights

__all__ = [
    "MIRRORS",
    "ClipNetwork",
    "Layer",
    "Network",
    "StreamNetwork",
    "StreamState",
    "emit",
    "executed_macs",
    "fold_norms",
    "layer_for",
    "load_weights",
    "randomise",
]

check_parts()
