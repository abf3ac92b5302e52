"""Why a clip network cannot run frame by frame, or at what price, and what would do."""

from costmodel.diagnosis.diagnose import Diagnosis, diagnose
from costmodel.diagnosis.obstacles import Obstacle, obstacles
from costmodel.diagnosis.repairs import Repair

__all__ = ["Diagnosis", "Obstacle", "Repair", "diagnose", "obstacles"]
