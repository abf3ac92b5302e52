"""Tensors taken in their order, names apart."""

import torch
from strangers import equal, named, refusal

from costmodel.emit.checkpoints.fit import Reading, fit


def test_order_takes_tensors_where_all_shapes_agree(wanted):
    fitted = fit(named(wanted), wanted, Reading(by_order=True))
    assert equal(fitted.tensors, wanted)
    assert fitted.note.startswith("taken by order: 4 of 8 tensors have a shape that others have too")


def test_order_names_the_first_place_that_differs(wanted):
    reading, found = Reading(by_order=True), named(wanted)
    differing = found | {"layers.0.weight": torch.ones(3, 2, 1, 1, 1)}
    assert refusal(differing, wanted, reading) == (
        "--by-order: tensor 6 of 8 is 'layers.0.weight' of (3, 2, 1, 1, 1), "
        "expected 'b.weight' of (3, 3, 1, 1, 1)"
    )
    longer = found | {"loss.weight": torch.ones(1)}
    expected = "--by-order: tensor 9 of 9 is 'loss.weight', expected no more: the network has 8"
    assert refusal(longer, wanted, reading) == expected
    del found["head.weight"], found["head.bias"]
    expected = "--by-order: tensor 7 of 6 is not there, expected 'c.weight' and 1 more"
    assert refusal(found, wanted, reading) == expected
