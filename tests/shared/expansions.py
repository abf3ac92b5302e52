"""Searches decided in this process, every candidate scored by its entropy."""

from costmodel.network import Network
from search.problem.request import Request, prepare
from search.problem.steps import Judged


def judge(designs, step):
    (name,) = {text for design in designs for text in design.values if text == "entropy"}
    return [Judged(design.network, design.values[name]) for design in designs]


def run(spec, stream=None, **options):
    ready = prepare(Request(**options), Network.of(spec, transforms=[] if stream is None else [stream]))
    return ready.problem, list(ready.steps(ready.problem, judge))
