"""One type for what may be a number or an array of numbers."""

import numpy as np

Numbers = float | int | np.floating | np.integer | np.ndarray
