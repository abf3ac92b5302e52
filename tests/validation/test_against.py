"""Networks beside the modules that they were read from: a wrong delay, stride or weight is found out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from own_modules import CLIP, Causal, Remembering, Residual, ShiftedByCat, Strided, TwoPathways
from torch import Tensor, nn

from costmodel.analysis import temporal
from costmodel.analysis.temporal import Timing
from costmodel.importers import order_of, read_module
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from costmodel.validation import beside as beside_
from costmodel.validation.against import check_against
from costmodel.validation.beside import Beside
from costmodel.validation.check import Check

FEATURES, ANSWERS = "stream_features_equal_the_module", "stream_answers_equal_the_module"
ORDER = order_of("NCTHW")


@pytest.fixture
def beside(tmp_path: Path) -> Callable[..., dict[str, Check]]:
    """The checks of a module and what was read from it."""

    def checked(
        module: nn.Module, *transforms: Continual, other: nn.Module | None = None
    ) -> dict[str, Check]:
        imported = read_module(module, CLIP, "net")
        path = tmp_path / "net.safetensors"
        path.write_bytes(imported.weights_file())
        network = Network(imported.network.document, transforms=transforms)
        return {each.what: each for each in check_against(network, path, other or module, ORDER)}

    return checked


def drawn(kind: type[nn.Module], seed: int = 1) -> nn.Module:
    torch.manual_seed(seed)
    module = kind().eval()
    for each in module.modules():
        if isinstance(each, nn.BatchNorm3d):
            each.running_mean.uniform_(-0.3, 0.3)
            each.running_var.uniform_(0.5, 1.5)
    return module


@pytest.mark.parametrize("kind", [Residual, ShiftedByCat, TwoPathways, Causal, Strided, Remembering])
def test_a_stream_is_the_untouched_module_far_from_the_ends_of_a_clip(beside, kind: type[nn.Module]):
    found = beside(drawn(kind), Continual())
    assert {each.holds for each in found.values()} == {True}
    assert (FEATURES in found) == (kind is not Remembering)
    assert all(each.measured <= 1e-13 for each in found.values() if "fp32" not in each.what)


def test_a_squeeze_excite_is_edited_in_the_module_and_it_is_said(beside):
    found = beside(drawn(Residual), Continual())
    assert "squeeze-excite pools each frame alone in the module too, at 1 place" in found[FEATURES].note
    found = beside(drawn(Residual), Continual(excite="clip"))
    assert (found[ANSWERS].holds, "only --excite frame is an edit" in found[ANSWERS].note) == (None, True)


class Merged(Residual):
    """Squeeze-excite that joins time, height and width ahead of its mean."""

    def __init__(self) -> None:
        super().__init__()
        self.own, self.out = nn.Linear(3, 3), nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.own(x.flatten(2).mean(2)).sigmoid()
        return self.out((x * gate[..., None, None, None]).mean((2, 3, 4)))


def test_a_squeeze_excite_over_joined_axes_is_edited_where_they_are_joined(beside):
    found = beside(drawn(Merged), Continual())
    assert {each.holds for each in found.values()} == {True}
    assert "pools each frame alone in the module too, at 1 place" in found[FEATURES].note


class Squeezed(nn.Module):
    """Squeeze-excite by linear layers, which drop the axes of what they read; in place, or spread first."""

    def __init__(self, spreads: bool) -> None:
        super().__init__()
        self.conv, self.gate, self.head = nn.Conv3d(3, 6, 3, padding=1), nn.Linear(6, 6), nn.Linear(6, 4)
        self.spreads = spreads

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        gate = self.gate(x.mean((2, 3, 4)).view(x.shape[:2])).sigmoid().view(*x.shape[:2], 1, 1, 1)
        x *= gate.expand_as(x) if self.spreads else gate
        return self.head(x.mean((2, 3, 4)))


@pytest.mark.parametrize("spreads", [True, False])
def test_a_squeeze_excite_that_drops_axes_is_edited_too(beside, spreads: bool):
    found = beside(Squeezed(spreads), Continual())
    assert (found[FEATURES].holds, found[ANSWERS].holds) == (True, True)
    assert "in the module too, at 1 place" in found[FEATURES].note


def test_other_weights_are_found_out(beside):
    found = beside(drawn(Causal), Continual(), other=drawn(Causal, 2))
    assert [each.holds for each in found.values()] == [False, False, None]
    assert "reads nowhere what enters its head here" in found[ANSWERS].note


def test_a_delay_that_is_off_by_one_is_found_out(beside, monkeypatch: pytest.MonkeyPatch):
    def late(graph: object) -> dict[str, Timing]:
        times = temporal.timing(graph)
        return {name: at._replace(delay=at.delay + at.jump) for name, at in times.items()}

    monkeypatch.setattr(beside_, "timing", late)
    found = beside(drawn(Strided), Continual())
    assert (found[FEATURES].holds, found[ANSWERS].holds) == (False, False)
    assert "is the first to differ" in found[FEATURES].note
    assert "if the module's code fixes a number of frames" in found[FEATURES].note


def test_a_layer_that_looks_elsewhere_in_time_is_found_out(beside, monkeypatch: pytest.MonkeyPatch):
    """A stream whose second window stands a frame late, which no cost and no clip network tells."""
    made = Beside.stream

    def shifted(self: Beside, clip: Tensor, wanted: object) -> object:
        return made(self, clip.roll(1, 2), wanted)

    monkeypatch.setattr(Beside, "stream", shifted)
    assert not beside(drawn(Causal), Continual())[FEATURES].holds


@pytest.mark.parametrize("frames", [2, 4])
def test_a_clip_of_which_strides_leave_few_frames_is_compared_ahead_of_its_pool(beside, frames: int):
    class Sized(Strided):
        def forward(self, x: Tensor) -> Tensor:
            x = torch.relu(self.norm(self.first(x[:, :, :: 4 // frames])))
            x = self.second(x) + self.short(x)
            return self.head(nn.functional.avg_pool3d(x, x.shape[2:]).flatten(1))

    found = beside(drawn(Sized), Continual())
    assert (found[FEATURES].holds, found[ANSWERS].holds) == (True, True)
    assert "from its avg_pool3d on" in found[ANSWERS].note


def test_numbers_of_the_code_count_in_64_bits_too(beside):
    class Normalised(Causal):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward((x - 0.45) / 0.225)

    assert {each.holds for each in beside(drawn(Normalised), Continual()).values()} == {True}


def test_a_longer_pool_leaves_the_features_alone(beside):
    found = beside(drawn(Causal), Continual(pool=8))
    assert (found[FEATURES].holds, found[ANSWERS].holds) == (True, None)


def test_frames_ahead_of_channels_and_answers_for_every_frame(tmp_path: Path):
    class EveryFrame(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = nn.Conv3d(3, 6, 3, padding=1), nn.Linear(6, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.conv(x.transpose(1, 2)).mean((3, 4)).transpose(1, 2))

    module = EveryFrame()
    imported = read_module(module, (1, 4, 3, 8, 8), "net", axes="NTCHW")
    (tmp_path / "w.safetensors").write_bytes(imported.weights_file())
    network = imported.network.continual()
    found = list(check_against(network, tmp_path / "w.safetensors", module, order_of("NTCHW")))
    assert [each.holds for each in found] == [True, True, True]


def test_maps_are_the_spec_s_own_where_the_module_takes_no_others(beside):
    class OfOneSize(Causal):
        def forward(self, x: Tensor) -> Tensor:
            assert x.shape[-2:] == (8, 8)
            return super().forward(x)

    found = beside(drawn(OfOneSize), Continual())
    assert found[FEATURES].holds
    assert "8x8" in found[FEATURES].note


def test_a_module_that_takes_no_longer_clip_is_not_measured(beside):
    class OfOneLength(Causal):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.view(len(x), 3, 4, 8, 8))

    found = beside(drawn(OfOneLength), Continual())
    assert found[ANSWERS].holds is None
    assert "the module does not run on 1x3x" in found[ANSWERS].note
