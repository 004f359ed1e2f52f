"""Fair control: which label a generated row gets."""

from .calibration import Calibration, pointwise_mutual_information
from .curve import FairnessCurve

__all__ = ["Calibration", "FairnessCurve", "pointwise_mutual_information"]
