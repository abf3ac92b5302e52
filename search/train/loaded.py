"""What training needs, loaded once for all workers that begin as copies of the process that imports this."""

import os

# Ahead of the libraries, which ask for them as they load.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

# numpy itself loads these when first asked
import numpy.ma
import numpy.random  # noqa: F401

import search.score.proxies
import search.score.training
import search.train.evaluate
import search.train.loop  # noqa: F401
