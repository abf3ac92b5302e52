import json
from pathlib import Path

import pytest
from labelled import clips, listed

from costmodel.errors import DataError

LABELS = {"Holding something": "1", "Approaching something with your camera": "0"}


def written(root: Path, train: object, prefix: str = "something-something-v2-") -> Path:
    parts = {"labels": LABELS, "train": train, "validation": [], "test": [{"id": "5"}]}
    for name, content in parts.items():
        place = root / f"{prefix}{name}.json"
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(content))
    (root / "74225.webm").touch()
    return root


@pytest.mark.parametrize("prefix", ["something-something-v2-", "", "labels/"])
def test_templates_are_the_classes_and_nothing_is_mirrored(tmp_path: Path, prefix: str):
    train = [
        {
            "id": "74225",
            "label": "holding a cup",
            "template": "Holding [something]",
            "placeholders": ["a cup"],
        }
    ]
    found = listed(written(tmp_path, train, prefix), "something")
    assert clips(found) == [("74225.webm", ("Holding something",), "train")]
    assert found.classes == ("Approaching something with your camera", "Holding something")
    assert not found.mirrors
    assert len(found.used) == 4


@pytest.mark.parametrize(
    ("train", "told"),
    [
        ([{"id": "1"}], "entry 1: expected a clip with id and template"),
        ([{"id": "1", "template": "Eating [something]"}], "entry 1: template 'Eating something' is not in"),
        ({}, "entry 1: expected a clip"),
    ],
)
def test_an_entry_of_another_form_is_named(tmp_path: Path, train: object, told: str):
    with pytest.raises(DataError, match=told):
        listed(written(tmp_path, train), "something")
