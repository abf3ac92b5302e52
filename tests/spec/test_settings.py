"""Mistakes in the sections of a spec that name numbers."""

import pytest
from wrong_specs import mistakes


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("netwrok: []", "x:2: netwrok: unknown key (did you mean 'network'?)"),
        ("name: 5", "x:2: name: the number 5, expected text"),
        ("variant: [M]", "x:2: variant: a list, expected text"),
        ("variant: M", "x:1: variant: unknown 'M'"),
        ("sizes: 5", "x:2: sizes: the number 5, expected a mapping"),
        ("sizes: {a: text}", "x:2: sizes.a: the text 'text', expected a number, true or false"),
        (
            "sizes: {floor: 1}",
            "x:2: sizes.floor: 'floor' has a meaning of its own in arithmetic; choose another name",
        ),
        ("sizes: {i: 1}", "x:2: sizes.i: 'i' has a meaning of its own in arithmetic; choose another name"),
        ("sizes: {2a: 1}", "x:2: sizes.2a: expected a name: letters, digits and _, no digit first"),
        ("structure: {a: 1}\nsizes: {a: 1}", "x:3: sizes.a: 'a' stands in `structure` already"),
        ("sizes: {a: 1}\nlet: {a: 2}", "x:3: let.a: 'a' is a size already"),
        ("let: {a: b, b: 1}", "x:2: let.a: unknown name 'b'"),
        ("let: {a: a}", "x:2: let.a: unknown name 'a'"),
        ("let: {a: [1]}", "x:2: let.a: a list, expected a number or arithmetic"),
        ("variants: {M: 5}", "x:2: variants.M: the number 5, expected the sizes that this variant sets"),
        (
            "sizes: {crop: 1}\nvariants: {M: {corp: 5}}",
            "x:3: variants.M.corp: unknown size (did you mean 'crop'?)",
        ),
        (
            "sizes: {a: 1}\nvariants: {M: {a: b}}",
            "x:3: variants.M.a: the text 'b', expected a number, true or false",
        ),
        ("variants: {M: {extends: L}}", "x:2: variants.M.extends: unknown variant 'L' (known: M)"),
        (
            "variants: {M: {extends: M}}",
            "x:2: variants.M.extends: extends more than 8 variants, one after the other; is it a circle?",
        ),
        ("blocks: {b: 5}", "x:2: blocks.b: the number 5, expected args and layers"),
        ("blocks: {relu: {layers: [bn]}}", "x:2: blocks.relu: 'relu' is a layer already"),
        ("blocks: {conv: {layers: [bn]}}", "x:2: blocks.conv: 'conv' is a layer already"),
        ("blocks: {a b: {layers: [bn]}}", "x:2: blocks.a b: expected a name: letters, digits, _ - and ."),
        ("blocks: {b: {layers: 5}}", "x:2: blocks.b.layers: the number 5, expected a list of layers"),
        (
            "blocks: {b: {layers: [bn], more: 1}}",
            "x:2: blocks.b: unknown keys ['more']; b takes [args, layers]",
        ),
        (
            "blocks: {b: {args: [x], layers: [bn]}}",
            "x:2: blocks.b.args: a list, expected arguments with their defaults, ~ where there is none",
        ),
        (
            "blocks: {b: {args: {x: y}, layers: [bn]}}",
            "x:2: blocks.b.args.x: unknown name 'y' (known: i, in_channels, x)",
        ),
        ("blocks: {b: {layers: [b]}}", "x:2: blocks.b: blocks call each other: b -> b"),
        (
            "blocks: {b: {layers: [c]}, c: {layers: [d]}, d: {layers: [b]}}",
            "x:2: blocks.b: blocks call each other: b -> c -> d -> b",
        ),
    ],
)
def test_a_wrong_section_is_named(section: str, message: str):
    assert mistakes(f"{section}\nnetwork: [relu]") == [message]
