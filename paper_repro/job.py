"""One paper in one process: claims, then figures, then its document."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xarray import Dataset

from ..checks.harness import Verdict, run_claims
from ..figures import style
from ..figures.export import save
from ..figures.figure import Data, Figure
from ..sims import sweep
from ..sims.sweep.cache import compile_cache
from . import documents, registry
from .paper import Paper
from .progress import Event

ALPHA_SUITE, PAPERS_IN_SUITE = 0.01, 8
ALPHA = ALPHA_SUITE / PAPERS_IN_SUITE
Tell = Callable[[Event], None]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done for one paper.

    Attributes:
        paper: Its id.
        preset: quick, paper or gpu.
        out: Folder of results.
        only: Claim ids; None stands for all.
        base_seed: Names the random streams.
        figures: Whether to draw.
        command: The command line, for the record.
    """

    paper: str
    preset: str
    out: Path
    only: frozenset[str] | None = None
    base_seed: int = 0
    figures: bool = True
    command: str = ""

    @property
    def effort(self) -> str:
        """The compiler's: compiling is half of what quick sizes cost."""
        return "low" if self.preset == "quick" else "full"

    @property
    def folder(self) -> Path:
        """Where verdicts, rows and figures go."""
        return self.out / self.paper / self.preset


@dataclass
class Counted:
    """The seam to the engine, which also counts what its rounds cost.

    Attributes:
        store: Folder of the stored samples.
        base_seed: Names the random streams.
        effort: The compiler's.
        programs: Programs compiled so far.
        compile_seconds: Time they took.
        run_seconds: Time spent on running.
    """

    store: Path
    base_seed: int
    effort: str
    programs: int = 0
    compile_seconds: float = 0.0
    run_seconds: float = 0.0

    def __call__(self, requests: Sequence[tuple[sweep.Sweep, int]]) -> list[Dataset]:
        """Draw one round; its cost stands in the attributes of every dataset."""
        datasets = sweep.draw(
            requests, store=self.store, base_seed=self.base_seed, effort=self.effort
        )
        for cost in [data.attrs for data in datasets[:1]]:
            self.programs += cost["programs"]
            self.compile_seconds += cost["compile_seconds"]
            self.run_seconds += cost["run_seconds"]
        return datasets


def judged(job: Job) -> set[str]:
    """Ids of the claims that are to be judged."""
    return {
        claim.id
        for claim in registry.papers()[job.paper].claims
        if job.preset in claim.sizes and (job.only is None or claim.id in job.only)
    }


@compile_cache()
def execute(job: Job, tell: Tell) -> dict[str, Any]:
    """Judge the claims, draw the figures, write the document.

    What theory and figures compile is kept for the next run, as the simulators are.

    Args:
        job: What to do.
        tell: Is told of every step.

    Returns:
        The document as it was written.
    """
    paper = registry.papers()[job.paper]
    for name in ("rows", "figures"):
        documents.make_folder(job.folder / name)
    started, clock = datetime.now(UTC), time.perf_counter()
    pictures = drawable(paper, job) if job.figures else []
    draw = Counted(job.out / "store", job.base_seed, job.effort)
    verdicts = run_claims(
        paper.claims,
        job.preset,
        draw,
        alpha=ALPHA,
        base_seed=job.base_seed,
        only=job.only,
        ledger=job.out / "ledger.jsonl",
        progress=_forwarded(job, tell, len(pictures)),
    )

    def write(figures: list[dict[str, Any]]) -> dict[str, Any]:
        run = documents.run_facts(
            started=started.isoformat(timespec="seconds"),
            seconds=time.perf_counter() - clock,
            command=job.command,
            base_seed=job.base_seed,
            alpha=ALPHA,
            programs=draw.programs,
            compile_s=round(draw.compile_seconds, 3),
            run_s=round(draw.run_seconds, 3),
        )
        place = (job.folder, job.paper, job.preset)
        return documents.write(*place, run, verdicts, figures)

    write([])  # verdicts first: a figure that fails must not cost them
    return write(_draw_all(pictures, verdicts, job, draw, tell))


def drawable(paper: Paper, job: Job) -> list[Figure]:
    """The figures whose claims are run and whose sizes are stated at this preset."""
    run = judged(job)
    return [
        figure
        for figure in paper.figures
        if set(figure.claims) <= run
        and (figure.sweeps is None or job.preset in figure.sizes)
    ]


def _forwarded(job: Job, tell: Tell, figures: int) -> Callable[..., None]:
    """The harness's progress as events; the figures are still to come."""

    def progress(
        claim_id: str, seeds: int, verdict: str, done: int, total: int
    ) -> None:
        tell(Event(job.paper, claim_id, verdict, seeds, done, total + figures))

    return progress


def _draw_all(
    pictures: Sequence[Figure],
    verdicts: Sequence[Verdict],
    job: Job,
    draw: Counted,
    tell: Tell,
) -> list[dict[str, Any]]:
    """Run the figures' own sweeps in one request, then draw one after the other."""
    sweeps = {figure.name: _sweeps(figure, job.preset) for figure in pictures}
    requests = [request for named in sweeps.values() for request in named.values()]
    drawn = iter(draw(requests) if requests else ())
    entries = []
    for number, figure in enumerate(pictures, start=1):
        data = Data(
            claims={v.claim_id: v.datasets for v in verdicts},
            verdicts={v.claim_id: v for v in verdicts},
            sweeps={name: next(drawn) for name in sweeps[figure.name]},
            sizes=figure.sizes.get(job.preset, {}),
        )
        with style.applied():
            canvas = figure.draw(data)
        files = save(canvas, job.folder / "figures" / figure.name)
        entries.append(_entry(figure, files, job.folder))
        claims = len(verdicts)
        done, total = claims + number, claims + len(pictures)
        tell(Event(job.paper, f"figure {figure.name}", "drawn", 0, done, total))
    return entries


def _sweeps(figure: Figure, preset: str) -> Mapping[str, tuple[sweep.Sweep, int]]:
    if figure.sweeps is None:
        return {}
    sizes = dict(figure.sizes[preset])
    seeds = sizes.pop("seeds")
    return {name: (made, seeds) for name, made in figure.sweeps(**sizes).items()}


def _entry(figure: Figure, files: Sequence[Path], folder: Path) -> dict[str, Any]:
    return {
        "name": figure.name,
        "caption": figure.caption,
        "claims": list(figure.claims),
        "files": [str(file.relative_to(folder)) for file in files],
    }
