import pytest
from emitted import chain

from costmodel import continual
from costmodel.emit import backends
from costmodel.emit.bench import Benched, Setting, bench_at, measured_batch, setting
from costmodel.errors import OptionError
from costmodel.ops import BatchNorm, Conv, Relu

GRAPH = chain(Conv(channels=4, kernel=(3, 3, 3), stride=(2, 1, 1)), BatchNorm(), Relu())
ROW = {
    "spec",
    "mode",
    "backend",
    "device",
    "threads",
    "batch",
    "median_ms",
    "p95_ms",
    "per_second",
    "peak_mib",
}


def rows_of(graph, **options):
    return bench_at(
        [Benched("small", graph)], Setting(backends=("eager",), runs=7, **options), lambda _: None
    )


@pytest.mark.filterwarnings("ignore")
def test_a_stream_is_measured_beside_its_clip_network():
    rows = rows_of(continual(GRAPH), batch=2)
    assert all(row.keys() >= ROW for row in rows)
    assert {(row["mode"], row["backend"], row["folded"]) for row in rows} == {
        ("clip", "eager", False),
        ("clip", "eager", True),
        ("continual", "eager", True),
    }
    eager_clip = rows[0]["median_ms"]
    for row in rows:
        assert 0 < row["median_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert row["runs"] == 7
        assert row["per_second"] == pytest.approx(2000 / row["mean_ms"])
        assert row["peak_mib"] > 0
        if row["mode"] == "continual":
            assert row["ratio"] == pytest.approx(eager_clip / row["median_ms"])
            same = [
                each
                for each in rows
                if each["mode"] == "clip" and each["backend"] == row["backend"] and each["folded"]
            ]
            assert row["ratio_same_backend"] == pytest.approx(same[0]["median_ms"] / row["median_ms"])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("chunks", "expected"), [((), {"eager", "compiled"}), ((2, 4), {"eager"})])
def test_chunks_are_measured_without_what_takes_long_to_prepare(monkeypatch, chunks, expected):
    monkeypatch.setattr(setting, "available", lambda device: ("eager", "compiled"))
    monkeypatch.setitem(backends.BACKENDS, "compiled", backends.eager)
    said: list[str] = []
    rows = bench_at([Benched("small", continual(GRAPH), None, chunks)], Setting(runs=1), said.append)
    assert {row["backend"] for row in rows} == expected
    assert any("preparing small, continual, eager" in each for each in said)


@pytest.mark.filterwarnings("ignore")
def test_a_clip_network_alone_has_no_ratio():
    rows = rows_of(GRAPH)
    assert [(row["mode"], row["backend"]) for row in rows] == [("clip", "eager")]
    assert not any("ratio" in row for row in rows)


@pytest.mark.filterwarnings("ignore")
def test_peak_memory_grows_with_the_batch():
    # From 16 on: for one clip some processors take another algorithm, whose workspace outweighs its maps.
    some, many = rows_of(GRAPH, batch=16)[0], rows_of(GRAPH, batch=64)[0]
    clip_mib = int(GRAPH.source.values) * 4 / 2**20
    assert many["peak_mib"] - some["peak_mib"] > 48 * clip_mib


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "int8"}, "--precision: 'int8', expected fp32 or fp16 or bf16"),
        ({"runs": 0}, "--runs: 0, expected 1 or more"),
        ({"device": "tpu9"}, "--device: 'tpu9', expected cpu or cuda"),
        ({"backends": ("jit",)}, "--backend: unknown 'jit' (known: compiled, eager, exported, recorded)"),
    ],
)
def test_a_wrong_option_is_refused(options, message):
    with pytest.raises(OptionError) as error:
        Setting(**options)
    assert str(error.value) == message


@pytest.mark.filterwarnings("ignore")
def test_products_in_bf16_are_told_with_their_error(monkeypatch):
    monkeypatch.setattr(setting, "computes_bf16", lambda: True)
    graph = chain(
        Conv(channels=8, kernel=(1, 1, 1), stride=(1, 2, 2)), Relu(), Conv(channels=4, kernel=(3, 3, 3))
    )
    rows = rows_of(continual(graph), precision="bf16")
    # bf16 has 8 bits: its roundings are seen, and no more than they are.
    assert all(1e-4 < row["error"] < 2e-2 for row in rows)
    assert "error" not in rows_of(continual(graph))[0]


def test_bf16_is_refused_where_the_processor_only_imitates_it(monkeypatch):
    monkeypatch.setattr(setting, "computes_bf16", lambda: False)
    with pytest.raises(OptionError, match="--precision: bf16 is of processors with avx512_bf16 or amx_bf16"):
        Setting(precision="bf16")


def test_a_batch_is_a_number_or_max():
    assert measured_batch([], Setting(), "3", lambda _: None).batch == 3
    with pytest.raises(OptionError, match="--batch: 'many', expected a number or max"):
        measured_batch([], Setting(), "many", lambda _: None)
