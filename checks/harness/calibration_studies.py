"""All studies, in the order of CALIBRATION.md."""

from .calibration_boundaries import BOUNDARY_STUDIES
from .calibration_growth import GROWTH_STUDIES
from .calibration_laws import LAW_STUDIES
from .calibration_means import MEAN_STUDIES
from .calibration_power import POWER_STUDIES
from .calibration_thresholds import THRESHOLD_STUDIES

STUDIES = (
    *BOUNDARY_STUDIES,
    *MEAN_STUDIES,
    *LAW_STUDIES,
    *POWER_STUDIES,
    *GROWTH_STUDIES,
    *THRESHOLD_STUDIES,
)
