"""The wheel holds all that it needs and nothing else, and works away from the sources."""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    "commands",
    "costmodel",
    "search",
    "specs",
    "reports",
    "tests",
    "cli.py",
    "pyproject.toml",
    "setup.py",
    "README.md",
    "LICENSE",
)


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command that has to succeed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy: setuptools would pack what an earlier build left in the checkout."""
    copy = tmp_path_factory.mktemp("copy")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", cwd=copy)
    (built,) = copy.glob("dist/*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel in it; the dependencies are borrowed, not installed again."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    install = ("install", "--quiet", "--no-deps", "--no-index", wheel)
    run(sys.executable, "-m", "pip", "--python", python, *install, cwd=folder)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages / "borrowed.pth").write_text("\n".join(sorted(borrowed)))
    return folder


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The files of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_packages_and_no_tests(names: set[str]):
    packages = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert packages == {"cli.py", "commands", "costmodel", "reports", "search"}


def test_the_wheel_holds_every_module_and_every_shipped_spec(names: set[str]):
    modules = [path for name in SOURCES[:4] for path in (ROOT / name).rglob("*.py")]
    shipped = {f"costmodel/{path.relative_to(ROOT)}" for path in (ROOT / "specs").rglob("*.yaml")}
    assert {str(path.relative_to(ROOT)) for path in modules} - names == set()
    assert shipped - names == set()
    assert "costmodel/specs/spec.schema.json" in names


def test_the_installed_package_comes_from_the_wheel(environment: Path, tmp_path: Path):
    program = "import cli, costmodel; print(cli.__file__, costmodel.__file__)"
    printed = run(environment / "bin" / "python", "-c", program, cwd=tmp_path)
    assert all(Path(file).is_relative_to(environment) for file in printed.split())


def test_the_installed_command_analyses_a_shipped_spec_from_another_folder(environment: Path, tmp_path: Path):
    command = environment / "bin" / "costmodel"
    printed = run(command, "analyze", "x3d_m", "--format", "json", cwd=tmp_path)
    assert json.loads(printed)["totals"]["macs_per_clip"] == 4_732_468_736


EVERY = """
import contextlib, io
from commands.index import COMMANDS
from commands.run import run
# what each of them reads beside its modules: specs, templates, figures of papers, presets, recipes
LINES = [[name, "--help"] for name in COMMANDS]
LINES += [line.split() for line in (
    "list movinet", "schema", "completion bash", "report html digits --continual --out page.html",
    "reproduce --table co3d:3",
    "search digits --preset stream --budget macs_per_frame<=2x --study s.db --out out",
    "report study s.db --out study.html", "explain digits", "report layers --out pages",
)]
with contextlib.redirect_stdout(io.StringIO()):
    failed = [line for line in LINES if run(line)]
print(len(LINES) > 30, failed)
"""


@pytest.mark.slow
def test_every_command_runs_away_from_the_sources(environment: Path, tmp_path: Path):
    assert run(environment / "bin" / "python", "-c", EVERY, cwd=tmp_path) == "True []\n"
    assert {"page.html", "study.html", "pages"} <= {path.name for path in tmp_path.iterdir()}


OURS = ("search", "reports", "commands", "specs", "cli")
API = """
import sys, costmodel
from costmodel.emit import emit
graph = costmodel.load("x2d", crop=32, frames=2)
costmodel.analyze(costmodel.continual(graph))
emit(graph)
print(sorted(set(sys.modules) & {"search", "reports", "commands", "specs", "cli"}))
"""
LOUD = "raise SystemExit(f'a file of the user was loaded: {__file__}')\n"
PLANTED = {
    "files": ("search.py", "reports.py", "commands.py", "specs.py", "cli.py"),
    "packages": tuple(f"{name}/__init__.py" for name in OURS),
    "folders": tuple(f"{name}/notes.txt" for name in OURS),
}


@pytest.fixture(params=PLANTED)
def users(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder of a user's whose files bear the names of our packages."""
    for name in PLANTED[request.param]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(LOUD)
    return tmp_path


def test_the_python_interface_loads_nothing_by_a_name_that_a_user_may_have(environment: Path, users: Path):
    (users / "script.py").write_text(API)
    assert run(environment / "bin" / "python", users / "script.py", cwd=users) == "[]\n"


@pytest.mark.parametrize("entry", [("bin/costmodel",), ("bin/python", "-m", "costmodel")])
def test_commands_are_ours_whatever_stands_beside_a_script_or_on_the_path(
    environment: Path, users: Path, entry: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONPATH", str(users))
    command = (environment / entry[0], *entry[1:])
    options = ("--grid", "frames=4", "--metrics", "params", "--format", "csv")
    assert run(*command, "sweep", "x2d", *options, cwd=users).startswith("frames,params,valid\n4,")


SPAWN = """
import multiprocessing
from costmodel import own

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=own.call, args=("search.engine.local:worker_count", 3))
    process.start()
    process.join()
    print(process.exitcode)
"""


def test_a_spawned_worker_loads_our_packages(environment: Path, users: Path):
    (users / "script.py").write_text(SPAWN)
    assert run(environment / "bin" / "python", users / "script.py", cwd=users) == "0\n"


def test_a_module_of_the_users_that_is_loaded_already_is_named(environment: Path, tmp_path: Path):
    (tmp_path / "search.py").write_text("")
    (tmp_path / "script.py").write_text(
        "import search\nfrom costmodel.__main__ import main\nprint(main(['list']))"
    )
    command = [environment / "bin" / "python", "script.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"
    assert done.stderr == (
        f"error: {tmp_path / 'search.py'}: is loaded as 'search', the name of a package of costmodel; "
        "rename it, or use a process of its own\n"
    )
