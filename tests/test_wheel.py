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


def test_the_wheel_holds_the_packages_and_no_tests(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        top_level = {name.split("/")[0] for name in archive.namelist()}
    packages = {name for name in top_level if not name.endswith(".dist-info")}
    assert packages == {"cli.py", "commands", "costmodel", "reports", "search", "specs"}


def test_the_wheel_holds_every_shipped_spec(wheel: Path):
    shipped = {str(path.relative_to(ROOT)) for path in (ROOT / "specs").rglob("*.yaml")}
    with zipfile.ZipFile(wheel) as archive:
        assert shipped <= set(archive.namelist())


def test_the_installed_package_comes_from_the_wheel(environment: Path, tmp_path: Path):
    program = "import cli, costmodel; print(cli.__file__, costmodel.__file__)"
    printed = run(environment / "bin" / "python", "-c", program, cwd=tmp_path)
    assert all(Path(file).is_relative_to(environment) for file in printed.split())


def test_the_installed_command_analyses_a_shipped_spec_from_another_folder(environment: Path, tmp_path: Path):
    command = environment / "bin" / "costmodel"
    printed = run(command, "analyze", "x3d_m", "--format", "json", cwd=tmp_path)
    assert json.loads(printed)["totals"]["macs_per_clip"] == 4_732_468_736
