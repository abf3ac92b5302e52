"""Classes of networks, the order of repairs, and the shipped networks' diagnoses."""

import pytest

from costmodel import load
from costmodel.diagnosis import diagnose
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from tests.diagnosis.networks import BROKEN, clip


@pytest.mark.parametrize("name", BROKEN)
def test_each_is_of_its_class(name: str):
    assert diagnose(clip(BROKEN[name].layers)).kind == BROKEN[name].kind


@pytest.mark.parametrize("name", BROKEN)
def test_the_cheapest_come_first(name: str):
    found = [
        (["exact", "initial", "none"].index(each.repair.carries), each.figures["macs_per_frame"])
        for each in diagnose(clip(BROKEN[name].layers)).repairs
    ]
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("spec", "variant", "kind"),
    # as measured on the public modules: E0 causal, E1 exact at interior positions, E2 after a named edit
    [
        ("r3d_18", None, "E1"),
        ("mc3_18", None, "E1"),
        ("s3d", None, "E1"),
        ("x3d_m", None, "E2"),
        ("efficient_x3d", None, "E2"),
        ("csn", None, "E1"),
        ("movinet", "A0-stream", "E0"),
        ("tsm", "mobilenet_v2-online", "E0"),
        ("tsm", "R50-offline", "E1"),
        ("slowfast", "8x8-R101-NL", "X"),
    ],
)
def test_public_networks_are_of_the_class_that_was_measured(spec: str, variant: str | None, kind: str):
    assert diagnose(Network.of(spec, variant).graph()).kind == kind


def test_an_offline_tsm_is_repaired_into_the_online_one():
    repaired = diagnose(Network.of("tsm", "R50-offline").graph()).repairs[-1]
    assert repaired.repair.changes == ("let shifts look at the past alone",)
    assert (repaired.figures["state_floats"], repaired.figures["lookahead"]) == (702_464, 0)


def test_a_stream_has_nothing_to_diagnose():
    with pytest.raises(TransformError, match="is a stream already"):
        diagnose(Continual()(load("mobilenet_v2_3d")))
