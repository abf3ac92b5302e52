import re
from dataclasses import replace

from reports.evaluation import StreamAccuracy
from reports.html.evaluation import evaluation

SEEN = [
    {"frames": n, "zeros": 0.1 * n, "zeros_error": 0.05, "replicate": 0.1, "replicate_error": 0, "looped": 0}
    for n in (2, 4, 6)
]
FOUND = StreamAccuracy("<tiny>", 0.5, 0.1, 1, 3, SEEN)


def test_every_accuracy_is_a_mark_with_its_error():
    text = evaluation(FOUND, "").decode()
    assert re.findall(r"<title>(\d: [\d.]+ %)</title>", text)[:3] == ["2: 20.0 %", "4: 40.0 %", "6: 60.0 %"]
    assert text.count('class="error"') == 3
    assert "&lt;tiny&gt;: accuracy frame by frame" in text


def test_what_was_not_measured_has_no_section():
    assert "Further measurements" not in evaluation(FOUND, "").decode()
    tenths = replace(FOUND, tenths=[{"tenth": 1, "accuracy": 0.2}, {"tenth": 2, "accuracy": 0.4}])
    assert "Further measurements" in evaluation(tenths, "").decode()


def test_a_network_that_remembers_for_ever_is_never_warm():
    assert "never: it remembers all frames" in evaluation(replace(FOUND, warmup=None), "").decode()
