"""How fast networks run: what `costmodel bench` measures."""

from costmodel.emit.bench.kinds import profiled
from costmodel.emit.bench.run import bench_at, measured_batch
from costmodel.emit.bench.setting import Benched, Setting, Theirs

__all__ = ["Benched", "Setting", "Theirs", "bench_at", "measured_batch", "profiled"]
