"""One worked picture per kind, for checks/harness/README.md.

Run `python tests/checks/harness/pictures.py` to draw them again.
"""

import sys
from pathlib import Path

import numpy as np
from limen.checks.harness import Design, Tolerance, betting, kinds
from limen.checks.harness.judge import evidence, look_at
from limen.checks.harness.rule import Rule
from limen.checks.harness.samples import Samples
from limen.figures import style
from scipy import special, stats

FOLDER = Path(__file__).parents[3] / "checks" / "harness" / "pictures"
ALPHA, LOOKS = 1e-3, (16, 32, 64, 128, 256, 512, 1024, 2048)
SIZES = 32.0 * 2 ** np.arange(7)


def rng():
    return np.random.default_rng(7)


def samples(values, at=None):
    points = values.shape[1]
    return Samples(values, at or ({},) * points, np.zeros(points), True)


def sized(values):
    return samples(values, tuple({"N": size} for size in SIZES.tolist()))


def rule(kind, claimed, tol):
    design = Design(observe=lambda d: d, claimed=claimed, tol=Tolerance(tol, "picture"))
    return Rule.of("P-1", kind, design, ALPHA, 0.01, LOOKS[-1])


def points(kind, rows, claimed, tol, look=1):
    sight = look_at(rows, rule(kind, claimed, tol), look)
    return evidence(sight, look, sight.p)


def band(axes, lo, hi, label="claim ± tolerance", vertical=False):
    (axes.axvspan if vertical else axes.axhspan)(
        lo, hi, color=style.COLOURS[2], alpha=0.18, lw=0, label=label
    )


def bars(axes, x, found, label, colour=0, marker="o"):
    x, middle = np.asarray(x), np.array([p.estimate for p in found])
    ends = np.array([[p.estimate - p.lo, p.hi - p.estimate] for p in found]).T
    style.points(axes, x, middle, ends, label, colour, marker)


def identity(axes):
    x = np.arange(6)
    off = rng().normal(size=6) * 2e-11
    band(axes, -1e-10, 1e-10)
    style.points(axes, x, off, np.full(6, 2e-11), "difference ± numerical error")
    style.mutant(axes, x, off + 2.5e-10, "mutant: a term dropped")
    axes.set(xlabel="entry", ylabel="computed − claimed")


def value(axes):
    rows = rng().exponential(size=(LOOKS[-1], 1))
    band(axes, 0.8, 1.2)
    finite = [(n, points(kinds.value(), samples(rows[:n]), 1.0, 0.2)[0]) for n in LOOKS]
    finite = [(n, p) for n, p in finite if np.isfinite(p.hi)]
    n, found = zip(*finite, strict=True)
    bars(axes, n, found, "estimate, anytime interval")
    axes.axhline(1.6, color=style.MUTANT, ls="--", label="mutant: claims 1.6")
    axes.set(xscale="log", xlabel="rows at the look", ylabel="mean", ylim=(0, 3))
    axes.set_xticks(n, [str(size) for size in n])
    axes.minorticks_off()


def upper_bound(axes):
    rows = rng().exponential(size=(256, 1))
    n = np.arange(1, 257)
    for bound, label, colour in ((1.1, "true bound 1.1", 0), (0.6, "mutant: 0.6", 1)):
        wealth = betting.log_wealth(rows, bound, ALPHA)[:, 0]
        axes.plot(n, wealth / np.log(10), color=style.COLOURS[colour], label=label)
    style.bound(axes, n, np.full(256, -np.log10(ALPHA)), "1/α: violated above")
    axes.set(xlabel="rows", ylabel=r"$\log_{10}$ wealth", ylim=(-4, 12))


def lower_bound(axes):
    risk = np.array([1.3, 1.2, 1.6])
    rows = risk * rng().gamma(4, size=(512, 3)) / 4
    band(axes, 1.0, 2.0, "region: risk ≥ bound")
    bars(
        axes,
        range(3),
        points(kinds.lower_bound(), samples(rows), 1.0, 0.0),
        "algorithms",
    )
    axes.axhline(1.4, color=style.MUTANT, ls="--", label="mutant: bound × 1.4")
    axes.set(xticks=range(3), xticklabels=["Bayes", "best known", "naive"])
    axes.set(ylabel="risk / bound", ylim=(0.7, 2.0))


def limit(axes):
    rows = 1 + 0.8 * (SIZES / 32) ** -0.5 + 0.4 * rng().normal(size=(512, 7))
    (found,) = points(kinds.limit("N"), sized(rows), 1.0, 0.1)
    x, se = SIZES**-0.5, rows.std(0) / np.sqrt(512)
    style.points(axes, x, rows.mean(0), se, "means ± se")
    band(axes, 0.9, 1.1)
    bars(axes, [0.0], [found], "limit, hull + β", 1, "s")
    grid = np.linspace(0, x[0], 50)
    for omega, colour in ((0.5, 0), (1.0, 5)):
        fitted = np.polyfit(SIZES**-omega, rows.mean(0), 1)
        label = rf"fit with $N^{{-{omega:g}}}$"
        style.theory(axes, grid, np.polyval(fitted, grid ** (2 * omega)), label, colour)
    axes.axhline(1.25, color=style.MUTANT, ls="--", label="mutant: claims 1.25")
    axes.set(xlabel=r"$N^{-1/2}$", ylabel=r"$y_N$")


def exponent(axes):
    rows = SIZES**-0.5 * (1 + 0.3 * (SIZES / 32) ** -1)
    rows = rows * np.exp(0.1 * rng().normal(size=(512, 7)))
    (found,) = points(kinds.exponent("N"), sized(rows), 0.5, 0.1)
    y = rows.mean(0)
    style.points(axes, SIZES, y, rows.std(0) / np.sqrt(512), "means ± se")
    scale = y[-1] * SIZES[-1] ** 0.5
    label = (
        f"claim 1/2; estimate {found.estimate:.3f} ∈ [{found.lo:.2f}, {found.hi:.2f}]"
    )
    style.theory(axes, SIZES, scale * SIZES**-0.5, label)
    style.mutant(axes, SIZES, y[-1] * (SIZES / SIZES[-1]) ** -0.7, "mutant: 0.7")
    axes.set(xscale="log", yscale="log", xlabel="$N$", ylabel="$y_N$")
    axes.set_xticks(SIZES, [f"{size:g}" for size in SIZES])
    axes.set_yticks([0.03, 0.1, 0.3], ["0.03", "0.1", "0.3"])
    axes.minorticks_off()


def threshold(axes):
    x, sizes = np.linspace(0.4, 1.9, 9), (32.0, 128.0, 512.0)
    for k, d in enumerate(sizes):
        center, width = 1 + 0.2 * (d / 32) ** -0.5, 0.4 * (d / 32) ** -0.5
        hits = 1.0 * (rng().random((512, 9)) < stats.norm.cdf((x - center) / width))
        at = tuple({"d": d, "x": float(v)} for v in x)
        (found,) = points(
            kinds.threshold("x", by=("d",)), samples(hits, at), center, 0.1
        )
        share = hits.mean(0)
        error = np.sqrt(share * (1 - share) / 512)
        style.points(axes, x, share, error, f"d = {d:g}", k)
        fine = np.linspace(x[0], x[-1], 100)
        curve = special.expit(found.diagnostics["slope"] * (fine - found.estimate))
        axes.plot(fine, curve, color=style.COLOURS[k], lw=0.8)
        axes.axvspan(found.lo, found.hi, color=style.COLOURS[k], alpha=0.2, lw=0)
    axes.axhline(0.5, color="black", lw=0.6)
    axes.axvline(1.6, color=style.MUTANT, ls="--", label="mutant: at 1.6")
    axes.set(xlabel="ratio", ylabel="share of successes")


def ordering(axes):
    z, w = rng().normal(size=(2, 512, 1))
    first, second = np.exp(0.5 * z), np.exp(0.5 * z + 0.05 * w) + 0.08
    apart = first - np.random.default_rng(8).permutation(second)
    together = first - second
    band(axes, -1.0, 0.0, "region: A − B ≤ 0")
    pair = [
        points(kinds.ordering(), samples(d), 0.0, 0.0)[0] for d in (apart, together)
    ]
    bars(axes, [0, 1], pair, "mean of A − B")
    axes.axhline(0.08, color=style.MUTANT, ls="--", label="mutant: B − A")
    axes.set(xticks=[0, 1], xticklabels=["independent", "same seeds"], xlim=(-0.5, 1.5))
    axes.set(ylabel="A − B", ylim=(-0.35, 0.25))


def law(axes):
    rows = rng().exponential(size=(512, 1))
    ordered, share = np.sort(rows[:, 0]), np.arange(1, 513) / 512
    (found,) = points(kinds.law(), samples(rows), stats.expon.cdf, 0.2)
    radius = found.hi - found.estimate
    colour = style.COLOURS[0]
    lower, upper = share - radius, share + radius
    axes.fill_between(ordered, lower, upper, color=colour, alpha=0.18, label="DKW band")
    axes.step(ordered, share, color=style.COLOURS[0], lw=0.9, label="rows")
    grid = np.linspace(0, 6, 100)
    style.theory(axes, grid, stats.expon.cdf(grid), "claimed law", 1)
    style.mutant(axes, grid, stats.expon(scale=2).cdf(grid), "mutant: half the rate")
    axes.set(xlabel="row", ylabel="share", xlim=(0, 6))
    axes.set_title(f"distance {found.estimate:.3f}, radius {radius:.3f}")


PICTURES = (
    identity, value, upper_bound, lower_bound, limit, exponent, threshold, ordering, law
)  # fmt: skip


def draw(folder):
    """Draw all pictures; returns their files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for picture in PICTURES:
        with style.applied():
            figure, axes = style.canvas()
            picture(axes[0, 0])
            axes[0, 0].legend(fontsize=6)
            files.append(folder / f"{picture.__name__}.png")
            figure.savefig(files[-1], dpi=130)
    return files


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
