"""The sweep engine: a simulator on a grid, compiled once, stored for good."""

from .compare import Difference as Difference
from .compare import diff as diff
from .errors import CorruptBlock as CorruptBlock
from .errors import NonDeterministic as NonDeterministic
from .errors import NotFinite as NotFinite
from .errors import SpecificationError as SpecificationError
from .errors import Stopped as Stopped
from .errors import StoreError as StoreError
from .grid import parse_axis as parse_axis
from .keep import Store as Store
from .lane import Lane as Lane
from .lane import rerun_lane as rerun_lane
from .memory import MemoryBudget as MemoryBudget
from .plan import Plan as Plan
from .run import draw as draw
from .run import run as run
from .run import run_share as run_share
from .simulator import Simulator as Simulator
from .simulator import registered as registered
from .simulator import resolve as resolve
from .simulator import simulator as simulator
from .spec import Out as Out
from .spec import Policy as Policy
from .spec import Sweep as Sweep
from .spec import zip_ as zip_
