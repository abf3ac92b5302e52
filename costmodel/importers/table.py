"""A table of public networks read from their own code: `python -m costmodel.importers.table FOLDER`.

FOLDER holds checkouts of the repositories that are on no package index, under their own names; what is not
there, and packages that are not installed, are left out. Each network is read at full size and held against
its module, as a clip and as a stream, on a small crop; every step is a command, so that memory is given back.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from costmodel.analysis.temporal import timing
from costmodel.importers.public import SHRINK
from costmodel.network import Network

TORCHVISION, HUB = "torchvision.models.video", "pytorchvideo.models.hub"
COLUMNS = (
    "#",
    "network",
    "from",
    "input",
    "parameters",
    "multiply-adds",
    "class",
    "/n",
    "lookahead",
    "numbers of state",
    "answers",
    "stream",
    "seconds",
)


@dataclass(frozen=True)
class Public:
    """A public network.

    Args:
        number: in the list of networks to measure against.
        name: what its code calls it.
        of: its factory.
        frames: of a clip.
        crop: of a clip.
        small: the crop on which it is held against its module.
        options: of its factory.
        checkout: the repository that it stands in, and below it the folder to import from.
    """

    number: str
    name: str
    of: str
    frames: int
    crop: int
    small: int = 2 * SHRINK
    options: Mapping[str, object] = field(default_factory=dict)
    checkout: tuple[str, str] = ("", "")

    @property
    def origin(self) -> str:
        """Where its code is from."""
        return self.checkout[0] or self.of.split(".")[0].replace(":OfOneClip", "pytorchvideo")

    def arguments(self, root: Path, crop: int) -> str:
        """Those of `costmodel.importers.public:drawn`, as JSON."""
        options = dict(self.options)
        if self.checkout[0]:
            options["folder"] = str((root / self.checkout[0] / self.checkout[1]).resolve())
        clip = [2, 3, self.frames, self.small, self.small]
        return json.dumps({"of": self.of, "clip": clip, "options": options, "crop": crop})

    def sizes(self, crop: int) -> str:
        """A clip of this crop."""
        return f"1x3x{self.frames}x{crop}x{crop}"


NETWORKS = (
    Public("1", "r3d_18", f"{TORCHVISION}:r3d_18", 16, 112),
    Public("2", "mc3_18", f"{TORCHVISION}:mc3_18", 16, 112),
    Public("3", "r2plus1d_18", f"{TORCHVISION}:r2plus1d_18", 16, 112),
    Public("4", "s3d", f"{TORCHVISION}:s3d", 16, 224),
    Public("5", "swin3d_t", f"{TORCHVISION}:swin3d_t", 32, 224, 224),
    Public("6", "x3d_xs", f"{HUB}:x3d_xs", 4, 160),
    Public("6", "x3d_s", f"{HUB}:x3d_s", 13, 160),
    Public("6", "x3d_m", f"{HUB}:x3d_m", 16, 224),
    Public("7", "efficient_x3d_xs", f"{HUB}:efficient_x3d_xs", 4, 160),
    Public("8", "slow_r50", f"{HUB}:slow_r50", 8, 224),
    Public("9", "slowfast_r50", ":OfOneClip", 32, 224),
    Public("10", "c2d_r50", f"{HUB}:c2d_r50", 8, 224),
    Public("11", "i3d_r50", f"{HUB}:i3d_r50", 8, 224),
    Public("12", "csn_r101", f"{HUB}:csn_r101", 32, 224, SHRINK),
    Public("13", "r2plus1d_r50", f"{HUB}:r2plus1d_r50", 16, 224),
    Public("14", "mvit_base_16x4", f"{HUB}:mvit_base_16x4", 16, 224, 224),
    Public("16", "MoViNet-A0-Stream", ":movinet", 8, 172, checkout=("MoViNet-pytorch", "")),
    Public(
        "16",
        "MoViNet-A0-Stream, tf_like",
        ":movinet",
        8,
        172,
        172,
        options={"tf_like": True},
        checkout=("MoViNet-pytorch", ""),
    ),
    Public(
        "16",
        "MoViNet-A0, base",
        ":movinet",
        50,
        172,
        options={"causal": False},
        checkout=("MoViNet-pytorch", ""),
    ),
    Public(
        "17",
        "mobilenet_v2_tsm, online",
        ":ShiftedBack",
        8,
        224,
        checkout=("temporal-shift-module", "online_demo"),
    ),
    Public("18", "TSM-R50, offline", ":ShiftedBothWays", 8, 224, checkout=("temporal-shift-module", "")),
    Public("19", "3D-MobileNetV2", ":mobilenet_3d", 16, 112, checkout=("Efficient-3DCNNs", "")),
    Public("20", "3D DenseNet-121", ":densenet_3d", 16, 112, checkout=("3D-ResNets-PyTorch", "")),
)


def rows(root: Path, only: str = "") -> Iterator[dict[str, str]]:
    """A row for each network that is there, as it is measured."""
    for each in NETWORKS:
        there = (root / each.checkout[0]).is_dir() if each.checkout[0] else find_spec(each.origin) is not None
        if only in each.name and there:
            print(f"{each.number} {each.name}", file=sys.stderr, flush=True)
            yield _row(each, root)


def _row(each: Public, root: Path) -> dict[str, str]:
    row = {"#": each.number, "network": each.name, "from": each.origin, "input": each.sizes(each.crop)[2:]}
    factory = ["costmodel.importers.public:drawn", "--args"]
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        spec, weights = f"{folder}/net.yaml", f"{folder}/net.safetensors"
        given = [*factory, each.arguments(root, each.crop), "--input", each.sizes(each.crop)]
        read, told = _run("import", *given, "--out", spec, "--weights", weights)
        if read is None or read.get("unknown"):
            return row | {"class": _refused(read, told)}
        row |= {"parameters": f"{read['params']:,}", "multiply-adds": f"{read['macs']:,}"}
        row |= {"answers": f"{read['difference']:.1g}"}
        found, _ = _run("diagnose", spec)
        row |= {"class": found["class"] if found else "?"}
        row |= _stream(spec)
    if "/n" in row:
        given = [*factory, each.arguments(root, each.small), "--input", each.sizes(each.small)]
        found, told = _run("validate", *given, "--against", factory[0], "--continual")
        row |= {"stream": _proven(found, told)}
    return row | {"seconds": f"{time.perf_counter() - start:.0f}"}


def _stream(spec: str) -> dict[str, str]:
    totals, _ = _run("analyze", spec, "--continual")
    if totals is None:
        return {"stream": "none"}
    figures = totals["totals"]
    stream = Network.of(spec).continual().graph()
    return {
        "/n": str(timing(stream)[stream.output].jump),
        "lookahead": f"{figures['lookahead']:,}",
        "numbers of state": f"{figures['state_floats']:,}",
    }


def _proven(found: Mapping[str, Any] | None, told: str) -> str:
    """The largest difference of the stream, where all rows in 64 bits hold."""
    if found is None:
        return told
    # In 32 bits `answers` has told it, at full size: on small maps rounding is a larger share.
    wrong = [each for each in found["checks"] if not each["holds"] and "fp32" not in each["what"]]
    if wrong:
        return f"{wrong[0]['what']}: {wrong[0]['measured']}, {wrong[0]['note']}"
    return f"{max(each['measured'] for each in found['checks'] if each['what'].startswith('stream')):.1g}"


def _refused(read: Mapping[str, Any] | None, told: str) -> str:
    unknown = read["unknown"] if read else []
    kinds = ", ".join(dict.fromkeys(each["op"] for each in unknown))
    return f"refused: {kinds} ({len(unknown)} calls)" if kinds else told


def _run(*words: str) -> tuple[Any, str]:
    """What a command prints as JSON, None where it prints none; and its last line of error."""
    line = [sys.executable, "-W", "ignore", "-m", "costmodel", *words, "--format", "json"]
    done = subprocess.run(line, capture_output=True, text=True)
    errors = [each for each in done.stderr.splitlines() if each.startswith("error: ")]
    told = errors[-1].removeprefix("error: ")[:300] if errors else done.stderr.strip()[-300:]
    return (json.loads(done.stdout) if done.stdout.strip() else None), told


def main() -> None:
    """Prints the table, a row as soon as it is known."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    for row in rows(root, *sys.argv[2:3]):
        cells = (str(row.get(each, "")).replace("|", "\\|").replace("\n", " ") for each in COLUMNS)
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
