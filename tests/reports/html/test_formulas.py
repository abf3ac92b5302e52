from pathlib import Path

from branched import branched

from costmodel.analysis.cost import analyze
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from reports.html.formulas import closed, readable


def test_forms_give_the_figures_at_other_sizes(tmp_path: Path):
    network = branched(tmp_path)
    found = closed(network)
    assert dict(found.free) == {"frames": "4", "crop": "8"}
    form = dict(found.totals)["receptive_field"].replace("·", "*")
    other = analyze(network.with_sizes({"frames": 9}).graph()).totals
    assert eval(form, {"frames": 9}) == other["receptive_field"]


def test_products_and_powers_are_read_as_on_paper():
    assert readable("2*h1**2 + 10*t**12") == "2·h1² + 10·t¹²"
    assert readable("3794322") == "3,794,322"


def test_a_network_without_forms_says_why():
    found = closed(Network.of("x3d_xs", transforms=(Continual(state="smallest"),)))
    assert found.totals == ()
    assert found.reason == "a transform of this network takes sizes that are numbers"
