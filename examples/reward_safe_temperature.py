"""How cold may a learned reward be deployed, and what does a worse proxy cost?"""

import jax
import numpy as np
from limen.theory import reward

NODES, _ = reward.gauss_grid(breaks=(0.0,))
TEMPERATURES = np.array([0.5, 0.6, 0.7, 1.0])


def margins(proxy_error: float) -> np.ndarray:
    """Margin of the guaranteed value over the target gain 0.1 (link tanh)."""
    sets = reward.admissible_sets(
        TEMPERATURES,
        num_samples=2000,
        target_gain=0.1,
        quantile=0.9,
        noise=0.3,
        ridge=1e-3,
        half_width=2.0,
        proxy=np.tanh(NODES) + proxy_error * np.sin(1.5 * NODES),
        key=jax.random.key(0),
        link="tanh",
        weights="surrogate",
        num_features=8,
    )
    return np.asarray(sets.margin)


def main() -> None:
    """Print the margins of a perfect and of a wrong surrogate."""
    print("temperature  perfect proxy  wrong proxy")
    for row in zip(TEMPERATURES, margins(0.0), margins(1.0), strict=True):
        print("{:11.2f}  {:13.3f}  {:11.3f}".format(*row))


if __name__ == "__main__":
    main()
