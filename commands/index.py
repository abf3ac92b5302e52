"""The list of commands: the module of each, and one line of what it is for.

The lines stand here, so that the list of commands is printed without loading one of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from costmodel.errors import OptionError, nearest

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "What a network costs": {
        "analyze": "Parameters, multiply-adds, memory, delay, in all and by layer.",
        "explain": "One layer's rules with the numbers put in, and what tools count.",
        "formula": "The figures as closed forms in the network's own sizes.",
        "compare": "Networks side by side, or one network in every form.",
        "diff": "What changed from one network to another: layers and figures.",
        "check": "Whether a network keeps its limits, for scripts and CI.",
        "sweep": "The figures of many designs of one spec.",
        "report": "Files: where memory goes, a search's trajectory, a gallery.",
        "reproduce": "The papers' printed figures, each computed anew.",
    },
    "The network itself": {
        "import": "A PyTorch network of your own, as a spec and its weights.",
        "convert": "A PyTorch network of your own as a proven stream, in one go.",
        "emit": "Readable PyTorch source, torch.export, ONNX or TFLite.",
        "validate": "Every figure predicted, and measured on the running network.",
        "diagnose": "Why it cannot run frame by frame, and repairs.",
        "bench": "How fast networks run, all in one run.",
        "data": "Videos to try things on, and what is read of a folder.",
        "train": "A network's weights from clips, by a recipe.",
        "evaluate": "How accurate trained weights are, on clips or frame by frame.",
        "stream": "Trained weights on live video: cameras, files, addresses.",
    },
    "The best network": {
        "search": "Expand or contract a network under a budget, axis by axis.",
        "solve": "The best network of a grid within limits, without training.",
        "baselines": "A search beside single axes and random search.",
        "sampling": "Frames sampled by similarity beside what that must beat.",
        "ablate": "What each choice of a sampler is worth, trained in one study.",
        "study": "What searches have found and decided, and why.",
    },
    "Specs": {
        "list": "Specs, variants, transforms, metrics, scores, recipes.",
        "completion": "A script that completes commands and specs in a shell.",
        "schema": "The JSON Schema of specs, for editors.",
    },
}
MODULES = {"import": "importing"}  # what Python keeps a word for itself
COMMANDS: Mapping[str, str] = {
    name: f"commands.{MODULES.get(name, name)}" for section in SECTIONS.values() for name in section
}
ABOUT = """What a video network costs on a live stream, and which network is best under
that cost."""
NAME_WIDTH = 12


def known(word: str, commands: Mapping[str, object], what: str) -> str:
    """Checks that a word is one of the commands, and returns it.

    Raises:
        OptionError: it is not; names the nearest.
    """
    if word in commands:
        return word
    if word.startswith("-"):
        raise OptionError(f"No such option: {word}")
    raise OptionError(f"unknown {what} {word!r}{nearest(word, commands)}")


def listed(lines: Mapping[str, str]) -> str:
    """Names with a line each."""
    return "".join(f"  {name:{NAME_WIDTH}}{about}\n" for name, about in lines.items())
