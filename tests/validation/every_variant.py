"""Every shipped network validated on small frames, one after the other, by the command that a user types.

    python tests/validation/every_variant.py LOG [CROPS] [PART OF A NAME ...]

adds a line of JSON to LOG for each run, and leaves out those that LOG has; so it may be stopped at any time.
CROPS is a number, 64 unless given, `full` for each network's own crop, or both, as `64,full`. A network that
is refused at its own is run at the crop that the refusal names. What is measured on small maps that are
the same at both crops is measured once, in one process.
`--told` in the place of names sums up what LOG holds. A run that needs more than 6 GiB fails.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from costmodel.__main__ import main
from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.validation import validate
from costmodel.validation.check import Check
from costmodel.validation.clips import check_clip
from costmodel.validation.equality import check_equality
from costmodel.validation.kept import check_kept
from costmodel.validation.maps import small, smallest
from costmodel.validation.own_clip import check_own_clip
from costmodel.validation.reach import check_reach
from costmodel.validation.sampling import check_sampling
from costmodel.validation.streams import check_streams
from costmodel.validation.validate import Stage
from reports.gallery import Entry, entries

Run = Callable[[Stage, Graph, int], Iterator[Check]]
KINDS = ("clip", "stream")
MOST_BYTES = 6 * 2**30
CROP, FULL = 64, "full"
# The stages that measure on maps of their own choice, and that choice.
ON_MAPS: Mapping[Stage, Callable[[Graph], Graph]] = {
    check_kept: smallest,
    check_reach: smallest,
    check_streams: smallest,
    check_equality: small,
    check_own_clip: small,
    check_clip: small,
    check_sampling: small,
}
SMALLER = "see no neighbours"  # of maps that are smaller for want of time or memory
NO_STREAM = "cannot run frame by frame"  # of a network that looks at all of its clip at once


def runs() -> Iterator[tuple[Entry, str]]:
    """Each network as a clip and frame by frame: one of each family, then the next; widths come last."""
    alike, family = Counter[object](), Counter[str]()
    ranked = []
    for place, entry in enumerate(entries()):
        key = _structure(entry)
        ranked.append((alike[key], family[entry.spec], place, entry))
        alike[key] += 1
        family[entry.spec] += 1
    ordered = sorted(ranked, key=lambda each: each[:3])
    yield from ((entry, kind) for *_, entry in ordered for kind in KINDS)


def _is_wanted(entry: Entry, names: Sequence[str]) -> bool:
    return not names or any(name in entry.command for name in names)


def _structure(entry: Entry) -> object:
    """What networks share that differ in their channels alone."""
    graph = Network.of(entry.spec, entry.variant, {**entry.sets, "crop": CROP}).graph()
    return tuple((node.op.word, node.inputs, str(graph.windows[node.name])) for node in graph.nodes)


def run(entry: Entry, kind: str, crops: Sequence[str]) -> list[Mapping[str, Any]]:
    """What `validate` says of a network at each crop, its processor time and memory, in its own process."""
    with tempfile.TemporaryFile("w+") as found:
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
            validate._run = once_for_equal_maps(validate._run)  # type: ignore[assignment]
            try:
                for crop in crops:
                    found.write(json.dumps(_where_it_fits(entry, kind, crop)) + "\n")
                    found.flush()
            finally:
                os._exit(0)
        _, status, _ = os.wait4(child, 0)
        found.seek(0)
        lines = [json.loads(each) for each in found]
    ended = {"network": entry.command, "kind": kind, "exit": os.waitstatus_to_exitcode(status) or 3}
    # What ended the process, such as a want of memory, left the crops behind without a line.
    lost = [{**NOTHING, **ended, "crop": crop} for crop in crops[len(lines) :]]
    return [*lines, *lost]


NOTHING: Mapping[str, Any] = {
    "seconds": 0.0,
    "wall_seconds": 0.0,
    "peak_mib": 0,
    "checks": 0,
    "differ": [],
    "not_measured": [],
    "smaller_maps": False,
    "told": ["the process ended"],
}


def once_for_equal_maps(run_stage: Run) -> Run:
    """The same, but that a stage which has measured the same network on the same maps is not run again."""
    known = dict[tuple[Stage, Graph, int], list[Check]]()

    def remembered(stage: Stage, graph: Graph, seed: int) -> Iterator[Check]:
        if stage not in ON_MAPS:
            yield from run_stage(stage, graph, seed)
            return
        key = stage, ON_MAPS[stage](graph), seed
        if key not in known:
            known[key] = list(run_stage(stage, key[1], seed))
        yield from known[key]

    return remembered


def _where_it_fits(entry: Entry, kind: str, crop: str) -> Mapping[str, Any]:
    """A run, and where it is refused with a crop that fits, what came of it at that crop."""
    found = _run(entry, kind, crop)
    named = re.search(r"validate at --set crop=(\d+), which fits", " ".join(found["told"]))
    if named is None:
        return found
    return {**_run(entry, kind, named[1]), "crop": crop, "refused": found["told"]}


def _run(entry: Entry, kind: str, crop: str) -> Mapping[str, Any]:
    arguments = ["validate", *entry.command.split(), "--format", "json"]
    arguments += [] if crop == FULL else ["--set", f"crop={crop}"]
    arguments += ["--continual"] * (kind == "stream")
    out, err = io.StringIO(), io.StringIO()
    began, wall = time.process_time(), time.monotonic()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = main(arguments)
    except MemoryError as error:
        code, told = 3, [repr(error)]
    else:
        told = err.getvalue().splitlines()[-3:]
    checks = json.loads(out.getvalue())["checks"] if out.getvalue().startswith("{") else []
    return {
        "network": entry.command,
        "kind": kind,
        "crop": crop,
        "exit": code,
        "seconds": round(time.process_time() - began, 1),
        "wall_seconds": round(time.monotonic() - wall, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "checks": len(checks),
        "differ": [each for each in checks if each["holds"] is False],
        "not_measured": [each for each in checks if each["holds"] is None],
        "smaller_maps": any(SMALLER in each["note"] for each in checks),
        "told": [] if checks else told,
    }


def tell(lines: Sequence[Mapping[str, Any]]) -> None:
    """A summary of a log, and each run that did not end with 0 or took longer than two minutes."""
    ends = Counter(each["exit"] for each in lines)
    print(f"{len(lines)} of {len(list(runs()))} runs; exit codes {dict(ends)}")
    if not lines:
        return
    print(sum(each.get("smaller_maps", False) for each in lines), "on maps smaller than windows ask for")
    print(sum("refused" in each for each in lines), "refused at that crop, and run at the one named")
    for name in ("seconds", "peak_mib"):
        most = max(lines, key=lambda each: each[name])
        print(f"most {name}: {most[name]}, {most['network']}, {most['kind']}")
    print(f"{sum(each['seconds'] for each in lines) / 60:.1f} minutes of processor time")
    streamless = [each["network"] for each in lines if any(NO_STREAM in told for told in each["told"])]
    print("without a stream, as they are told:", ", ".join(streamless) or "none")
    for each in lines:
        if (each["exit"] and each["network"] not in streamless) or each["seconds"] > 120:
            print(each["network"], each["kind"], each["exit"], each["seconds"], each["told"])
            print(*(f"  {one['what']}: {one['measured']} for {one['predicted']}; {one['note']}"
                    for one in each["differ"]), sep="\n")  # fmt: skip


def _main(log: Path, crops: Sequence[str], names: Sequence[str]) -> None:
    lines = [json.loads(each) for each in log.read_text().splitlines()] if log.exists() else []
    if "--told" in names:
        for crop in crops:
            print(f"\ncrop {crop}:")
            tell([each for each in lines if str(each["crop"]) == crop])
        return
    done = {(each["network"], each["kind"], str(each["crop"])) for each in lines}
    for entry, kind in runs():
        wanted = [crop for crop in crops if (entry.command, kind, crop) not in done]
        if not _is_wanted(entry, names) or not wanted:
            continue
        for found in run(entry, kind, wanted):
            with log.open("a") as file:
                file.write(json.dumps(found) + "\n")
            told = (found[each] for each in ("network", "kind", "crop", "exit", "seconds", "peak_mib"))
            print(*told, flush=True)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), (*sys.argv[2:3], str(CROP))[0].split(","), sys.argv[3:])
