"""Applies a recipe to a fresh network: initial weights, dropout, drop-connect, norms, and what is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.emit import Network
from costmodel.emit.modules.merge import AddLayer
from costmodel.emit.modules.pointwise import BatchNormLayer, DropoutLayer
from costmodel.emit.modules.recurrent import RecurrentLayer
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Add
from search.train.checkpoint import classifier_of
from search.train.recipe import Recipe


def prepare(network: Network, recipe: Recipe) -> None:
    """Applies the recipe's settings; of the weights, only the ends of residual branches change.

    The last batch norm of each residual branch starts at zero, so that the block starts as the identity, "the
    initialization in [23]" (Goyal 2017, sec. 5.1) of Feichtenhofer 2020, sec. A.3.
    """
    for layer in network.layers.values():
        if isinstance(layer, BatchNormLayer):
            layer.momentum = recipe.norm_momentum
        elif isinstance(layer, DropoutLayer) and recipe.dropout is not None:
            layer.rate = recipe.dropout
        elif isinstance(layer, RecurrentLayer) and recipe.hidden_dropout:
            # hooks, not modules: what a state dict calls the weights stays as the network has it
            layer.register_forward_hook(partial(_drop_hidden, rate=recipe.hidden_dropout))
    residuals = _residuals(network.graph)
    for number, (add, branch) in enumerate(residuals):
        last = network.layers[add.inputs[branch]]
        if isinstance(last, BatchNormLayer):
            nn.init.zeros_(last.weight)
        if recipe.drop_connect:
            # the rule of linear decay: early blocks feed all others and are dropped least  (Huang 2016)
            rate = recipe.drop_connect * (number + 1) / len(residuals)
            layer = network.layers[add.name]
            assert isinstance(layer, AddLayer)
            layer.register_forward_pre_hook(partial(_drop, branch=branch, rate=rate))


def freeze(network: Network) -> None:
    """Freezes all layers but the classifier; they keep their weights and statistics."""
    freeze_but(network, (classifier_of(network),))


def freeze_but(network: Network, layers: Sequence[str]) -> None:
    """Freezes all layers but those named."""
    for name, value in network.named_parameters():
        value.requires_grad_(name.rpartition(".")[0] in layers)


def learning_mode(network: Network, frozen: bool) -> None:
    """Sets the network to train; where all but the classifier is frozen, batch norms run as in evaluation."""
    network.train()
    if frozen:
        for layer in network.layers.values():
            if isinstance(layer, BatchNormLayer):
                layer.eval()


def _drop_hidden(layer: nn.Module, given: tuple[Tensor, ...], answer: Tensor, *, rate: float) -> Tensor:
    """Drops values of what a recurrent layer answers, in training alone  (Kopuklu 2022, sec. 3.3)."""
    return functional.dropout(answer, rate, layer.training)


def _drop(layer: nn.Module, branches: tuple[Tensor, ...], *, branch: int, rate: float) -> tuple[Tensor, ...]:
    """Leaves a residual branch out for some clips, the others scaled up  (Huang 2016, eq. 2)."""
    if not layer.training or not torch.is_grad_enabled():
        return branches
    value = branches[branch]
    # one draw a clip: a branch is dropped whole, or it is kept
    kept = torch.rand((len(value), *(1,) * (value.dim() - 1)), device=value.device) >= rate
    dropped = value * (kept / (1 - rate))
    return (*branches[:branch], dropped, *branches[branch + 1 :])


def _residuals(graph: Graph) -> list[tuple[Node, int]]:
    """Each sum of two branches with the number of the longer one, in order."""
    depth = {INPUT: 0}
    found = []
    for node in graph.nodes:
        # the branch of a block goes through more layers than its shortcut, a projection included
        depth[node.name] = 1 + max(depth[name] for name in node.inputs)
        if isinstance(node.op, Add) and len(node.inputs) == 2:
            first, second = (depth[name] for name in node.inputs)
            found.append((node, 0 if first >= second else 1))
    return found
