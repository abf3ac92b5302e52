import re
from pathlib import Path

from branched import analysed, branched

from costmodel.analysis.cost import analyze
from costmodel.transforms.continual import Continual
from reports.html.memory import Held, size


def test_the_peak_is_the_state_and_the_most_maps_alive(tmp_path: Path):
    analysis = analysed(tmp_path)
    held = Held(analysis)
    totals = analysis.totals
    assert held.peak == totals["state_bytes"] + totals["activation_bytes"]
    assert f"peak {size(held.peak)}" in held.chart


def test_a_clip_keeps_its_earlier_frames(tmp_path: Path):
    held = Held(analysed(tmp_path, stream=False))
    assert held.kept == 4 * 3 * 3 * 64
    assert held.kept_words == "clip buffer"


def test_a_stream_of_chunks_keeps_the_frames_that_wait_too(tmp_path: Path):
    network = branched(tmp_path, stream=False).with_transform(Continual(chunk=4))
    held = Held(analyze(network.graph()))
    totals = held.analysis.totals
    assert held.peak == totals["state_bytes"] + 4 * 3 * 3 * 64 + totals["activation_bytes"]
    assert held.kept_words == "state and buffer"


def test_a_limit_is_drawn_where_it_stands_and_judged(tmp_path: Path):
    analysis = analysed(tmp_path)
    peak = Held(analysis).peak
    weights = analysis.totals["weight_bytes"]
    assert Held(analysis, peak + weights).verdict.startswith("Fits")
    assert "its weights do not" in Held(analysis, peak).verdict
    assert Held(analysis, peak - 1).verdict.startswith("Does not fit")
    assert Held(analysis).verdict == ""
    (at,) = re.findall(r'M74 ([\d.]+)H1064" class="limit"', Held(analysis, peak).chart)
    (dot,) = re.findall(r'cy="([\d.]+)"', Held(analysis, peak).chart)
    assert at == dot


def test_every_layer_is_told_with_what_it_holds(tmp_path: Path):
    held = Held(analysed(tmp_path))
    assert held.series.count(" of maps alive") == len(held.alive) == len(held.analysis.rows)
