"""What is packed: the packages, and the shipped specs as data of `costmodel` although they lie beside it.

All else stands in pyproject.toml, which cannot both find packages and name one that lies elsewhere.
"""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["costmodel*", "search*", "reports*", "commands*"]),
        "costmodel.specs",
    ],
    package_dir={"costmodel.specs": "specs"},
)
