"""Steps compiled ahead of time run beside other threads, and answer as torch's own loader has them."""

import threading
import time
from pathlib import Path

import pytest
import torch
import torch.utils._pytree as pytree
from torch import Tensor, nn

from costmodel.emit import unlocked
from costmodel.emit.backends import exported
from costmodel.emit.strides import InLayout

SIDE = 3000  # a product of two such matrices takes a tenth of a second and more
CALLS = 5


class Products(nn.Module):
    """Nested inputs and outputs, as a step has them; an empty tuple among them."""

    def forward(self, first: Tensor, others: tuple[Tensor, ...]) -> tuple[tuple[Tensor, ...], tuple[()]]:
        return (first @ others[0], first + others[1]), ()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    inputs = torch.randn(SIDE, SIDE), (torch.randn(SIDE, SIDE), torch.randn(SIDE, 1))
    program = torch.export.export(Products(), inputs)
    path = tmp_path_factory.mktemp("compiled") / "products.pt2"
    return Path(torch._inductor.aoti_compile_and_package(program, package_path=str(path)))


def inputs() -> tuple[Tensor, tuple[Tensor, ...]]:
    return torch.randn(SIDE, SIDE), (torch.randn(SIDE, SIDE), torch.randn(SIDE, 1))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_it_answers_as_torch_loads_it(package: Path):
    given = inputs()
    found, expected = unlocked.load(package)(*given), torch._inductor.aoti_load_package(str(package))(*given)
    assert pytree.tree_structure(found) == pytree.tree_structure(expected)
    assert all(map(torch.equal, pytree.tree_leaves(found), pytree.tree_leaves(expected)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_another_thread_goes_on_while_it_runs(package: Path):
    run, given, times, over = unlocked.load(package), inputs(), list[float](), threading.Event()

    def wake() -> None:
        while not over.wait(0.0005):
            times.append(time.perf_counter())

    other = threading.Thread(target=wake)
    other.start()
    begun = time.perf_counter()
    for _ in range(CALLS):
        run(*given)
    ended = time.perf_counter()
    over.set()
    other.join()
    # Beside torch's loader it woke twenty times a call, without the lock a thousand times.
    assert sum(begun < each < ended for each in times) > 100 * CALLS


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_asks_python_is_left_to_torch(package: Path, monkeypatch: pytest.MonkeyPatch):
    assert isinstance(unlocked.load(package), unlocked._Model)
    monkeypatch.setattr(unlocked, "ASKS_PYTHON", b"AOTInductorModel")
    assert not isinstance(unlocked.load(package), unlocked._Model)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_backend_runs_without_the_lock():
    given = torch.randn(2, 3), (torch.randn(3, 3), torch.randn(2, 1))
    run = exported(Products(), given)
    assert isinstance(run, InLayout)
    assert isinstance(run.run, unlocked._Model)
