"""`analyze` on the command line: formats, names, exit codes, messages."""

import csv
import io
import json
from importlib import import_module
from pathlib import Path

import pytest

import cli

TOTALS = {
    *("params", "weights", "macs_per_clip", "macs_per_frame", "macs_worst_step", "state_floats"),
    *("clip_buffer_floats", "largest_activation_floats", "worst_case_floats", "peak_activation_floats"),
    *("weight_bytes", "state_bytes", "activation_bytes"),
    *("receptive_field", "padding", "delay", "transient", "warmup"),
}
LAYER = {
    *("name", "op", "inputs", "out", "params", "macs", "state_floats", "activation_floats"),
    *("receptive_field", "delay"),
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["analyze", *arguments])
        return code, *capsys.readouterr()

    return run


def test_json_has_the_names_that_programs_rely_on(run):
    code, out, err = run("x3d_m", "--continual", "--format", "json")
    found = json.loads(out)
    assert code == 0
    assert err.startswith("note: squeeze-excite pools each frame alone")
    assert {"model", "mode", "totals", "layers"} <= set(found)
    assert (found["model"], found["mode"]) == ("x3d_m", "continual")
    assert set(found["totals"]) >= TOTALS
    assert all(set(layer) == LAYER for layer in found["layers"])
    assert set(found["layers"][0]["out"]) == {"channels", "time", "height", "width"}
    assert sum(layer["macs"] for layer in found["layers"]) == found["totals"]["macs_per_frame"] == 297_525_776


def test_whole_numbers_are_integers_and_what_does_not_apply_is_null(run):
    _, out, _ = run("x3d_m", "--format", "json")
    totals = json.loads(out)["totals"]
    assert all(isinstance(totals[name], int) for name in TOTALS - {"transient", "warmup"})
    assert totals["transient"] is totals["warmup"] is None
    assert totals["macs_per_clip"] == totals["macs_per_frame"] == totals["macs_worst_step"] == 4_732_468_736
    assert totals["clip_buffer_floats"] == 3 * 15 * 224**2
    assert totals["state_floats"] == 0


def test_seconds_follow_the_camera(run):
    _, out, _ = run("x3d_m", "--continual", "--fps", "30", "--format", "json")
    totals = json.loads(out)["totals"]
    assert round(totals["delay_seconds"], 2) == 7.17
    assert totals["macs_per_second"] == 297_525_776 * 6


def test_bytes_follow_the_dtype(run):
    _, out, _ = run("x3d_m", "--continual", "--dtype", "int8", "--format", "json")
    assert json.loads(out)["totals"]["state_bytes"] == 5_279_664


def test_csv_has_a_line_for_each_layer_and_the_total(run):
    _, out, _ = run("x3d_s", "--continual", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert rows[-1]["name"] == "total"
    assert sum(int(row["macs"]) for row in rows[:-1]) == int(rows[-1]["macs"]) == 152_711_312


def test_markdown_has_figures_operations_and_layers(run):
    _, out, _ = run("x3d_s", "--format", "md")
    assert "| macs_per_clip | 1,962,892,112 | 1.96 G | MAC | Hedegaard 2022, eq. 1;" in out
    assert "| mac.conv | 1,962,072,912 | 1.96 G | multiply-accumulates |" in out
    assert "| conv1_s | conv | 24x13x80x80 |" in out


def test_a_table_says_units_sources_and_deviations(run):
    _, out, _ = run("x3d_m", "--continual", "--fps", "30", "--sources")
    lines = {line.split()[0]: " ".join(line.split()) for line in out.splitlines() if line.strip()}
    assert lines["delay_seconds"] == "delay_seconds 7.167 seconds"
    told = "delay 43 215 camera frames, 7.167 s at 30 fps frames Hedegaard 2022, eq. 7 and 10"
    assert lines["delay"] == f"{told}, summed over the slowest path"
    assert "a bias is counted apart, once for each output and not c_I times" in lines["macs_per_frame"]
    assert "eq. 8 as Table 4 applies it" in lines["state_floats"]
    assert "MiB" in lines["weight_bytes"]


@pytest.mark.parametrize(
    ("arguments", "delay"),
    [
        (["x3d", "--variant", "S"], 40),
        (["x3d", "--variant", "M", "--set", "frames=13", "--set", "crop=160"], 40),
        (["x3d_m", "--set", "gamma_d=5"], 72),
        (["x3d_m", "--pool", "64"], 91),
        (["specs/x3d_l.yaml"], 72),
    ],
)
def test_variants_values_and_pools_are_chosen(
    run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], delay: int
):
    monkeypatch.chdir(Path(cli.__file__).parent)
    _, out, _ = run(*arguments, "--continual", "--format", "json")
    assert json.loads(out)["totals"]["delay"] == delay


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x3dm"], "error: x3dm: neither a file nor a shipped spec (did you mean 'x3d"),
        (["none.yaml"], "error: none.yaml: there is no such file"),
        (["x3d", "--variant", "MM"], "variant: unknown 'MM' (did you mean 'M"),
        (["x3d", "--set", "crp=3"], "error: --set crp: x3d has no such size (did you mean 'crop'?)"),
        (
            ["x3d", "--set", "crop"],
            "error: --set crop: expected NAME=VALUE, the value a number, true or false",
        ),
        (["x3d", "--set", "crop=0"], "input.height: crop = 0, expected 1 to 10000000"),
        (["x3d", "--set", "crop=1.5"], "input.height: crop = 1.5, expected a whole number"),
        (["x3d", "--set", "gamma_d=1e9"], "expected 0 to 10000000"),
        (["x3d_m", "--fps", "0"], "error: --fps: 0.0, expected frames a second, above zero"),
        (["x3d_m", "--fps", "often"], "error: --fps: 'often', expected a number"),
        (["x3d_m", "--dtype", "fp61"], "error: --dtype: unknown 'fp61' (did you mean 'fp16'?)"),
        (["x3d_m", "--pool", "0", "--continual"], "error: --pool: 0, expected 1 to 100000 input frames"),
        (
            ["x3d_m", "--state", "none", "--continual"],
            "error: --state: 'none', expected partial or window or smallest",
        ),
        (["x3d_m", "--pool", "4"], "is for streams; add --continual"),
        (["x3d_m", "--format", "xml"], "error: --format: 'xml', expected table or json"),
        (["x3d_m", "--nonsense"], "--nonsense"),
        ([], "Missing argument"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_two(run, arguments: list[str], message: str):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_a_network_of_more_layers_than_there_are_is_refused(run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_module("costmodel.spec.builder"), "MOST_LAYERS", 1_000)
    code, out, err = run("x3d", "--set", "gamma_d=90")
    assert (code, out) == (2, "")
    assert err.endswith("more than 1000 layers\n")


def test_a_mean_cost_implies_a_mean_of_active_bins(capsys: pytest.CaptureFixture[str]):
    words = "x3d_s --sgs res2 --active-bins uniform:1:13 --implied 1.1GMAC --convention atfr --format json"
    assert cli.main(["analyze", *words.split()]) == 0
    totals = json.loads(capsys.readouterr().out)["totals"]
    assert totals["implied_active_bins"] == pytest.approx(5.77, abs=0.005)
    assert totals["macs_per_clip"] == 1_250_291_696
