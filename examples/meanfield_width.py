"""How wide must a trained tanh network be? Read it off the theory before training."""

import numpy as np
from limen.theory import meanfield

ANGLE = np.pi * np.arange(8) / 16 + 0.1
X = 1.5 * np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)
Y = 0.6 * np.tanh(X @ np.array([1.0, -0.5]))
RIDGE, AMPLITUDE = 0.2, 1.0


def width_needed(temperature: float, error: float) -> tuple[float, float]:
    """Width for a root-mean-square fluctuation: interacting, and if independent."""
    found = meanfield.stationary_fluctuation(X, Y, RIDGE, temperature, AMPLITUDE)
    return float(found["fluctuation"]) / error**2, float(found["iid"]) / error**2


def main() -> None:
    """Print the width that keeps f_N within 0.02 of its mean-field limit."""
    print("temperature  width needed  if neurons were independent")
    for temperature in (0.02, 0.05, 0.1, 0.2):
        print(
            "{:11.2f}  {:12.0f}  {:27.0f}".format(
                temperature, *width_needed(temperature, 0.02)
            )
        )


if __name__ == "__main__":
    main()
