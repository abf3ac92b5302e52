"""Shared by the commands that search: their options, the request made of them, and the workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.data import tell_left_out
from commands.source import Source
from costmodel.errors import CostModelError, OptionError, one_line
from costmodel.names import file_stem
from costmodel.options import Option
from costmodel.spec.resolved import exact_text

if TYPE_CHECKING:
    from costmodel.transforms import Transform
    from search.engine.base import Engine, Maker
    from search.problem.request import Prepared, Request
    from search.study.study import Study

BUDGET = Option("budget", "The cost and its target: 2GMAC, 8MiB, 16x.", metavar="METRIC<=AMOUNT")
LIMIT = Option("limit", "A hard limit; repeatable.", metavar="METRIC<=AMOUNT", is_repeatable=True)
SCORE = Option("score", "What is maximised: entropy, synflow, train, any arithmetic of metrics.")
WITH = Option(
    "score_option",
    "An option of the score; repeatable.",
    metavar="NAME=VALUE",
    flags="--with",
    is_repeatable=True,
)
STUDY = Option("study", "The study's file; runs/SPEC.db where none is given.", Path, metavar="DB")
PRESET = Option("preset", "A file, or a shipped name, that supplies every option not given.")
ENGINE = Option(
    "engine",
    "Where candidates run: local, or dask for the workers of a cluster (docs/cluster.md).",
    default="local",
)
SCHEDULER = Option(
    "scheduler",
    "The cluster of --engine dask: where `dask scheduler` listens, or the file that it wrote.",
    metavar="tcp://HOST:PORT|FILE.json",
)
WORKERS = Option(
    "workers",
    "Worker processes; one for each core or GPU, on a cluster all of its workers.",
    int,
    least=1,
    most=1024,
)


@dataclass(frozen=True)
class Setup:
    """A search as its options ask for it, all checked, nothing begun."""

    network: Source
    request: Request
    ready: Prepared
    path: Path
    retries: int
    workers: int | None
    maker: Maker
    scheduler: str | None = None

    def how_to_go_on(self) -> str:
        """The line that an interrupted search prints."""
        return f"the same command goes on from what {self.path} holds"

    @contextmanager
    def opened(self) -> Iterator[tuple[Study, Engine | None]]:
        """The study, and the workers where the score needs some."""
        from search.study.spec_text import spec_facts
        from search.study.study import open_study

        scoring = closing(self._engine()) if self.ready.score.in_worker else nullcontext(None)
        with open_study(self.path, spec_facts(self.network.document)) as study, scoring as engine:
            yield study, engine

    def _engine(self) -> Engine:
        from commands.trajectory import progress
        from search.engine.base import Job
        from search.score.base import Task

        ready = self.ready
        data = getattr(ready.score, "data", None)
        if data is not None:
            tell_left_out(data)
        start = ready.problem.network_of(ready.problem.first)
        # the start, by whose training an engine judges how many workers the memory holds
        first = Task("", start, ready.score.name, ready.score.recipe_at(0), self.request.seed)
        return self.maker(
            Job(ready.score, ready.score_options, first, self.workers, progress, self.scheduler)
        )


def setup(
    source: Source,
    given: Mapping[str, Any],
    preset: str | None,
    study: Path | None,
    *,
    score: str = "entropy",
    engine: str = "local",
    scheduler: str | None = None,
    **fixed: Any,
) -> Setup:
    """Puts a search together from its options, a preset's where one is not given.

    Args:
        source: the spec, its sizes and its form.
        given: the options that the command, or a preset for it, takes, by their long names; None, an empty
            list or False is not given.
        preset: a preset's name or file.
        study: the study's file.
        score: what is maximised where neither says.
        engine: where candidates run.
        scheduler: of the cluster of the engine `dask`.
        fixed: what no preset may set, such as the seed.

    Raises:
        CostModelError: an option is wrong, or the search cannot begin.
    """
    from commands.trajectory import progress
    from search.engine import engine_named
    from search.engine.begin import load_ahead
    from search.problem.preset import description_of, filled
    from search.problem.request import prepare
    from search.score.base import needs_workers

    maker = engine_named(engine)
    if scheduler is not None and engine == "local":
        raise OptionError("--scheduler: is for --engine dask")
    # told first: what follows is in part the preset's, and not on the command line
    if preset is not None:
        progress(f"note: preset {one_line(preset)}: {description_of(preset)}")
    options = filled(_of_source(source) | dict(given), preset)
    request = _request(options, score, fixed)
    network = replace(source, variant=None, settings={})  # what the request says may be a preset's
    if options["transforms"] and not source.transforms:
        network = replace(network, transforms=_of_preset(options["transforms"]))
    network = network.continual() if options["continual"] else network
    if engine == "local" and needs_workers(request.score):
        load_ahead()
    retries = options.get("retries")
    return Setup(
        network,
        request,
        prepare(request, network),
        study or Path("runs") / f"{file_stem(network.document.name)}.db",
        # 0 is an answer, so `or 2` would not do
        2 if retries is None else int(retries),
        options["workers"],
        maker,
        scheduler,
    )


def _of_source(source: Source) -> dict[str, Any]:
    """What a preset may say of the network to start from, as far as it is given."""
    return {
        "start": source.variant,
        "set": [f"{name}={exact_text(value)}" for name, value in source.settings.items()],
        "continual": source.is_stream or None,
        "transforms": " ".join(each.flags for each in source.transforms) or None,
    }


def _of_preset(text: str) -> tuple[Transform, ...]:
    from commands.transforms import transforms_of

    try:
        return transforms_of(text)
    except CostModelError as error:
        raise OptionError(f"--preset: transforms: {error}") from error


def _request(options: Mapping[str, Any], score: str, fixed: Mapping[str, Any]) -> Request:
    """The options that decide a search; those left out keep the request's own defaults."""
    from search.problem.request import Request

    chosen = {
        "start": options["start"],
        "sets": options["set"],
        "budget": options["budget"],
        "limits": options.get("limit"),
        "score": options["score"] or score,
        "score_options": options["with"],
        "factor": options.get("factor"),
        "axes": options.get("axes"),
        "contract": options.get("contract"),
        "replay": options.get("replay"),
        "over": options.get("over"),
    }
    return Request(**{name: value for name, value in chosen.items() if value}, **fixed)
