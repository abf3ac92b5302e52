"""The published JSON Schema says what the checker says."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from commands.schema import schema_text
from costmodel.spec import shipped_names
from costmodel.spec.document import KEYS, shipped_folder
from costmodel.spec.fields import KINDS
from costmodel.spec.schema import FIELDS, KEY_SCHEMAS, schema
from costmodel.spec.write import dump

SCHEMA = jsonschema.Draft202012Validator(schema())
LINE = "# yaml-language-server: $schema="


def test_the_shipped_schema_is_up_to_date():
    assert (shipped_folder() / "spec.schema.json").read_text() == schema_text()


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


def test_every_kind_of_field_and_every_key_has_its_schema():
    assert set(FIELDS) == set(KINDS)
    assert set(KEY_SCHEMAS) == set(KEYS)


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_spec_names_the_schema_and_fits_it(name: str):
    text = Path(shipped_folder() / f"{name}.yaml").read_text()
    assert text.startswith(f"{LINE}spec.schema.json\n")
    SCHEMA.validate(yaml.safe_load(text))


def test_a_written_spec_fits_the_schema():
    import costmodel

    SCHEMA.validate(yaml.safe_load(dump(costmodel.load("x3d_s"))))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{network: [{conv: {chanels: 3}}]}", ["network", 0]),
        ("{network: [{conv: {channels: 0}}]}", ["network", 0]),
        ("{network: [{conv: {channels: 3, kernel: [1, 2]}}]}", ["network", 0]),
        ("{network: [{add: {a: 5, b: []}}]}", ["network", 0]),
        ("{network: [5]}", ["network", 0]),
        ("{network: [relu], inptu: {}}", []),
        ("{input: {chanels: 3}, network: [relu]}", ["input"]),
        ("{sizes: {a: text}, network: [relu]}", ["sizes", "a"]),
        ("{blocks: {b: {args: {}}}, network: [b]}", ["blocks", "b"]),
        ("{name: x}", []),
    ],
)
def test_the_schema_finds_a_mistake_at_its_place(text: str, path: list[object]):
    (error,) = SCHEMA.iter_errors(yaml.safe_load(text))
    assert list(error.path) == path
