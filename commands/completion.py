"""`completion`: a script that completes commands, options and shipped specs in a shell."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from commands.command import Command, Group
from commands.index import COMMANDS, SECTIONS
from commands.printing import put
from commands.run import command
from costmodel.options import Option
from costmodel.spec.document import document, shipped_names

EXAMPLES = """A script that completes commands, their options and the names of shipped specs.

It says all that it completes, so that no key press waits for Python; write it anew after an upgrade.

Examples:

    completion bash > ~/.local/share/bash-completion/completions/costmodel

    completion zsh > ~/.zfunc/_costmodel                  with ~/.zfunc in fpath

    completion fish > ~/.config/fish/completions/costmodel.fish
"""
SHELLS = ("bash", "zsh", "fish")
# Where a spec stands: a shipped name, or a file.
SPEC = ("spec", "lines")
VARIANT = ("variant", "start")
_NAMES = "_costmodel_specs"
_VARIANTS = "_costmodel_variants"
_FUNCTIONS = {
    "bash": '{name}() {{ compgen -W "{specs}" -- $1; compgen -f -- $1; }}',
    "zsh": "{name}() {{ _alternative 'specs:spec:({specs})' 'files:file:_files'; }}",
    "fish": "function {name}\n  printf '%s\\n' {specs}\n  __fish_complete_path (commandline -ct)\nend",
}
# The variants of whatever spec stands on the line, a case for each.
_OF_SPECS = {
    "bash": """{name}() {{
  local word
  for word in "${{COMP_WORDS[@]}}"; do case $word in
{cases}
  esac; done
}}""",
    "zsh": """{name}() {{
  local word
  for word in $words; do case $word in
{cases}
  esac; done
}}""",
    "fish": """function {name}
  for word in (commandline -opc)
    switch $word
{cases}
    end
  end
end""",
}
_CASES = {
    "bash": '    {spec}) compgen -W "{variants}" -- "$1" ;;',
    "zsh": "    {spec}) compadd -- {variants} ;;",
    "fish": "      case {spec}\n        printf '%s\\n' {variants}",
}


def completion(shell: str) -> None:
    """Prints the script of a shell."""
    import shtab

    root = _with_help(ArgumentParser("costmodel", add_help=False))
    root.add_argument("--version", action="store_true", help="The version.")
    about = {name: line for section in SECTIONS.values() for name, line in section.items()}
    words = root.add_subparsers()
    for name in COMMANDS:
        _add(words, name, about[name], command(name))
    specs = " ".join(shipped_names())
    preamble = _FUNCTIONS[shell].format(name=_NAMES, specs=specs)
    put(shtab.complete(root, shell, preamble=f"{preamble}\n{_of_specs(shell)}\n") + "\n")


def _of_specs(shell: str) -> str:
    """The function that gives the variants of the spec on the line."""
    variants = {name: document(name).sections["variants"] for name in shipped_names()}
    cases = (
        _CASES[shell].format(spec=name, variants=" ".join(found)) for name, found in variants.items() if found
    )
    return _OF_SPECS[shell].format(name=_VARIANTS, cases="\n".join(cases))


def _add(words: Any, name: str, about: str, found: Command | Group) -> None:
    made = _with_help(words.add_parser(name, help=about.replace("%", "%%"), add_help=False))
    if isinstance(found, Group):
        inner = made.add_subparsers()
        for word, each in found.commands.items():
            _add(inner, word, each.help.partition("\n")[0], each)
        return
    for option in found.table:
        _add_option(made, option)


def _with_help(parser: ArgumentParser) -> ArgumentParser:
    # by hand: argparse's own would offer `-h` too, which there is not
    parser.add_argument("--help", action="store_true", help="Show this message and exit.")
    return parser


def _add_option(parser: ArgumentParser, option: Option) -> None:
    """An option as argparse has it, as far as completion looks at it."""
    about = option.help.replace("%", "%%")
    if option.kind is bool:
        flags = [option.flag, *([option.no_flag] if option.has_no else [])]
        parser.add_argument(*flags, action="store_true", help=about, dest=option.name)
        return
    many = "*" if option.is_positional and option.is_repeatable else None
    given = {"help": about, "metavar": option.metavar or None, "choices": option.choices or None}
    if option.is_positional:
        made = parser.add_argument(option.name, nargs=many or "?", **given)  # type: ignore[arg-type]
    else:
        made = parser.add_argument(option.flag, dest=option.name, **given)  # type: ignore[arg-type]
    function = _NAMES if option.name in SPEC else _VARIANTS if option.name in VARIANT else ""
    if function:
        made.complete = {"bash": function, "zsh": function, "fish": f"({function})"}  # type: ignore[attr-defined]
    elif option.kind is Path:
        import shtab

        made.complete = shtab.FILE  # type: ignore[attr-defined]


COMMAND = Command(
    completion,
    EXAMPLES,
    (
        Option(
            "shell",
            "The shell.",
            is_positional=True,
            is_required=True,
            choices=SHELLS,
            metavar="|".join(SHELLS),
        ),
    ),
)
