"""Every transform on the networks that come with the tool: a network, or one line that says why not."""

import subprocess
import sys
import time

import pytest
import torch

from costmodel import Graph
from costmodel.emit import StreamNetwork, emit, randomise
from costmodel.errors import CostModelError, TransformError
from costmodel.network import Network
from costmodel.transforms import Transform
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual, continual
from costmodel.transforms.dissect import Dissect
from costmodel.transforms.factorise import Factorise
from costmodel.transforms.head import Head
from costmodel.transforms.inflate import Inflate
from costmodel.transforms.stride_time import StrideTime
from costmodel.transforms.unpad import Unpad
from costmodel.validation.validate import validate
from reports.gallery import Entry, entries
from search.train.forms import as_long, form_of, warm_frames

TRANSFORMS: tuple[tuple[Transform, ...], ...] = (
    (Causal(), Continual()),
    (Dissect(),),
    (Head("fc:4"), Dissect(skips="sum")),
    (Head("gru:2", 64),),
    (Inflate(),),
    (Factorise(), Continual()),
    (StrideTime(), Continual()),
    (Unpad(),),
)
SHOWN = [
    entry for entry in entries() if entry.command.split()[0] in ("x3d", "resnet_3d", "c3d", "slowfast", "tsm")
]


def words(transforms: tuple[Transform, ...]) -> str:
    return " ".join(each.flags for each in transforms)


def made(entry: Entry, transforms: tuple[Transform, ...]) -> Graph | None:
    """The transformed network, if there is one; what refuses it must be a line that names its place."""
    try:
        return Network.of(entry.spec, entry.variant, dict(entry.sets), transforms).graph()
    except TransformError as error:
        text = str(error)
        assert "\n" not in text
        assert ": " in text
        return None


@pytest.mark.parametrize("transforms", TRANSFORMS, ids=words)
def test_every_transform_takes_or_refuses_in_one_line(transforms: tuple[Transform, ...]):
    firsts = {entry.spec: entry for entry in reversed(SHOWN)}
    graphs = [made(entry, transforms) for entry in firsts.values()]
    assert len(graphs) == 5
    if not isinstance(transforms[0], (Inflate, Unpad)):  # those are all 3D, and their clips short
        assert any(graphs)


@pytest.mark.slow
@pytest.mark.parametrize("transforms", TRANSFORMS, ids=words)
def test_every_transform_of_every_network(transforms: tuple[Transform, ...]):
    """In under a second each, on a quiet machine; a loaded one is given ten."""
    for entry in entries():
        start = time.process_time()
        made(entry, transforms)
        assert time.process_time() - start < 10, entry.command


@pytest.mark.slow
@pytest.mark.parametrize(
    "transforms", [(Dissect(),), (StrideTime(), Continual()), (Factorise(), Continual())], ids=words
)
@pytest.mark.parametrize(
    ("spec", "variant", "sizes"),
    [
        ("resnext_3d", None, {"crop": 32, "blocks1": 1, "blocks2": 1, "blocks3": 1, "blocks4": 1}),
        ("mobilenet_v2_3d", None, {"crop": 32, "width": "1/5"}),
        ("shufflenet_v1_3d", None, {"crop": 32, "width": "1/2"}),
        ("shufflenet_v2_3d", "0.25x", {"crop": 32}),
        ("squeezenet_3d", None, {"crop": 64}),
        ("x3d", "XS", {"crop": 32}),
        ("s3d", None, {"crop": 64}),
        ("r2plus1d", None, {"crop": 32}),
        ("csn", "ir-CSN-50", {"crop": 32}),
    ],
)
def test_networks_of_every_family_run_as_predicted(
    spec: str, variant: str | None, sizes: dict[str, object], transforms: tuple[Transform, ...]
):
    from fractions import Fraction

    sets = {name: Fraction(value) if isinstance(value, str) else value for name, value in sizes.items()}
    try:
        graph = Network.of(spec, variant, sets, transforms).graph()
    except TransformError:
        assert not isinstance(transforms[0], Dissect)
        return
    assert [check for check in validate(graph) if not check.holds] == []


def test_no_transform_loads_torch():
    program = (
        "import sys; from costmodel.network import Network; from costmodel.transforms import TRANSFORMS\n"
        "from costmodel.transforms.dissect import Dissect\n"
        "Network.of('mobilenet_v2_3d', None, {}, [Dissect()]).graph(); print('torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


# One has no stream, one remembers for ever.
WITHOUT = {"c3d", "cnn_lstm"}


@torch.no_grad()
@pytest.mark.slow
@pytest.mark.parametrize("spec", sorted({entry.spec for entry in entries()} - WITHOUT))
def test_every_family_without_padding_answers_as_its_stream_does(spec: str):
    """Of as many frames as an answer sees."""
    entry = next(each for each in entries() if each.spec == spec)
    graph = Network.of(spec, entry.variant, small(entry), ()).graph()
    stream = emit(continual(graph)).double().eval()
    assert isinstance(stream, StreamNetwork)
    trained = form_of(graph, "unpadded")
    frames = trained.frames
    assert frames >= warm_frames(stream.graph)
    unpadded = emit(Unpad()(as_long(graph, frames))).double().eval()
    assert unpadded.state_dict().keys() == trained.network.state_dict().keys()
    randomise(unpadded, 3)
    stream.load_state_dict(unpadded.state_dict())
    clip = torch.randn(1, *map(int, unpadded.graph.source), dtype=torch.float64)
    answers = unpadded(clip), stream(clip)
    first, second = (each if each.dim() == 2 else each.flatten(2)[..., -1] for each in answers)
    scale = float(second.abs().max())
    assert float((first - second).abs().max()) <= 1e-9 * scale


def small(entry: Entry) -> dict[str, object]:
    """Its sizes with the smallest crop that it takes."""
    for crop in (32, 64, 112):
        try:
            sets = {**entry.sets, "crop": crop}
            Network.of(entry.spec, entry.variant, sets, ()).graph()
        except CostModelError:
            continue
        return sets
    return dict(entry.sets)
