"""How much does forgetting cost? Exact constants beside a simulation of one's own.

Run: python examples/bandits_sandwich.py
"""

import numpy as np
from limen.sims import bandits as sims
from limen.sims.sweep import Sweep
from limen.theory import bandits as theory

ARMS, PER_ARM, GAP = 256, 1e4, 0.1


def main() -> None:
    """Print the lower bound, two exact constants, and two simulated regrets."""
    horizon = ARMS * PER_ARM
    unit = float(theory.regret_unit(ARMS, horizon))
    floor = float(theory.regret_lower_bound(ARMS, horizon).value) / unit
    uniform = float(np.asarray(theory.uniform_minimax(ARMS, horizon))[0])
    ladder = float(np.asarray(theory.ladder_minimax(4, 4, horizon))[0])
    print(f"nobody with one arm of memory is below {floor:.3f}")
    print(f"uniform exploration, worst gap, exact: {uniform:.3f}")
    print(f"ladder with groups of 4, worst gap, exact: {ladder:.3f}")
    for sim in (sims.uniform, sims.ladder):
        sweep = Sweep(
            sim=sim,
            static={"arms": [ARMS]},
            dynamic={"horizon": [horizon], "gap": [GAP]},
        )
        regret = sweep.run(128, progress=False).regret.values / unit
        error = regret.std(ddof=1) / np.sqrt(regret.size)
        print(f"{sim.name} at gap {GAP}: {regret.mean():.3f} ± {error:.3f}")


if __name__ == "__main__":
    main()
