"""Where the state lies, and from where on a host fills it anew after each early run."""

from __future__ import annotations

from costmodel.emit.onnx.layout import Slot, described, packed

SLOTS = (
    Slot("late", (2, 4, 4), 0.0, 5),
    Slot("early", (3, 4, 4), 0.0, 0),
    Slot("pool", (1, 4, 4), -9.0, 2),
    Slot("small", (7, 1, 1), 0.0, 3),
    Slot("middle", (1, 4, 4), 0.0, 2),
)


def test_a_tensor_holds_one_size_of_map_and_one_fill_in_the_order_in_which_layers_begin():
    found = packed(SLOTS, "map")
    assert [(each.name, each.shape) for each in found] == [
        ("state_4x4", (6, 4, 4)),
        ("state_4x4_lowest", (1, 4, 4)),
        ("state_1x1", (7, 1, 1)),
    ]
    assert [(first, slot.name) for first, slot in found[0].placed()] == [
        (0, "early"),
        (3, "middle"),
        (4, "late"),
    ]


def test_after_an_early_run_all_slots_are_filled_whose_layers_begin_later():
    told = described(packed(SLOTS, "map"), 1, 1, [0], 5, is_masked=False)
    assert told["resets"] == [
        {"state": "state_4x4", "fill": 0.0, "first": 0, "end": 6, "starts": [[2, 3], [5, 4]]},
        {"state": "state_4x4_lowest", "fill": -9.0, "first": 0, "end": 1, "starts": [[2, 0]]},
        {"state": "state_1x1", "fill": 0.0, "first": 0, "end": 7, "starts": [[3, 0]]},
    ]


def test_one_tensor_holds_the_numbers_of_all_each_fill_a_range_of_its_own():
    (flat,) = packed(SLOTS, "one")
    assert flat.shape == (96 + 16 + 7,)
    told = described((flat,), 2, 1, [0], 5, is_masked=False)
    assert told["fills"] == [["state", 0, 103, 0.0], ["state", 103, 119, -9.0]]
    assert told["state"] == [{"input": "state", "output": "state_out", "shape": [2, 119]}]


def test_a_host_has_nothing_to_fill_where_the_program_masks():
    assert described(packed(SLOTS, "map"), 1, 1, [0], 5, is_masked=True)["resets"] == []


def test_nothing_kept_is_no_tensor():
    assert packed((), "one") == packed((), "map") == ()
