"""An argument that no rule reads is an error."""

import pytest
import torch
from own_modules import CLIP
from torch import nn

from costmodel.importers import ModuleError, read_module
from costmodel.importers.rules import RULES
from costmodel.importers.rules.activation import of_each
from costmodel.ops import op_named


class Leaky(nn.Module):
    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.leaky_relu(x, self.slope)


def test_a_rule_that_forgets_an_argument_is_found_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(RULES, "leaky_relu.default", lambda call: of_each(call, op_named("leaky_relu")()))
    read_module(Leaky(0.01), CLIP, "net")  # its default
    with pytest.raises(ModuleError, match=r"negative_slope=0\.3 is not read by its rule"):
        read_module(Leaky(0.3), CLIP, "net")
