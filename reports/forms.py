"""A network in every form that a stream can take, side by side, and pages of it for the shipped specs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from costmodel.analysis.cost import Analysis, analyze
from costmodel.errors import CostModelError
from costmodel.escape import Markup
from costmodel.network import Network
from costmodel.spec.document import shipped_names
from costmodel.transforms.base import Carries, Transform
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual
from costmodel.transforms.dissect import Dissect
from costmodel.transforms.factorise import Factorise
from costmodel.transforms.head import Head
from costmodel.transforms.sgs import Sgs
from reports.compare import short
from reports.table import Page, Row, Table, Text
from reports.tables import markdown
from reports.times import brief, times

FORMS: dict[str, tuple[Transform, ...]] = {
    "clip": (),
    "continual": (Continual(),),
    "causal": (Causal(), Continual()),
    "dissected": (Dissect(),),
    "factorised": (Factorise(), Continual()),
    "sampled": (),  # behind a stage that each network calls otherwise
    "head fc": (Head("fc"), Continual()),
    "head lstm": (Head("lstm"), Continual()),
    "head gru": (Head("gru"), Continual()),
    "pool so far": (Continual(head_pool="cumulative"),),
    "causal so far": (Causal("cumulative"), Continual(head_pool="cumulative")),
}
COSTS = {
    "macs_per_clip": "MACs/clip",
    "macs_per_frame": "MACs/frame",
    "macs_worst_step": "worst step",
    "state_floats": "state",
}
TIMES = {"lookahead": "lookahead", "delay": "delay", "receptive_field": "field", "warmup": "warm-up"}
FIGURES = {**COSTS, **TIMES}
COLUMNS = ("form", *FIGURES.values(), "weights")
LEAST_COLUMNS = ("worst step", "MACs/clip", "field", "delay", "warm-up")
SHEET = ("form", "options", *FIGURES, "weights", "reason")
WEIGHTS: dict[Carries, str] = {"exact": "exactly", "initial": "as a start", "none": "not"}
HEAD = """# {title}

Made by `report forms --out docs`; a test keeps it up to date. `costmodel compare {line} --forms` prints it.
Costs are multiply-accumulates, state is in numbers kept between frames, times are in model frames / camera
frames / seconds, at the camera's rate of the training. *Weights* says how those of the clip network carry
over: exactly, as a start to train from, or not.

"""


@dataclass(frozen=True)
class Form:
    """A network in one form: the options that give it and its figures, or why there is no such network."""

    name: str
    network: Network
    analysis: Analysis | None
    reason: str = ""

    @property
    def options(self) -> str:
        """The transforms, as a command line has them."""
        return " ".join(each.flags for each in self.network.transforms)

    @property
    def weights(self) -> str:
        """How the weights of the clip network carry over."""
        return WEIGHTS[self.network.carries]

    @property
    def row(self) -> Row:
        """The form as data."""
        totals = {} if self.analysis is None else self.analysis.totals
        figures = {name: totals.get(name) for name in FIGURES}
        weights = None if self.analysis is None else self.network.carries
        return {
            "form": self.name,
            "options": self.options,
            **figures,
            "weights": weights,
            "reason": self.reason or None,
        }


def forms_of(network: Network) -> Iterator[Form]:
    """The network in each form; its own transforms of clips stay ahead of it."""
    own = tuple(each for each in network.transforms if not each.gives_stream and each.needs != "stream")
    clip = replace(network, transforms=own)
    for name, transforms in FORMS.items():
        yield _sampled(clip) if name == "sampled" else _form(name, clip, transforms)


def _form(name: str, clip: Network, transforms: tuple[Transform, ...]) -> Form:
    made = clip
    try:
        for each in transforms:
            made = made.with_transform(each)
        return Form(name, made, analyze(made.graph()))
    except CostModelError as error:
        # the command that diagnoses it, at the end of the message, is the same for all forms
        return Form(name, made, None, str(error.__cause__ or error))


def _sampled(clip: Network) -> Form:
    """The clip network that hands half of its frames on behind its first stage that can be sampled."""
    refused = Form("sampled", clip, None, "no stage of it that all frames pass can be sampled")
    try:
        graph = clip.graph()
    except CostModelError as error:
        return replace(refused, reason=str(error))
    for stage in dict.fromkeys(name.partition(".")[0] for name in graph.blocks):
        frames = [kind.time for name, kind in graph.types.items() if name.startswith(f"{stage}.")]
        if frames and isinstance(frames[-1], int) and frames[-1] > 1:
            found = _form("sampled", clip, (Sgs(stage, active_bins=frames[-1] // 2),))
            if found.analysis is not None:
                return found
    return refused


def page(found: list[Form], title: str) -> Page:
    """The forms side by side."""
    rows = [each.row for each in found]
    table = Table(_shown(found), COLUMNS, title, drop=LEAST_COLUMNS)
    told = "".join(f"{each.name}: refused, {each.reason}\n" for each in found if each.reason)
    options = "".join(f"{each.name}: {each.options}\n" for each in found if each.options and not each.reason)
    return Page(
        lambda: {"forms": rows},
        lambda: [table, _times(found), Text.of(options), Text.of(told)],
        lambda: Table(rows, SHEET),
        lambda: [Table(_documented(found), ("form", "options", *COLUMNS[1:])), Text.of(told, "md")],
    )


def _times(found: list[Form]) -> Table:
    return times([(each.name, each.analysis) for each in found if each.analysis is not None], "form")


def _shown(found: list[Form]) -> list[Row]:
    return [_figures(each, short_only=True) for each in found if each.analysis is not None]


def _figures(each: Form, *, short_only: bool) -> dict[str, object]:
    row: dict[str, object] = {"form": each.name, "weights": each.weights}
    for name, title in FIGURES.items():
        value = each.row[name]
        row[title] = short(name, value) if short_only else _whole(value)
    return row


def _documented(found: list[Form]) -> list[Row]:
    return [_documented_row(each, each.analysis) for each in found if each.analysis is not None]


def _documented_row(form: Form, analysis: Analysis) -> Row:
    options = Markup(f"`{form.options}`") if form.options else ""
    return {**_figures(form, short_only=False), **_in_three_units(analysis), "options": options}


def _in_three_units(analysis: Analysis) -> Row:
    told = {title: brief(analysis, name) for name, title in TIMES.items()}
    return {title: text for title, text in told.items() if text}  # an unbounded one stays that


def _whole(value: object) -> object:
    """A mean to the nearest whole number; unbounded stays so."""
    return round(value) if isinstance(value, float) and value < 1e18 else value


def document(network: Network) -> str:
    """The page of a shipped spec in Markdown."""
    found = list(forms_of(network))
    text = HEAD.format(title=network.document.name, line=network.flags)
    text += markdown(_documented(found), ("form", "options", *COLUMNS[1:]))
    refused = [f"- {each.name}: {each.reason}" for each in found if each.reason]
    return text + "\nThere is none of these forms:\n\n" + "\n".join(refused) + "\n" if refused else text


def documents() -> Iterator[tuple[str, str]]:
    """The page of each shipped spec, by its name."""
    for name in shipped_names():
        yield name, document(Network.of(name))
