"""Sweeps over X3D-S frame by frame, and all their rows."""

import numpy as np

from costmodel.network import Network
from costmodel.transforms.continual import Continual
from search.sweep.evaluator import Evaluator
from search.sweep.grid import Grid, parse_axis
from search.sweep.sweep import Sweep

METRICS = ("macs_per_frame", "params", "state_floats")


def sweep_of(*axes, drawn=None, **options):
    evaluator = Evaluator(Network.of("x3d", "S", transforms=[Continual()]), METRICS)
    return Sweep(evaluator, Grid(tuple(parse_axis(each, "--grid") for each in axes), drawn, 1), **options)


def rows_of(found):
    pieces = [piece.rows for piece in found.pieces()]
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in found.columns}
