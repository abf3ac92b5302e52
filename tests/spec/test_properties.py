"""Specs made at random: a valid one is analysed and read again, a broken one is refused in plain words."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costmodel import analyze, continual
from costmodel.errors import CostModelError, SpecError
from costmodel.spec import elaborate, from_text
from costmodel.spec.write import dump

few = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
odd = st.sampled_from([1, 3, 5])
stride = st.sampled_from([1, 1, 2])
channels = st.integers(1, 3).map(lambda half: 2 * half)


def flow(value: Any) -> str:
    """A value in YAML's flow style."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
        case bool():
            return str(value).lower()
    return str(value)


@st.composite
def conv(draw: Callable[..., Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {"channels": draw(channels), "kernel": [draw(odd), draw(odd), 1]}
    fields["stride"] = [1, draw(stride), 1]
    fields |= draw(st.sampled_from([{}, {"causal": True}, {"groups": 2}, {"bias": True}, {"dilation": 2}]))
    return {"conv": fields}


pool = st.builds(
    lambda word, size: {word: {"kernel": [size, 1, 1]}}, st.sampled_from(["max_pool", "avg_pool"]), odd
)
word = st.sampled_from(["relu", "bn", "swish", "sigmoid", "dropout", "squeeze_excite"])


def merged(layers: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[Any]:
    """Branches that fit: each ends in the same channels, from maps that stay as they are."""
    same = st.lists(
        st.one_of(word, pool, st.just({"conv": {"channels": "in_channels", "kernel": 3}})), max_size=3
    )
    kind = st.sampled_from(["add", "concat"])
    return st.builds(
        lambda word, a, b, c: {word: {"a": a, "b": b, "c": c}}, kind, same, same, same
    ) | layers.map(lambda inner: {"concat": {"a": [*inner, {"global_pool": {}}], "b": [{"global_pool": {}}]}})


layer = st.one_of(word, pool, conv())
network = st.lists(layer | merged(st.lists(layer, max_size=3)), min_size=1, max_size=6)


def text_of(layers: list[Any]) -> str:
    head = "input: {channels: 4, time: 8, height: 12, width: 6, every: 2}\nnetwork:\n"
    return head + "\n".join(f"  - {flow(each)}" for each in layers)


def refused(run: Callable[[], object]) -> CostModelError | None:
    """The error of ours that a run ends in, if it does."""
    try:
        run()
    except CostModelError as error:
        return error
    return None


@few
@given(network)
def test_a_valid_spec_is_analysed_and_read_again(layers: list[Any]):
    graph = elaborate(from_text(text_of(layers)))
    again = elaborate(from_text(dump(graph)))
    assert (again.nodes, again.types, again.every) == (graph.nodes, graph.types, graph.every)
    clip = analyze(graph)
    assert sum(row["macs"] for row in clip.rows) == clip.totals["macs_per_clip"] >= 0


@few
@given(network)
def test_a_valid_spec_runs_frame_by_frame_or_says_why_not(layers: list[Any]):
    graph = elaborate(from_text(text_of(layers)))
    refusal = refused(lambda: analyze(continual(graph)))
    if refusal is not None:
        assert str(refusal).split(": ")[0] in {node.name for node in graph.nodes}
        return
    stream = analyze(continual(graph)).totals
    assert stream["macs_per_frame"] <= stream["macs_per_clip"]
    assert stream["receptive_field"] == stream["padding"] + stream["delay"] + 1
    assert stream["state_floats"] >= 0


hostile = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**14), 10**14),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=12),
    st.sampled_from(
        ["9**9**9", "relu", "input", "i", "all", "1/0", "in_channels", "&a [*a]", "!!int 3", "a: b"]
    ),
    st.just([]),
    st.just({}),
    st.lists(st.integers(-3, 3), max_size=4),
)
keys = st.sampled_from(
    ["conv", "add", "name", "as", "from", "when", "kernel", "channels", "repeat", "layers", "x"]
)


@st.composite
def broken(draw: Callable[..., Any]) -> str:
    """A valid spec with some of its values, keys or characters replaced."""
    layers = draw(network)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(layers) - 1))
        key, value = draw(keys), draw(hostile)
        layers[place] = draw(st.sampled_from([value, {key: value}, {"conv": {"channels": 4, key: value}}]))
    text = text_of(layers)
    cut = draw(st.integers(0, len(text)))
    return draw(
        st.sampled_from([text, text, text[:cut], text[:cut] + draw(st.text(max_size=5)) + text[cut:]])
    )


def all_figures(text: str) -> None:
    graph = elaborate(from_text(text, "x.yaml"))
    analyze(graph)
    analyze(continual(graph))


def refused_in_plain_words(text: str) -> None:
    """Any other exception than ours is a failure of the test."""
    refusal = refused(lambda: all_figures(text))
    lines = refusal.messages if isinstance(refusal, SpecError) else [str(refusal)]
    assert lines
    assert all(line.isprintable() for line in lines)
    assert not isinstance(refusal, SpecError) or all(line.startswith("x.yaml") for line in lines)


@settings(few, max_examples=300)
@given(broken())
def test_a_broken_spec_gives_nothing_but_plain_words(text: str):
    refused_in_plain_words(text)


@settings(few, max_examples=100)
@given(st.text(max_size=200))
def test_any_text_at_all_gives_nothing_but_plain_words(text: str):
    refused_in_plain_words(text)


values = st.recursive(
    hostile, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)


@settings(few, max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "name",
                "variant",
                "extends",
                "input",
                "sizes",
                "structure",
                "let",
                "variants",
                "blocks",
                "network",
                "axes",
            ]
        ),
        values | st.dictionaries(st.text(max_size=5), values, max_size=3),
    )
)
def test_any_document_at_all_gives_nothing_but_plain_words(document: dict[str, Any]):
    head = "input: {channels: 4, time: 8, height: 12, width: 6}\nnetwork: [relu]\n"
    lines = [f"{key}: {flow(value)}" for key, value in document.items()]
    refused_in_plain_words("\n".join(lines))
    refused_in_plain_words(
        head + "\n".join(line for line in lines if line.split(":")[0] not in ("input", "network"))
    )
