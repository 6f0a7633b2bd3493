"""History: what was measured, decided and paid."""

from ohmstead.recorder.buffered import BufferedWriter, WriterStatus
from ohmstead.recorder.errors import HistoryError
from ohmstead.recorder.history import Costs, Points
from ohmstead.recorder.minute import DecisionRow, Minute
from ohmstead.recorder.recorder import Recorder
from ohmstead.recorder.rollup import Retention

__all__ = [
    "BufferedWriter",
    "Costs",
    "DecisionRow",
    "HistoryError",
    "Minute",
    "Points",
    "Recorder",
    "Retention",
    "WriterStatus",
]
