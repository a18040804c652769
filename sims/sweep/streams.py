"""Random streams: the key of every lane, from experiment, cell and number alone.

`jax.random.fold_in` of the default generator (threefry2x32), done by NumPy for many
lanes at once: a program then takes keys and does not have to be lowered with the four
steps that lead to them. The tests hold it against jax, bit by bit.
"""

import numpy as np

IMPL = "threefry2x32"
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def fold_in(keys: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Key data (…, 2) with a word (…) folded into each; the two broadcast."""
    words = np.asarray(words, np.uint32)
    k0, k1 = (np.atleast_1d(keys[..., i]) for i in (0, 1))
    schedule = (k0, k1, k0 ^ k1 ^ np.uint32(PARITY))
    shape = np.broadcast_shapes(k0.shape, words.shape)
    x0, x1 = np.broadcast_to(k0, shape).copy(), words + k1
    for i in range(5):
        for rotation in ROTATIONS[i % 2]:
            x0 += x1
            x1 = (x1 << np.uint32(rotation)) | (x1 >> np.uint32(32 - rotation))
            x1 ^= x0
        x0 += schedule[(i + 1) % 3]
        x1 += schedule[(i + 2) % 3] + np.uint32(i + 1)
    return np.stack([x0, x1], axis=-1)


def cell_keys(base_seed: int, stream: int, words: np.ndarray) -> np.ndarray:
    """Keys of cells, from the experiment's word and the two words (cell, 2) of each."""
    root = np.array([[0, base_seed]], np.uint32)
    experiment = fold_in(root, np.array([stream]))
    return fold_in(fold_in(experiment, words[:, 0]), words[:, 1])
