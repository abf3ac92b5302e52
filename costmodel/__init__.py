"""What a video network costs on a live stream, frame by frame, and which network is best under that cost."""

from costmodel.analysis.cost import Analysis, analyze
from costmodel.errors import CostModelError
from costmodel.graph import Graph, Node
from costmodel.spec import load
from costmodel.transforms.continual import continual
from costmodel.types import TensorType

__all__ = ["Analysis", "CostModelError", "Graph", "Node", "TensorType", "analyze", "continual", "load"]
