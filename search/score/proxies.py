"""Zero-cost proxies: scores of the emitted network before any training. They load torch when they run."""

from __future__ import annotations

from collections.abc import Mapping

from search.score.base import Result, Task


class Synflow:
    """SynFlow's sum over parameters of |theta * dR/dtheta|, in its logarithm  (Tanaka 2020, eq. 2).

    R is the sum of the answers to an input of ones, all parameters at their absolute values; batch norms
    stand as they are made, as the identity. In doubles, which a hundred residual blocks still overflow: such
    a candidate fails.
    """

    name = "synflow"
    in_worker = True

    def recipe_at(self, step: int) -> Mapping[str, object]:
        """Empty: the score depends on the network and the seed alone."""
        return {}

    def __call__(self, task: Task) -> Result:
        """The score of a candidate: one pass forward and one back."""
        import torch

        from costmodel.emit import emit

        torch.manual_seed(task.seed)
        # Sums over threads depend on how many there are, in their last bits.
        torch.set_num_threads(1)
        # the clip network even where streams are searched: the same weights, in one pass
        network = emit(task.network.clip()).double().eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.abs_()
        source = network.graph.source
        answer = network(torch.ones(1, *map(int, source), dtype=torch.float64)).sum()
        answer.backward()
        flow = sum(
            float((parameter.detach() * parameter.grad).abs().sum())
            for parameter in network.parameters()
            if parameter.grad is not None
        )
        return Result(float(torch.tensor(flow, dtype=torch.float64).log()))
