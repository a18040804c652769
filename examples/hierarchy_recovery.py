"""At which sample size does each hidden feature appear, and how well is it found?

Run with `python examples/hierarchy_recovery.py`; takes a few seconds.
"""

import numpy as np
from limen.sims import hierarchy as sims
from limen.sims.sweep import Sweep
from limen.theory import hierarchy as theory

DIM, RATIO, SEEDS = 96, 16, 32


def main():
    """Print theory beside simulation."""
    # A target of degree four with four hidden quadratic features, b_k = ±1/k.
    weights = np.asarray(theory.power_law_weights(1.0, num_features=4))
    scale = float(np.sqrt(2 * np.sum(weights**2)))
    sides = np.sign(weights).astype(int)

    # Theory: law of the label, sharp thresholds, limits of the overlaps.
    law = theory.label_law(weights)
    values = theory.preprocess(law.grid, scale)
    thresholds = [
        float(theory.recovery_threshold(law, values, scale, k, int(side)))
        for k, side in enumerate(sides)
    ]
    limits = [
        float(theory.outlier(law, values, scale, RATIO, k, int(side)).overlap)
        for k, side in enumerate(sides)
    ]

    # Simulation: the learner on Gaussian-equivalent features of dimension D.
    sweep = Sweep(
        sim=sims.simulate_spectrum,
        static={"mode": ["gauss"], "size": [DIM], "sample_counts": [(RATIO * DIM,)]},
        derive={
            "weights": lambda **_: weights,
            "scale": lambda **_: scale,
            "noise": lambda **_: 0.0,
        },
    )
    overlap = sweep.run(SEEDS, progress=False).overlap.squeeze()
    mean, error = overlap.mean("seed"), overlap.std("seed", ddof=1) / SEEDS**0.5

    print(f"n/D = {RATIO}, D = {DIM}, {SEEDS} seeds")
    print("feature  threshold n/D  overlap: limit   simulated")
    for k, threshold in enumerate(thresholds):
        row = f"{k + 1:7d}  {threshold:13.3f}  {limits[k]:14.3f}"
        print(f"{row}   {float(mean[k]):.3f} ± {float(error[k]):.3f}")


if __name__ == "__main__":
    main()
