"""Skips what this machine cannot run, and says what is missing."""

import os
from importlib.util import find_spec
from shutil import which

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny tensors: threads would spin and wait for each other


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("peers"):
        missing = [name for name in marker.args if find_spec(name) is None]
        if missing:
            pytest.skip(f"needs {', '.join(missing)}: pip install -e '.[peers]'")
    if item.get_closest_marker("browser"):
        if find_spec("playwright") is None:
            pytest.skip("needs Playwright: pip install playwright")
        if which("chromium") is None:
            pytest.skip("needs a Chromium: apt-get install chromium")
    if item.get_closest_marker("gpu"):
        import torch  # only where a test asks for it: it takes seconds

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")
