"""Formulas of a shipped spec in some of its sizes, left free."""

from costmodel.analysis.formula import formulas, is_whole
from costmodel.spec import document, elaborate

X3D = document("x3d")


def builder(transform=lambda clip: clip, variant="M"):
    lets = X3D.sections["let"]

    def build(values, name_value=lambda name, value: value):
        sizes = {name: value for name, value in values.items() if name not in lets}
        graph = elaborate(
            X3D, variant, sizes, name_value=lambda name, value: name_value(name, values.get(name, value))
        )
        return transform(graph)

    return build


def closed(build, names, metrics):
    point = {**X3D.settings("M", {}), **dict.fromkeys(X3D.sections["let"], 3)}
    whole = {name: is_whole(build, name, point[name]) for name in names}
    return formulas(build, whole, metrics, taken=point)
