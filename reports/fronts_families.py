"""The families of networks that the page of fronts compares, and their published networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from costmodel.network import Network, Settings


@dataclass(frozen=True)
class Place:
    """A network by its spec, its variant and the sizes set; run as a stream."""

    spec: str
    variant: str | None = None
    sets: Settings = field(default_factory=dict)

    @property
    def command(self) -> str:
        """What follows `analyze --continual` to show it."""
        variant = f" --variant {self.variant}" if self.variant else ""
        sets = "".join(f" --set {name}={_text(value)}" for name, value in self.sets.items())
        return f"{self.spec}{variant}{sets}"

    def stream(self) -> Network:
        """The network, frame by frame."""
        return Network.of(self.spec, self.variant, self.sets).continual()


@dataclass(frozen=True)
class Space:
    """All networks around one: the `solve` grid of its spec, some values replaced as `--over` does."""

    start: Place
    over: Sequence[str] = ()


@dataclass(frozen=True)
class Released:
    """A published network, its name in the drawing, and its top-1 accuracy: paper, table, row, figure."""

    place: Place
    label: str
    top_1: tuple[str, str, str, str] | None = None


@dataclass(frozen=True)
class Family:
    """Networks of one kind; `data` is what their published accuracies were measured on."""

    title: str
    spaces: Sequence[Space]
    released: Sequence[Released] = ()
    data: str = ""


def _text(value: object) -> str:
    return f"{float(value):g}" if isinstance(value, Fraction) else str(value)


def _x3d(name: str) -> Released:
    return Released(Place("x3d", name), name, ("x3d", "2", f"X3D-{name}", "top-1"))


def _movinet(name: str) -> Released:
    return Released(
        Place("movinet", f"{name}-stream"), name, ("movinet", "code", f"MoViNet-{name}-Stream", "top-1")
    )


def _mobilenet(version: int, width: str, *, is_named: bool = False) -> Released:
    # the drawing names the narrowest and the widest, all eight would cover each other
    row = ("efficient3d", "8", f"3D-MobileNetV{version} {width}x", "Kinetics-600")
    sets = {"width": Fraction(width)}
    return Released(
        Place(f"mobilenet_v{version}_3d", None, sets), f"V{version} {width}x" if is_named else "", row
    )


def _d_resnet(depth: int) -> Released:
    return Released(
        Place("d_resnet", f"R{depth}"), f"D{depth}", ("d3d", "4", f"D-ResNet-{depth}, fc", "accuracy")
    )


# What no published network of a family moves stays as published.
_MOBILENET = ("frames=16", "depth=1", "kernel_time=3")
_D_RESNET = ("frames=16", "channels=64", "window=16", "kernel_time=3")
_TSM = ("frames=8", "blocks3=6", "channels=64", "wide=1")

FAMILIES: tuple[Family, ...] = (
    Family(
        "X3D",
        [Space(Place("x3d", "M"), ("frames=16",))],
        [_x3d(name) for name in ("XS", "S", "M", "L", "XL")],
        "Kinetics-400",
    ),
    Family(
        "MoViNet",
        [Space(Place("movinet", f"A{model}-stream"), ("crop=96,128,172,224,256",)) for model in range(3)],
        [_movinet(f"A{model}") for model in range(3)],
        "Kinetics-600",
    ),
    Family(
        "TSM",
        [Space(Place("tsm", variant), _TSM) for variant in ("R50-online", "mobilenet_v2-online")],
        [
            Released(Place("tsm", "R50-online"), "R50"),
            Released(Place("tsm", "mobilenet_v2-online"), "MobileNetV2"),
        ],
    ),
    Family(
        "3D MobileNets",
        [
            Space(Place("mobilenet_v1_3d"), _MOBILENET),
            Space(Place("mobilenet_v2_3d"), (*_MOBILENET, "expansion=6")),
        ],
        [
            *(_mobilenet(1, width, is_named=width in "0.5 2.0") for width in ("0.5", "1.0", "1.5", "2.0")),
            *(_mobilenet(2, width, is_named=width in "0.2 1.0") for width in ("0.2", "0.45", "0.7", "1.0")),
        ],
        "Kinetics-600",
    ),
    Family(
        "D-ResNets",
        [Space(Place("d_resnet", name), _D_RESNET) for name in ("R18", "R50")],
        [_d_resnet(depth) for depth in (18, 50, 101)],
        "Kinetics-600",
    ),
)
