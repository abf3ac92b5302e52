"""Every shipped network validated on small frames, one after the other, by the command that a user types.

    python tests/validation/every_variant.py LOG [CROP] [PART OF A NAME ...]

adds a line of JSON to LOG for each run, and leaves out those that LOG has; so it may be stopped at any time.
CROP is a number, 64 unless given, or `full`: each network's own, the networks of the fewest parameters first;
one that is refused there is run at the crop that the refusal names.
`--told` in the place of names sums up what LOG holds. A run that needs more than 6 GiB fails.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from costmodel.__main__ import main
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.network import Network
from reports.gallery import Entry, entries

KINDS = ("clip", "stream")
MOST_BYTES = 6 * 2**30
CROP = 64
SMALLER = "see no neighbours"  # of maps that are smaller for want of time or memory


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


def smallest_first(names: Sequence[str]) -> Iterator[tuple[Entry, str]]:
    """Those named, or all, as clips and frame by frame, by their parameters: what needs least runs first."""
    ranked = sorted((entry for entry in entries() if _is_wanted(entry, names)), key=_params)
    yield from ((entry, kind) for entry in ranked for kind in KINDS)


def _is_wanted(entry: Entry, names: Sequence[str]) -> bool:
    return not names or any(name in entry.command for name in names)


def _params(entry: Entry) -> int:
    graph = Network.of(entry.spec, entry.variant, entry.sets).graph()
    return int(str(evaluate(Figures(graph), "params")))


def _structure(entry: Entry) -> object:
    """What networks share that differ in their channels alone."""
    graph = Network.of(entry.spec, entry.variant, {**entry.sets, "crop": CROP}).graph()
    return tuple((node.op.word, node.inputs, str(graph.windows[node.name])) for node in graph.nodes)


def run(entry: Entry, kind: str, crop: int | None) -> Mapping[str, Any]:
    """What `validate` says of a network, its processor time and its memory, in a process of its own."""
    arguments = ["validate", *entry.command.split(), "--format", "json"]
    arguments += [] if crop is None else ["--set", f"crop={crop}"]
    arguments += ["--continual"] * (kind == "stream")
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = time.monotonic()
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
            code = 3
            try:
                with redirect_stdout(out), redirect_stderr(err):
                    code = main(arguments)
                out.flush()
                err.flush()
            finally:
                os._exit(code)
        _, status, used = os.wait4(child, 0)
        out.seek(0)
        err.seek(0)
        told, errors = out.read(), err.read()
    checks = json.loads(told)["checks"] if told.startswith("{") else []
    return {
        "network": entry.command,
        "kind": kind,
        "crop": "full" if crop is None else crop,
        "exit": os.waitstatus_to_exitcode(status),
        "seconds": round(used.ru_utime + used.ru_stime, 1),
        "wall_seconds": round(time.monotonic() - started, 1),
        "peak_mib": used.ru_maxrss // 1024,
        "checks": len(checks),
        "differ": [each for each in checks if each["holds"] is False],
        "not_measured": [each for each in checks if each["holds"] is None],
        "smaller_maps": any(SMALLER in each["note"] for each in checks),
        "told": [] if checks else errors.splitlines()[-3:],
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
    for each in lines:
        if each["exit"] or each["seconds"] > 120:
            print(each["network"], each["kind"], each["exit"], each["seconds"], each["told"])
            print(*(f"  {one['what']}: {one['measured']} for {one['predicted']}; {one['note']}"
                    for one in each["differ"]), sep="\n")  # fmt: skip


def run_where_it_fits(entry: Entry, kind: str, crop: int | None) -> Mapping[str, Any]:
    """A run, and where it is refused with a crop that fits, what came of it at that crop."""
    found = run(entry, kind, crop)
    named = re.search(r"validate at --set crop=(\d+), which fits", " ".join(found["told"]))
    if named is None:
        return found
    return {**run(entry, kind, int(named[1])), "refused": found["told"]}


def _main(log: Path, crop: int | None, names: Sequence[str]) -> None:
    import costmodel.validation.validate  # noqa: F401  so that no child imports torch anew

    lines = [json.loads(each) for each in log.read_text().splitlines()] if log.exists() else []
    if "--told" in names:
        tell(lines)
        return
    done = {(each["network"], each["kind"]) for each in lines}
    for entry, kind in runs() if crop is not None else smallest_first(names):
        if not _is_wanted(entry, names) or (entry.command, kind) in done:
            continue
        found = run_where_it_fits(entry, kind, crop)
        with log.open("a") as file:
            file.write(json.dumps(found) + "\n")
        print(found["network"], kind, found["exit"], found["seconds"], found["peak_mib"], flush=True)


if __name__ == "__main__":
    size = (*sys.argv[2:3], str(CROP))[0]
    _main(Path(sys.argv[1]), None if size == "full" else int(size), sys.argv[3:])
