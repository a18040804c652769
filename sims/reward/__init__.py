"""Single-index reward learning and deployment by exponential tilting, simulated."""

from .chain import lumped_chain as lumped_chain
from .chain import lumped_hit as lumped_hit
from .chain import lumped_hits as lumped_hits
from .direction import first_order as first_order
from .direction import one_step as one_step
from .direction import preference as preference
from .direction import signal as signal
from .direction import spectral as spectral
from .fit import readout as readout
from .fit import two_stage_index as two_stage_index
from .fit import weight_ess as weight_ess
from .sgd import online_sgd as online_sgd
from .stages import two_stage as two_stage
