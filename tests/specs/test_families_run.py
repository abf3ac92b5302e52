"""Public families at reduced size do as predicted, as clips and frame by frame."""

from typing import Any

import pytest

from costmodel import continual, load
from costmodel.validation.validate import validate

SMALL: dict[str, Any] = {"crop": 16, "channels": 8, "classes": 5}
MOVINET: dict[str, Any] = {"crop": 32, "frames": 4, "classes": 5, "hidden": 16, "depth6": 2}
FAMILIES: list[tuple[str, str | None, dict[str, Any]]] = [
    ("r3d_18", None, SMALL | {"frames": 8}),
    ("mc3_18", None, SMALL | {"frames": 8}),
    ("r2plus1d", "R2plus1D-34-8", SMALL | {"blocks3": 2}),
    ("r2plus1d", "R2plus1D-152-32", SMALL | {"frames": 8, "crop": 32, "blocks2": 2, "blocks3": 2}),
    ("r2plus1d_r50", None, SMALL | {"frames": 8, "crop": 32}),
    ("csn", "ir-CSN-50", SMALL | {"frames": 8, "crop": 32, "blocks4": 2}),
    ("csn", "ip-CSN-50", SMALL | {"frames": 8, "crop": 32, "blocks4": 2}),
    ("densenet_3d", None, SMALL | {"crop": 32, "growth": 4, "layers2": 2, "layers3": 2, "layers4": 2}),
    ("mfnet_3d", None, SMALL | {"crop": 32, "channels": 32, "groups": 8, "blocks4": 2}),
    ("s3d", "S3D", {"crop": 32, "classes": 5}),
    ("s3d", "S3D-G", {"crop": 32, "classes": 5}),
    ("c3d", None, SMALL | {"crop": 32, "hidden": 16}),
    ("slow_only", None, SMALL | {"crop": 32, "deep": 8, "blocks4": 2}),
    ("efficient_x3d", None, {"crop": 32, "gamma_d": 1, "classes": 5}),
    ("cnn_lstm", None, {"crop": 32, "frames": 4, "hidden": 16, "classes": 5}),
    ("movinet", "A0-base-tf", MOVINET),
    ("movinet", "A0-stream", MOVINET),
    ("tsm", "R50-online", {"crop": 32, "classes": 5, "blocks3": 2}),
    ("tsm", "R50-offline", {"crop": 32, "classes": 5, "blocks3": 2}),
    ("tsm", "mobilenet_v2-online", {"crop": 32}),
    ("tsm", "mobilenet_v2-offline", {"crop": 32}),
]


@pytest.mark.slow
@pytest.mark.parametrize("is_stream", [False, True], ids=["clip", "stream"])
@pytest.mark.parametrize(("spec", "variant", "sizes"), FAMILIES, ids=lambda each: str(each)[:24])
def test_a_family_does_as_predicted(spec: str, variant: str | None, sizes: dict[str, Any], is_stream: bool):
    graph = load(spec, variant=variant, **sizes)
    wrong = [check for check in validate(continual(graph) if is_stream else graph) if check.holds is False]
    assert wrong == []
