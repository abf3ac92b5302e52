"""Our optimiser takes the steps of PyTorch's, to the bit, and reads and writes its state."""

import subprocess
import sys

import pytest
import torch

from search.train.sgd import Sgd

SETTINGS = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.05},
    {"weight_decay": 0.05},
]


def values() -> list[torch.nn.Parameter]:
    torch.manual_seed(0)
    return [torch.nn.Parameter(torch.randn(shape)) for shape in ((3, 4), (7,), (2, 2, 2))]


def stepped(optimizer, learned: list[torch.nn.Parameter], seed: int) -> None:
    torch.manual_seed(seed)
    for value in learned[seed % 2 :]:  # in every other step the first one has no gradient
        value.grad = torch.randn_like(value)
    optimizer.param_groups[0]["lr"] = 0.1 / (1 + seed)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


@pytest.mark.parametrize("settings", SETTINGS)
def test_steps_and_state_are_those_of_torch(settings):
    ours, theirs = values(), values()
    own, torchs = Sgd(ours, 0.1, **settings), torch.optim.SGD(theirs, lr=0.1, **settings)
    for seed in range(5):
        stepped(own, ours, seed)
        stepped(torchs, theirs, seed)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    state, expected = own.state_dict(), torchs.state_dict()
    for number, kept in state["state"].items():
        assert torch.equal(kept["momentum_buffer"], expected["state"][number]["momentum_buffer"])
    group = expected["param_groups"][0]
    assert state["param_groups"] == [{name: group[name] for name in state["param_groups"][0]}]


@pytest.mark.parametrize("first", [torch.optim.SGD, Sgd])
def test_a_run_goes_on_from_the_state_of_either(first):
    learned, settings = values(), SETTINGS[2]
    whole, begun = values(), first(learned, 0.1, **settings)
    never_cut = Sgd(whole, 0.1, **settings)
    for seed in range(4):
        stepped(never_cut, whole, seed)
    for seed in range(2):
        stepped(begun, learned, seed)
    goes_on = Sgd(learned, 0.5)
    goes_on.load_state_dict(begun.state_dict())
    for seed in range(2, 4):
        stepped(goes_on, learned, seed)
    assert all(torch.equal(a, b) for a, b in zip(whole, learned, strict=True))


def test_the_state_of_another_network_is_refused():
    with pytest.raises(ValueError, match=r"^the state is of another number of values$"):
        Sgd(values(), 0.1).load_state_dict(Sgd(values()[1:], 0.1).state_dict())


def test_scaled_losses_take_the_same_step():
    plain, scaled = values(), values()
    own, under = Sgd(plain, 0.1, momentum=0.9), Sgd(scaled, 0.1, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    sum((value**2).sum() for value in plain).backward()
    scaler.scale(sum((value**2).sum() for value in scaled)).backward()
    own.step()
    scaler.step(under)
    scaler.update()
    assert all(torch.equal(a, b) for a, b in zip(plain, scaled, strict=True))


def test_a_training_loads_no_compiler():
    trained = "run(RECIPE); assert 'torch._dynamo' not in sys.modules"
    program = f"import sys; sys.path[:] = {sys.path!r}; from tiny_training import run, RECIPE; {trained}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-500:]
