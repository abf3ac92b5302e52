"""Training and evaluating the networks of graphs."""

from search.train.checkpoint import load_weights, save_weights
from search.train.forms import Form, form_of
from search.train.loop import train
from search.train.options import Options, Result

__all__ = ["Form", "Options", "Result", "form_of", "load_weights", "save_weights", "train"]
