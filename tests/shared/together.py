"""Trainings in several processes of this machine that share each batch."""

import multiprocessing
import os
import pickle
import socket
from pathlib import Path

SECONDS = 120


def train_together(size: int, folder: Path, *arguments: object) -> list[dict[str, object]]:
    """What `tiny_training.run` gives in each of so many processes, each with a folder of its own.

    Args:
        size: how many processes.
        folder: in which each has `0`, `1` and so on.
        arguments: recipe, network and further options of `run`.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["search.train.loaded"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [
        context.Process(target=_train, args=(rank, size, port, folder, arguments)) for rank in range(size)
    ]
    for each in processes:
        each.start()
    for each in processes:
        each.join(SECONDS)
    assert [each.exitcode for each in processes] == [0] * size
    return [pickle.loads((folder / f"{rank}.pickle").read_bytes()) for rank in range(size)]


def _train(rank: int, size: int, port: int, folder: Path, arguments: tuple[object, ...]) -> None:
    from tiny_training import run

    from search.train.group import Group, joined

    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(size)}
    recipe, trained, options = arguments
    group = Group(rank, size, rank, size)
    with joined(group, "cpu"):
        result = run(recipe, trained, folder=folder / str(rank), group=group, **options)
    values = {name: value.numpy() for name, value in result.form.network.state_dict().items()}
    (folder / f"{rank}.pickle").write_bytes(pickle.dumps({"rows": result.rows, "values": values}))
