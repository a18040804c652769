"""Convergence is not recovery: what two models agree on, and what they know.

Two models learn a 100-dimensional Gaussian from disjoint data. With a weak latent they
agree about almost every sample before either knows the latent; with a strong one it is
the other way round.
"""

import numpy as np
from limen.sims import memorisation as sims
from limen.sims.sweep import Sweep, zip_
from limen.theory import memorisation as theory

DIM = 100


def spectrum(spike):
    """White data with one latent."""
    return np.concatenate([[1 + spike], np.ones(DIM - 1)])


def main(seeds: int = 32) -> None:
    """Compare theory and simulation in three corners of the phase diagram."""
    sweep = Sweep(
        sim=sims.simulate_pair,
        static={"max_samples": [4 * DIM]},
        dynamic=zip_(load=[4.0, 0.25, 2.0], spike=[0.5, 3.0, 3.0]),
        derive={
            "variances": spectrum,
            "num_samples": lambda load: round(load * DIM),
        },
    )
    found = sweep.run(seeds, progress=False).mean("seed")
    converged = sweep.map(lambda load: theory.convergence_white(load))
    recovered = sweep.map(lambda load, spike: theory.spiked_overlap(spike, load))
    print("load  spike   q theory  q simulated   Q theory  Q simulated")
    for k, cell in enumerate(sweep.cells()):
        q = float(found.q_ratio.values.ravel()[k])
        overlap = float(found.overlap.values.ravel()[k])
        print(
            f"{cell['load']:4}  {cell['spike']:5}   {converged[k]:8.3f}  {q:11.3f}"
            f"   {recovered[k]:8.3f}  {overlap:11.3f}"
        )


if __name__ == "__main__":
    main()
