"""Graphs from graphs, one transform a file, named as its word: what stands in this folder is found."""

from costmodel.transforms.base import TRANSFORMS, Transform, composed, option, transform_from

__all__ = ["TRANSFORMS", "Transform", "composed", "option", "transform_from"]
