"""Every mistake in a spec is named by file, line, place, what was found and what was expected."""

from importlib import import_module

import pytest
from wrong_specs import INPUT, mistakes

from costmodel.spec import elaborate, from_text


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("rleu", "network[0].rleu: unknown layer 'rleu' (did you mean 'relu'?)"),
        (
            "squeeze_exite",
            "network[0].squeeze_exite: unknown layer 'squeeze_exite' (did you mean 'squeeze_excite'?)",
        ),
        ("5", "network[0]: the number 5, expected a layer: a word, or one word with its fields"),
        ("~", "network[0]: nothing, expected a layer: a word, or one word with its fields"),
        (
            "{relu: {}, bn: {}}",
            "network[0]: a mapping, expected a layer: a word, or one word with its fields",
        ),
        ("{conv: 7}", "network[0].conv: the number 7, expected the fields of conv"),
        (
            "{linear: {}}",
            "network[0].linear: channels is missing; linear takes "
            "[channels, bias, name, as, from, when, written]",
        ),
        (
            "{linear: {channels: 3, baas: 1}}",
            "network[0].linear: unknown keys ['baas']; linear takes "
            "[channels, bias, name, as, from, when, written] (did you mean 'bias'?)",
        ),
        ("{linear: {channels: 0}}", "network[0].linear.channels: the number 0, expected 1 to 10000000"),
        ("{linear: {channels: -3}}", "network[0].linear.channels: the number -3, expected 1 to 10000000"),
        (
            "{linear: {channels: 1e9}}",
            "network[0].linear.channels: the number 1000000000, expected 1 to 10000000",
        ),
        ("{linear: {channels: 1.5}}", "network[0].linear.channels: the number 1.5, expected a whole number"),
        ("{linear: {channels: 3 / 2}}", "network[0].linear.channels: 3 / 2 = 1.5, expected a whole number"),
        ("{linear: {channels: 2 - 2}}", "network[0].linear.channels: 2 - 2 = 0, expected 1 to 10000000"),
        ("{linear: {channels: true}}", "network[0].linear.channels: true, expected a whole number"),
        ("{linear: {channels: [1]}}", "network[0].linear.channels: a list, expected a number or arithmetic"),
        (
            "{linear: {channels: {a: 1}}}",
            "network[0].linear.channels: a mapping, expected a number or arithmetic",
        ),
        ("{linear: {channels: w}}", "network[0].linear.channels: unknown name 'w' (known: i, in_channels)"),
        (
            "{linear: {channels: 9**9**9}}",
            "network[0].linear.channels: an exponent of 387420489, expected a whole number from 0 to 16",
        ),
        (
            "{add: {crop: 7, a: [], b: [relu]}}",
            "network[0].add.crop: the number 7, expected true, false, first, centred or newest",
        ),
        ("{linear: {channels: 2, bias: 7}}", "network[0].linear.bias: the number 7, expected true or false"),
        (
            "{conv: {channels: 3, kernel: [3, 3]}}",
            "network[0].conv.kernel: 2 values, expected three: time, height, width",
        ),
        ("{conv: {channels: 3, kernel: all}}", "network[0].conv.kernel: `all` is for the kernels of pools"),
        ("{conv: {channels: 3, stride: 0}}", "network[0].conv.stride: the number 0, expected 1 to 10000000"),
        (
            "{conv: {channels: 3, padding: -1}}",
            "network[0].conv.padding: the number -1, expected 0 to 10000000",
        ),
        ("{dropout: {rate: 2}}", "network[0].dropout.rate: the number 2, expected a number from 0 to 1"),
        ("{relu: {when: nonsense}}", "network[0].relu.when: unknown name 'nonsense' (known: i, in_channels)"),
        (
            "{relu: {name: a b}}",
            "network[0].relu.name: the text 'a b', expected a name: letters, digits, _ - and .",
        ),
        (
            "{relu: {written: by hand}}",
            "network[0].relu.written: the text 'by hand', expected module, function, operator, subclass: how "
            "PyTorch "
            "code writes the layer",
        ),
        (
            "{relu: {from: {a: 1}}}",
            "network[0].relu.from: a mapping, expected names given by `as`, or `input`",
        ),
        ("{relu: {from: inptu}}", "network[0].relu.from: unknown layer 'inptu' (did you mean 'input'?)"),
        ("{relu: {name: input}}", "network[0].relu.name: the name 'input' is used twice"),
        ("{relu: {as: input}}", "network[0].relu.as: the name 'input' is used twice"),
        (
            "{add: {a: []}}",
            "network[0].add: add joins 1 branches, expected two or more named lists of layers",
        ),
        ("{add: {a: [], b: relu}}", "network[0].add.b: the text 'relu', expected a list of layers"),
        (
            "{add: {a: [], b c: []}}",
            "network[0].add.b c: expected a branch's name: letters, digits, _ - and .",
        ),
        (
            "{add: {a: [], b: [{conv: {channels: 5}}]}}",
            "network[0].add: branches differ, 3x4x8x8 and 5x4x8x8 (add)",
        ),
        (
            "{conv: {channels: 6, groups: 2}}",
            "network[0].conv: 2 groups do not divide 3 input channels (conv)",
        ),
        (
            "{conv: {name: wide, channels: 3, kernel: [1, 9, 1], padding: 0}}",
            "network[0].conv: the kernel reaches 9 in height, more than its padded input of 8 (wide)",
        ),
    ],
)
def test_a_wrong_layer_is_named(layer: str, message: str):
    assert mistakes(f"network: [{layer}]") == [f"x:2: {message}"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("{b: {}}", "out is missing; b needs it"),
        (
            "{b: {out: 3, ouut: 2}}",
            "unknown keys ['ouut']; b takes [out, more, name, as, from, when, repeat, first] "
            "(did you mean 'out'?)",
        ),
        ("{b: {out: w}}", "out: unknown name 'w' (known: i, in_channels)"),
        ("{b: {out: 3, repeat: 1e9}}", "repeat: the number 1000000000, expected 0 to 10000000"),
        ("{b: {out: 3, repeat: 20000}}", "repeat: 20000 repeats, at most 10000 are built"),
        ("{b: {out: 3, repeat: -1}}", "repeat: the number -1, expected 0 to 10000000"),
        ("{b: {out: 3, repeat: 1.5}}", "repeat: the number 1.5, expected a whole number"),
        (
            "{b: {out: 3, repeat: 2, first: 5}}",
            "first: the number 5, expected arguments of the first of the repeated blocks",
        ),
        (
            "{b: {out: 3, repeat: 2, first: {ouut: 2}}}",
            "unknown keys ['ouut']; b, first, takes [out, more] (did you mean 'out'?)",
        ),
    ],
)
def test_a_wrong_call_of_a_block_is_named(call: str, message: str):
    block = "blocks: {b: {args: {out: ~, more: 1}, layers: [{linear: {channels: out}}]}}\n"
    path = "network[0].b" + ("." if message.split(":")[0] in ("out", "repeat", "first") else ": ")
    assert mistakes(f"{block}network: [{call}]") == [f"x:3: {path}{message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "x:1: there is no `network`, the list of layers"),
        ("- relu", "x:1: a list, expected a mapping with `network`"),
        ("relu", "x:1: the text 'relu', expected a mapping with `network`"),
        (f"{INPUT}network: []", "x:2: network: a network needs at least one layer"),
        (f"{INPUT}network: [{{relu: {{when: false}}}}]", "x:2: network: a network needs at least one layer"),
        (f"{INPUT}network: relu", "x:2: network: the text 'relu', expected a list of layers"),
        ("input: {channels: 1, time: 1, height: 1}\nnetwork: [relu]", "x:1: input: width is missing"),
        (
            "input: {channels: 1, time: 0, height: 1, width: 1}\nnetwork: [relu]",
            "x:1: input.time: the number 0, expected 1 to 10000000",
        ),
        (
            "input: {channels: 1, tme: 1, time: 1, height: 1, width: 1}\nnetwork: [relu]",
            "x:1: input.tme: unknown key (did you mean 'time'?)",
        ),
        ("extends: nope", "x:1: extends: there is no spec 'nope' beside it (known: "),
        (
            "extends: ../x3d",
            "x:1: extends: the text '../x3d', expected the name of a spec in the same folder, or of a "
            "shipped one",
        ),
    ],
)
def test_a_wrong_document_is_named(text: str, message: str):
    (found,) = mistakes(text, head="")
    assert found.startswith(message)


def test_mistakes_are_reported_together():
    head = "sizes: {w: big}\nblocks: {b: {layers: [rleu]}}\n"
    text = head + "network:\n  - conv: {chanels: 3, channels: 0}\n  - bb"
    assert [line.split(": ")[0:2] for line in mistakes(text)] == [
        ["x:2", "sizes.w"],
        ["x:3", "blocks.b.layers[0].rleu"],
        ["x:5", "network[0].conv"],
        ["x:5", "network[0].conv.channels"],
        ["x:6", "network[1].bb"],
    ]


def test_no_more_mistakes_are_looked_for_than_anybody_reads():
    found = mistakes("network:\n" + "  - unknown\n" * 50_000)
    assert len(found) == 21
    assert found[-1] == "x: there are more mistakes"


@pytest.mark.parametrize(
    "blocks",
    [
        "{b: {layers: [{c: {repeat: 10000}}]}, c: {layers: [relu]}}",
        "{b: {layers: [{c: {repeat: 10000}}]}, c: {layers: [{relu: {when: false}}]}}",
        "{b: {layers: [{c: {repeat: 10000}}]}, c: {layers: []}}",
    ],
)
def test_repeats_of_repeats_are_bounded(blocks: str, monkeypatch: pytest.MonkeyPatch):
    # Of a hundred million repeats two thousand are enough: all that reaches the real limits takes seconds.
    monkeypatch.setattr(import_module("costmodel.spec.builder"), "MOST_LAYERS", 2_000)
    monkeypatch.setattr(import_module("costmodel.spec.builder"), "MOST_VISITS", 6_000)
    (found,) = mistakes(f"blocks: {blocks}\nnetwork: [{{b: {{repeat: 10000}}}}]")
    assert "more than 2000 layers" in found or "more than 6000 layers and repeats" in found


def test_blocks_nested_too_deep_are_refused():
    blocks = ", ".join(f"b{index}: {{layers: [b{index + 1}]}}" for index in range(50))
    (found,) = mistakes(f"blocks: {{{blocks}, b50: {{layers: [relu]}}}}\nnetwork: [b0]")
    assert found == "x:2: blocks.b40.layers: blocks and branches nested more than 40 deep"


def test_a_section_holds_no_more_names_than_a_person_writes():
    sizes = "\n".join(f"  a{index}: 1" for index in range(1001))
    assert mistakes(f"sizes:\n{sizes}\nnetwork: [relu]") == ["x:3: sizes: 1001 names, at most 1000"]


def test_a_layer_may_have_the_name_of_a_block():
    text = """
    input: {channels: 1, time: 1, height: 4, width: 4}
    blocks: {b: {layers: [{conv: {name: b, channels: 2}}]}}
    network: [b]
    """
    assert [node.name for node in elaborate(from_text(text)).nodes] == ["b.b"]
