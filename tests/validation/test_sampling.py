"""What `validate` measures of clips that have numbers of frames of their own."""

import pytest

from costmodel.network import Network
from costmodel.ops import Sgs as Sampler
from costmodel.transforms.sgs import Sgs
from costmodel.types import TensorType
from costmodel.validation.convolutions import of_doubles
from costmodel.validation.sampling import check_sampling

SMALL = {"crop": 32, "gamma_d": 1}


PATHWAYS = {"crop": 32, "frames": 16, "channels": 8, "blocks3": 1, "blocks4": 1, "blocks5": 1}


@pytest.mark.parametrize(
    ("spec", "sizes", "block"),
    [("x3d", SMALL, 0), ("x3d", {**SMALL, "frames": 16}, 8), ("slowfast", PATHWAYS, 0)],
)
def test_each_clip_costs_what_its_own_number_of_frames_costs(spec: str, sizes: dict[str, int], block: int):
    graph = Network.of(spec, None, sizes, (Sgs("res2", sgs_block=block),)).graph()
    with of_doubles():  # as in `validate`, whose depthwise convolutions leave out what is read of padding
        checks = {check.what: check for check in check_sampling(graph)}
    assert checks["macs_of_each_clip"].holds
    assert checks["answers_are_those_of_each_clip_alone"].holds
    assert len(set(checks["macs_of_each_clip"].measured)) > 1


def test_a_rule_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch):
    right = Sampler.work

    def wrong(op: Sampler, x: TensorType) -> dict[str, object]:
        return {**right(op, x), "mac.sampling.bins": 0}

    monkeypatch.setattr(Sampler, "work", wrong)
    graph = Network.of("x3d", "S", SMALL, (Sgs("res2"),)).graph()
    assert [check.what for check in check_sampling(graph) if not check.holds] == ["macs_of_each_clip"]


def test_a_fixed_number_has_nothing_of_a_clips_own():
    assert not list(check_sampling(Network.of("x3d", "S", SMALL, (Sgs("res2", active_bins=3),)).graph()))
