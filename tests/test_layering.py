"""The order of DESIGN.md is law: who may import whom, and what may load when a module is imported."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from costmodel.ops import Op

ROOT = Path(__file__).resolve().parent.parent

# Each layer imports only what stands before it; those of one row know nothing of each other.
ORDER = (
    ("costmodel.errors",),
    ("costmodel.escape", "costmodel.names", "costmodel.readable", "costmodel.answer"),
    ("costmodel.own",),
    ("costmodel.claimed",),
    ("costmodel.files", "costmodel.free_memory", "costmodel.heap"),
    ("costmodel.symbols",),
    ("costmodel.numbers",),
    ("costmodel.conditions",),
    ("costmodel.options",),
    ("costmodel.arithmetic",),
    ("costmodel.types",),
    ("costmodel.ops",),
    ("costmodel.graph",),
    ("costmodel.edit",),
    ("costmodel.spec", "costmodel.analysis"),
    ("costmodel.transforms",),
    ("costmodel.address", "costmodel.network_data"),
    ("costmodel.network",),
    ("costmodel.diagnosis", "costmodel.python"),
    ("costmodel.weights",),
    ("costmodel.emit",),
    ("costmodel.importers", "costmodel.validation"),
    ("costmodel",),  # the public face gathers what stands before it
    ("search",),
    ("reports",),
    ("commands",),
    ("costmodel.__main__",),
    ("cli",),
)
RANK = {layer: rank for rank, row in enumerate(ORDER) for layer in row}
TOP_LEVEL = {layer.split(".")[0] for layer in RANK}

TORCH = (
    "costmodel.emit",
    "costmodel.validation",
    "costmodel.importers",
    "search.train",
    "search.data",
    "search.live",
    "search.score",
)
# Where each slow library may load together with its importer; elsewhere, inside the function that uses it.
SLOW_LIBRARIES = {
    "torch": TORCH,
    "torchvision": TORCH,
    "safetensors": TORCH,
    "sklearn": TORCH,
    "onnx": TORCH,
    "onnx_ir": TORCH,
    "onnxruntime": TORCH,
    "onnxscript": TORCH,
    "pandas": ("reports",),
    "matplotlib": ("reports",),
    "networkx": ("search", "reports"),
    "sympy": ("costmodel.symbols", "search", "reports"),
    "numpy": ("costmodel.emit", "costmodel.importers", "search", "reports"),
}


class Import(NamedTuple):
    """One imported name, and whether it loads together with the module that imports it."""

    name: str
    at_load: bool


def imports(node: ast.AST, at_load: bool = True) -> Iterator[Import]:
    """Every import below ``node``; a relative one keeps its leading dots."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, at_load) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            module = "." * child.level + (child.module or "")
            yield from (Import(f"{module}.{alias.name}", at_load) for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from imports(ast.Module(child.body, []), at_load=False)
            yield from imports(ast.Module(child.orelse, []), at_load)
        else:
            deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports(child, at_load and not deferred)


def layer_of(module: str) -> str:
    """The layer that a module, or a name imported from it, belongs to."""
    parts = module.split(".")
    named = ".".join(parts[:2])
    return named if named in RANK else parts[0]


def violations(module: str, source: str) -> list[str]:
    """What ``source`` imports although ``module`` may not."""
    found = imports(ast.parse(source))
    return [f"{module}: {problem}" for item in found if (problem := _problem(module, item))]


def _problem(module: str, item: Import) -> str | None:
    top_level = item.name.split(".")[0]
    if item.name.startswith("."):
        return f"relative import {item.name}"
    if top_level in TOP_LEVEL:
        layer, imported = layer_of(module), layer_of(item.name)
        allowed = imported == layer or RANK[imported] < RANK[layer]
        return None if allowed else f"{layer} may not import {imported} ({item.name})"
    if item.at_load and top_level in SLOW_LIBRARIES and not module.startswith(SLOW_LIBRARIES[top_level]):
        return f"{top_level} must be imported inside the function that uses it"
    return None


def modules() -> Iterator[tuple[str, str]]:
    """The dotted name and the source of every module of the project."""
    for top_level in sorted(TOP_LEVEL):
        package = ROOT / top_level
        for path in sorted(package.rglob("*.py")) if package.is_dir() else [package.with_suffix(".py")]:
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__"), path.read_text()


def test_every_module_of_costmodel_has_its_place_in_the_order():
    names = {".".join(name.split(".")[:2]) for name, _ in modules() if name.startswith("costmodel.")}
    assert names - set(RANK) == set()


def test_every_module_imports_only_what_stands_before_it():
    assert [problem for name, source in modules() for problem in violations(name, source)] == []


@pytest.mark.parametrize(
    ("module", "source", "problem"),
    [
        (
            "costmodel.graph",
            "from costmodel.spec import load",
            "costmodel.graph may not import costmodel.spec",
        ),
        (
            "costmodel.graph",
            "from costmodel import analysis",
            "costmodel.graph may not import costmodel.analysis",
        ),
        ("costmodel.graph", "import costmodel", "costmodel.graph may not import costmodel (costmodel)"),
        (
            "costmodel.spec.load",
            "import costmodel.analysis",
            "costmodel.spec may not import costmodel.analysis",
        ),
        ("costmodel.ops.conv", "from . import base", "relative import .."),
        ("costmodel.ops.conv", "def f():\n import search", "costmodel.ops may not import search (search)"),
        ("costmodel.graph", "import networkx as nx", "networkx must be imported inside the function"),
        (
            "costmodel.graph",
            "class A:\n from numpy import array",
            "numpy must be imported inside the function",
        ),
        ("search.engine.local", "import torch.nn", "torch must be imported inside the function"),
        (
            "cli",
            "try:\n import pandas\nexcept ImportError: pass",
            "pandas must be imported inside the function",
        ),
    ],
)
def test_a_forbidden_import_is_named(module: str, source: str, problem: str):
    (found,) = violations(module, source)
    assert found.startswith(f"{module}: {problem}")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("costmodel.graph", "from costmodel.types import TensorType\nfrom costmodel import ops"),
        ("costmodel.graph", "def f():\n import networkx"),
        ("costmodel.numbers", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n import sympy"),
        ("costmodel.emit.torch", "import torch\nfrom costmodel.ops import conv"),
        ("search.score.base", "import torch\nfrom costmodel import load"),
        ("reports.memory", "import pandas\nfrom search.study.study import Study"),
    ],
)
def test_an_allowed_import_passes(module: str, source: str):
    assert violations(module, source) == []


# Who derives figures and networks from what ops state, and so needs to know no op by its class.
ASKS_THE_OP = tuple(
    f"costmodel.{package}" for package in ("analysis", "transforms", "emit", "validation", "network")
)


def asked_by_class(source: str) -> list[str]:
    """The classes of ops that ``source`` tells apart by `isinstance`, where it should ask the op."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    tested = [call.args[1] for call in calls if ast.unparse(call.func) == "isinstance"]
    names = {ast.unparse(node).rpartition(".")[2] for kinds in tested for node in ast.walk(kinds)}
    return sorted(names & OP_CLASSES)


def _classes_of_ops() -> set[str]:
    found, waiting = set[str](), [Op]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        found |= {kind.__name__ for kind in kinds}
        waiting += kinds
    return found


OP_CLASSES = _classes_of_ops()


def test_ops_are_asked_for_facts_not_for_their_class():
    """A layer of one's own has a class that nobody can have named."""
    asked = {name: asked_by_class(source) for name, source in modules() if name.startswith(ASKS_THE_OP)}
    assert {name: classes for name, classes in asked.items() if classes} == {}


@pytest.mark.parametrize(
    ("source", "classes"),
    [
        ("isinstance(op, Conv | ops.Linear)", ["Conv", "Linear"]),
        ("x = [isinstance(node.op, (Step, Delay))]", ["Delay", "Step"]),
        ("isinstance(module, BatchNormLayer) or op.slides", []),
    ],
)
def test_a_class_of_ops_that_is_asked_for_is_named(source: str, classes: list[str]):
    assert asked_by_class(source) == classes


def loaded_by(program: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after it has run ``program``."""
    report = "import json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    command = [sys.executable, "-c", f"{program}\n{report}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


RUN_CLI = """
import cli
try:
    code = cli.main({arguments!r})
except SystemExit as stop:
    code = stop.code
if code:
    raise SystemExit(code)
"""


@pytest.mark.parametrize("options", [[], ["--continual"], ["--continual", "--format", "json"]])
def test_analyze_loads_no_slow_library(options: list[str]):
    program = RUN_CLI.format(arguments=["analyze", "x3d_m", *options])
    loaded = loaded_by(program)
    assert "costmodel" in loaded
    assert loaded & {"torch", "pandas", "matplotlib", "networkx", "sympy", "sklearn"} == set()


def test_networks_alone_are_made_from_specs():
    """A second place that elaborates would forget a transform, a size or an address sooner or later."""
    makers = {name for name, source in modules() if re.search(r"\belaborate\(", source)}
    assert {name for name in makers if not name.startswith("costmodel.spec")} == {"costmodel.network"}


def test_analyze_reads_its_command_line_and_writes_json_without_what_others_need():
    loaded = loaded_by(RUN_CLI.format(arguments=["analyze", "x3d_m", "--continual", "--format", "json"]))
    unused = {"typer", "click", "rich", "pydantic", "numpy", "argparse", "csv", "tempfile", "hashlib", "html"}
    assert loaded & unused == set()


def test_importing_costmodel_loads_no_slow_library():
    assert loaded_by("import costmodel") & set(SLOW_LIBRARIES) == set()


def test_a_search_that_trains_nothing_loads_no_torch():
    assert loaded_by("import search.engine, search.methods.run") & {"torch", "distributed"} == set()


def test_a_search_that_trains_loads_torch_in_its_workers_alone():
    imported = "import search.data.video_set\nfrom search.score.training import TrainScore"
    made = f"{imported}\nTrainScore(data='digits:train=9,val=9')"
    assert loaded_by(made) & {"torch", "sklearn"} == set()
