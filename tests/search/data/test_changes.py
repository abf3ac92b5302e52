import sys
from pathlib import Path

import pytest
import torch

from costmodel.errors import OptionError
from search.data.changes import changes_of


def clip() -> torch.Tensor:
    return torch.arange(4 * 3 * 16 * 16, dtype=torch.uint8).reshape(4, 3, 16, 16)


def test_without_torchvision_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torchvision.transforms", None)
    with pytest.raises(OptionError, match=r"needs torchvision: pip install 'costmodel\[augment\]'"):
        changes_of(0.4, 0, 9)


def test_a_torchvision_for_another_torch_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text("raise RuntimeError('operator nms does not exist')")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [each for each in sys.modules if each.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(OptionError, match=r"made for another PyTorch than .*: operator nms does not exist"):
        changes_of(0.4, 0, 9)


def test_a_recipe_without_changes_needs_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torchvision.transforms", None)
    assert changes_of(0, 0, 9) is None


@pytest.mark.peers("torchvision")
@pytest.mark.parametrize(("jitter", "operations"), [(0.4, 0), (0, 2), (0.4, 2)])
def test_all_frames_of_a_clip_change_alike_and_by_its_seed(jitter: float, operations: int):
    changes = changes_of(jitter, operations, 9)
    assert changes is not None
    still = clip()[:1].expand(4, -1, -1, -1)
    before = torch.random.get_rng_state()
    first, again, other = (changes(still, seed) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert all(torch.equal(frame, first[0]) for frame in first)
    # whoever else draws from torch's numbers is not disturbed
    assert torch.equal(torch.random.get_rng_state(), before)
