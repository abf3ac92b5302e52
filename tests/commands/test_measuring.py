"""`reproduce --measure` holds a table's accuracies beside those of weights that somebody has."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_network import SPEC, saved_weights

import cli
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from search.data import open_data
from search.train.streaming import Streamed

DATA = "digits:train=24,val=24,length=40"
COMMON = ("--data", DATA, "--threads", "1", "--format", "json")
TABLE = """
paper: mine
source: a tiny network
convention: mac
networks:
  clip: {{spec: {folder}/tiny.yaml}}
  stream: {{spec: {folder}/tiny.yaml, continual: true, pool: 6}}
  other: {{spec: {folder}/tiny.yaml, set: {{frames: 5}}}}
tables:
  - table: "1"
    columns:
      - {{figure: top-1, unit: "%", measured: of trained weights, measures: top1, clips: 2x1}}
      - {{figure: MACs, unit: k, value: count / 1e3}}
    rows:
      - {{row: "tiny, clip", network: clip, printed: "{clip} 43.2"}}
      - {{row: "tiny, stream", network: stream, printed: "{stream} 43.2"}}
      - {{row: other, network: other, printed: "50.0 43.2"}}
      - {{row: elsewhere, printed: "60.0 -"}}
  - table: "2"
    rows:
      - {{row: cost, network: clip, value: count / 1e3, printed: "43.2"}}
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: object) -> tuple[int, str, str]:
        code = cli.main([str(each) for each in arguments])
        return code, *capsys.readouterr()

    return command


def table(folder: Path, clip: str = "10.0", stream: str = "10.0") -> str:
    (folder / "tiny.yaml").write_text(SPEC)
    (folder / "mine.yaml").write_text(TABLE.format(folder=folder, clip=clip, stream=stream))
    return f"{folder / 'mine.yaml'}:1"


def test_what_evaluate_measures_stands_beside_what_is_printed(tmp_path: Path, run: Run):
    name = table(tmp_path)
    spec, weights = tmp_path / "tiny.yaml", tmp_path / "run" / "weights.safetensors"
    assert run("train", spec, *COMMON, "--recipe", "digits", "--epochs", 1, "--out", weights.parent)[0] == 0
    clip = json.loads(run("evaluate", weights, *COMMON, "--views", "2x1")[1])
    graph = Network.of(spec, transforms=[Continual(pool=6)]).graph()
    stream = Streamed(graph, weights, open_data(DATA)).after(10, "zeros")
    name = table(tmp_path, f"{100 * clip['accuracy']:.2f}", f"{100 * stream:.2f}")
    code, out, _ = run("reproduce", "--measure", name, *COMMON, "--weights", f"tiny*={weights}")
    of_clip, of_stream, other, elsewhere = json.loads(out)["measured"]
    assert code == 0
    assert (of_clip["difference"], of_stream["difference"]) == (0, 0)
    assert of_clip["measured"] == round(100 * clip["accuracy"], 2)
    assert of_clip["error"] == round(100 * clip["accuracy_error"], 2)
    assert (of_clip["of"], of_stream["of"]) == ("views 2x1", "stream, after 10 frames")
    assert (other["measured"], other["of"]) == (None, "not measured: no weights")
    assert elsewhere["of"] == "not measured: its network does not come with the tool"


def test_a_reader_sees_errors_and_videos(tmp_path: Path, run: Run):
    name = table(tmp_path)
    weights = saved_weights(tmp_path)
    code, out, _ = run(
        "reproduce", "--measure", name, *COMMON[:-1], "md", "--weights", f"tiny, clip={weights}"
    )
    assert code == 0
    assert "| row | figure | published | measured | +- | difference | of | weights |" in out
    assert "| views 2x1, 24 videos |" in out
    assert out.count("not measured: no weights") == 2


@pytest.mark.parametrize(
    ("table_name", "data", "weights", "message"),
    [
        ("none.yaml:1", DATA, "tiny*=w", "none.yaml: there is no such file"),
        ("{mine}:3", DATA, "tiny*=w", "has no table '3' (known: 1, 2)"),
        ("{mine}:2", DATA, "tiny*=w", "has no accuracies to measure (tables that do: 1)"),
        ("{mine}:1", DATA, None, "--measure: needs --weights ROW=FILE, ROW being one of tiny, clip, tiny,"),
        ("{mine}:1", DATA, "w.pt", "--weights: 'w.pt', expected ROW=FILE, ROW being one of tiny, clip"),
        ("{mine}:1", DATA, "tinny=w.pt", "--weights: no row to measure is called 'tinny'"),
        ("{mine}:1", DATA, "elsewhere=w.pt", "--weights: no row to measure is called 'elsewhere'"),
        ("{mine}:1", DATA, "tiny*=none.pt", "--weights tiny, clip: none.pt: there is no such file"),
        ("{mine}:1", "nowhere", "tiny*={good}", "--data nowhere: neither a folder nor a known data set"),
        ("{mine}:1", None, "tiny*={good}", "--measure: needs --data, a folder of clips"),
        ("x3d:2", DATA, "X3D-S={good}", "--weights X3D-S: {good}: "),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path, run: Run, table_name: str, data: str | None, weights: str | None, message: str
):
    mine = table(tmp_path).rpartition(":")[0]
    names = {"mine": mine, "good": saved_weights(tmp_path)}
    given = ["--measure", table_name.format(**names)]
    given += [] if data is None else ["--data", data]
    given += [] if weights is None else ["--weights", weights.format(**names)]
    code, out, err = run("reproduce", *given, "--threads", "1")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message.format(**names) in err


def test_weights_of_another_network_are_refused_before_anything_runs(tmp_path: Path, run: Run):
    name = table(tmp_path)
    spec, weights = tmp_path / "tiny.yaml", tmp_path / "run" / "weights.safetensors"
    options = ("--recipe", "digits", "--epochs", 1, "--out", weights.parent)
    assert run("train", spec, "--set", "frames=5", *COMMON, *options)[0] == 0
    files = ("--weights", f"other={weights}", "--weights", f"tiny, clip={weights}")
    code, out, err = run("reproduce", "--measure", name, *COMMON, *files)
    assert (code, out) == (2, "")
    assert "--weights tiny, clip: " in err
    assert "is of another network than" in err
    assert "frames=4, the file has frames=5" in err


def test_a_row_has_one_file(tmp_path: Path, run: Run):
    files = ("--weights", "tiny*=a.pt", "--weights", "tiny, clip=b.pt")
    code, _, err = run("reproduce", "--measure", table(tmp_path), *COMMON, *files)
    assert code == 2
    assert "--weights: 'tiny, clip' has two files, a.pt and b.pt" in err


def test_options_of_measuring_need_it(run: Run):
    code, _, err = run("reproduce", "--data", "digits")
    assert (code, err) == (2, "error: --data: is for --measure; expected it too\n")
    code, _, err = run("reproduce", "x3d", "--measure", "x3d:2", "--data", "digits")
    assert code == 2
    assert err.startswith("error: --measure: stands alone, expected no PAPER,")
