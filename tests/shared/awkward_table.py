"""A table whose texts mean something to every format that it is printed in."""

from __future__ import annotations

import math

from reports.table import Table

ROWS = [{"name": "res_1 & 50%", "macs": 1_234_567, "delay": math.inf}, {"name": "a|b", "macs": None}]


TABLE = Table(ROWS, ("name", "macs", "delay"), "costs", drop=("delay",))
