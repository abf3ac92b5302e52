import pytest
import torch
from live_networks import stream

from costmodel.errors import EmitError, OptionError
from search.live.speed import fastest


def test_the_fastest_of_those_that_run_is_chosen():
    told: list[str] = []
    found = fastest(stream(), 2, torch.device("cpu"), ("eager", "recorded"), told.append)
    assert found.backend == "eager"
    assert found.per_second > 0
    assert told[1].startswith("backend recorded: backend recorded: on device cpu, expected a CUDA device")


def test_where_none_runs_the_reasons_are_told():
    with pytest.raises(EmitError, match=r"no backend runs the network: recorded: .*expected a CUDA device"):
        fastest(stream(), 1, torch.device("cpu"), ("recorded",))


def test_an_unknown_backend_is_named():
    with pytest.raises(OptionError, match=r"--backend: unknown 'fast'"):
        fastest(stream(), 1, torch.device("cpu"), ("fast",))
