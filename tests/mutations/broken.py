"""Rules broken on purpose: one text of a module in place of another, in a process that ends with it."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path
from tempfile import TemporaryFile
from types import CodeType, FunctionType

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutant:
    """A rule broken on purpose.

    Args:
        name: what is wrong with it.
        module: where the rule stands.
        right: the text of the rule, which stands there once.
        wrong: what stands there instead.
        network: the network that shows it, by name.
        options: how `validate` is called on it.
        survives: why `validate` cannot see it; empty for all that it must see.
    """

    name: str
    module: str
    right: str
    wrong: str
    network: str
    options: str = ""
    survives: str = ""


@dataclass(frozen=True)
class Seen:
    """What `validate` answered: its exit code, the checks that do not hold, what it said besides."""

    code: int
    differ: tuple[str, ...]
    said: str

    @property
    def is_caught(self) -> bool:
        """Whether it ran to its end and named a figure that differs."""
        return self.code == 1 and bool(self.differ)


def seen(arguments: Sequence[str], mutant: Mutant | None = None) -> Seen:
    """What `validate` answers, in a process of its own in which a rule is broken."""
    with TemporaryFile("w+") as answer:
        if (child := os.fork()) == 0:
            try:
                json.dump(_answer(arguments, mutant), answer)
                answer.flush()
            finally:
                os._exit(0)  # not into the tests that this process was a copy of
        os.waitpid(child, 0)
        answer.seek(0)
        text = answer.read()
    if not text:
        raise AssertionError(f"{mutant}: the process ended without an answer")
    code, differ, said = json.loads(text)
    return Seen(code, tuple(differ), said)


def _answer(arguments: Sequence[str], mutant: Mutant | None) -> tuple[int, list[str], str]:
    from commands.run import run

    out, said = StringIO(), StringIO()
    try:
        if mutant is not None:
            break_rule(mutant)
        with redirect_stdout(out), redirect_stderr(said):
            code = run(["validate", *arguments, "--format", "json"])
    except SystemExit as left:
        code = left.code
    except BaseException as error:  # the test is to show it
        return 3, [], f"{type(error).__name__}: {error}"
    rows = json.loads(out.getvalue())["checks"] if out.getvalue() else []
    return int(code or 0), [row["what"] for row in rows if row["holds"] is False], said.getvalue()


def break_rule(mutant: Mutant) -> None:
    """Gives every function of a module the code that it would have with the other text.

    Whoever imported such a function has the same object, so it is broken for all.
    """
    module = import_module(mutant.module)
    path = Path(str(module.__file__))
    text = path.read_text()
    if text.count(mutant.right) != 1:
        raise AssertionError(f"{mutant.name}: {mutant.right!r} stands {text.count(mutant.right)} times there")
    before = dict(_codes(compile(text, str(path), "exec")))
    after = dict(_codes(compile(text.replace(mutant.right, mutant.wrong), str(path), "exec")))
    changed = {name for name in before.keys() & after.keys() if _differs(before[name], after[name])}
    functions = [
        each
        for each in gc.get_objects()
        if type(each) is FunctionType  # isinstance asks some objects, which warn of being asked
        and each.__code__.co_filename == str(path)
        and each.__code__.co_qualname in changed
    ]
    if not functions:
        raise AssertionError(f"{mutant.name}: no function has changed")
    for function in functions:
        function.__code__ = after[function.__code__.co_qualname]


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each.co_qualname, each
            yield from _codes(each)


def _differs(one: CodeType, two: CodeType) -> bool:
    """Whether two codes do something else; the codes inside them are looked at by themselves too."""
    plain = ([c for c in code.co_consts if not isinstance(c, CodeType)] for code in (one, two))
    inner = ([c for c in code.co_consts if isinstance(c, CodeType)] for code in (one, two))
    constants, others = next(plain), next(plain)
    return (
        one.co_code != two.co_code
        or constants != others
        or one.co_names != two.co_names
        or any(_differs(a, b) for a, b in zip(next(inner), next(inner), strict=True))
    )


def load() -> None:
    """Imports all that `validate` may import, once for all processes that are copies of this one."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    import_module("costmodel.validation.validate")
    list(import_module("costmodel.transforms.base").TRANSFORMS)
