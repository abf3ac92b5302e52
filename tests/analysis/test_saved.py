"""What layers keep for their gradients."""

import pytest

import costmodel.ops
from costmodel.analysis.saved import KEEPS, Saved, saved_by
from costmodel.errors import OptionError
from costmodel.ops import Conv, Dropout, GlobalPool, MaxPool, Op, Relu, Split, Swish
from costmodel.types import TensorType, Work
from tests.ops.test_ops import CASES, Case
from tests.shared.live_memory import kept_by_autograd

X = TensorType(4, 3, 6, 6)
MAP = 4 * 3 * 6 * 6


@pytest.mark.parametrize(
    ("op", "saved"),
    [
        (Conv(channels=2, kernel=(3, 3, 3)), Saved(inputs=True)),
        (Conv(channels=2, kernel=(3, 1, 1), causal=True), Saved(own=4 * 5 * 6 * 6)),
        (Relu(), Saved(output=True)),
        (Swish(), Saved(inputs=True)),
        (Dropout(), Saved(own=MAP)),
        (GlobalPool(), Saved()),
        (Split(part=1), Saved()),
        (
            MaxPool(kernel=(1, 2, 2), stride=(1, 2, 2), padding=(0, 0, 0)),
            Saved(inputs=True, own=2 * 4 * 3 * 9),
        ),
        (MaxPool(kernel=(1, 3, 3)), Saved(own=2 * MAP + 4 * 3 * 8 * 8)),
    ],
)
def test_a_layer_keeps_what_its_gradient_needs(op: Op, saved: Saved):
    assert saved_by(op, (X,)) == saved


def test_what_an_unknown_kind_of_work_keeps_is_never_taken_as_nothing(monkeypatch: pytest.MonkeyPatch):
    def work(self: Op, x: TensorType) -> Work:
        return {"activation.mystery": 1}

    monkeypatch.setattr(costmodel.ops.Relu, "work", work)
    with pytest.raises(OptionError, match=r"training_bytes: what 'activation\.mystery' keeps"):
        saved_by(Relu(), (X,))


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case.op).__name__)
def test_every_op_keeps_what_autograd_does(case: Case):
    predicted, measured = saved_by(case.op, case.inputs), kept_by_autograd(case.op, case.inputs)
    assert predicted[:2] == measured[:2]
    # Statistics of norms are left out, as is that nothing stands ahead of the first frame.
    least = 2 * case.op.out(*case.inputs).with_time(1).values
    assert predicted.own == pytest.approx(measured.own, abs=int(least))


def test_each_kind_keeps_one_of_the_known_things():
    assert set(KEEPS.values()) == {"inputs", "output", "values", "inputs and values", "indices", "nothing"}
