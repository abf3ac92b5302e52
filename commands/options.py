"""Options that several commands share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from costmodel.options import Option
from reports.table import FORMATS

SPEC = Option(
    "spec",
    "A spec: a path, a shipped name such as x3d_m, or a file of weights. With --input also a PyTorch "
    "factory: package.module:factory or path/to/file.py:factory, whose Python is imported and RUN.",
    metavar="SPEC",
    is_positional=True,
    is_required=True,
)
SPECS = replace(
    SPEC,
    help="Specs: paths, shipped names, files of weights, or with --input factories, whose Python is RUN.",
    is_repeatable=True,
)
# brackets, as usage lines have them for what may be left out
MAYBE_SPEC = replace(SPEC, metavar="[SPEC]", is_required=False)
LINES = Option(
    "lines",
    'Networks, each a SPEC with its own options in quotes: "x3d --variant S --continual --pool 64".',
    metavar='"SPEC [OPTIONS]"',
    is_positional=True,
    is_required=True,
    is_repeatable=True,
)
VARIANT = Option("variant", "A variant of the spec, such as XS.")
SET = Option("set", "A size of the spec; repeatable.", metavar="NAME=VALUE", is_repeatable=True)
FORMAT = Option(
    "format",
    "How figures are printed; standard output holds nothing else.",
    default="table",
    choices=tuple(FORMATS),
)
SEED = Option("seed", "Seed of all that is drawn at random.", int, 0, least=0)
DTYPE = Option(
    "dtype", "What sizes in bytes are counted in: fp32, fp16 or int8.", default="fp32", metavar="NAME"
)
FPS = Option("fps", "Frames a second of the camera; adds seconds and MACs a second.", float)
TRAIN = Option(
    "train", "Adds the memory of a step of training on so many clips.", int, least=1, metavar="BATCH"
)
DRAW = Option(
    "draw",
    "With --pareto, draws the front as .png, .svg or .pdf: its first figure along, the second up, a third "
    "in colour.",
    Path,
    metavar="FILE",
)
OUT = Option("out", "The folder to write to.", Path, Path("out"), metavar="DIR")
