"""Every table marked [measured] in the specification, measured again.

`make calibrate` runs all studies (they may also be run one by one with -k) and writes
each into its section of checks/harness/CALIBRATION.md.
"""

import re
import time
from pathlib import Path

import numpy as np
import pytest
from limen.checks.harness.calibration import Study, section
from limen.checks.harness.calibration_studies import STUDIES

PAGE = Path(__file__).parents[3] / "checks" / "harness" / "CALIBRATION.md"
TITLE = """# Calibration: the error rates of the decision rules, measured

Written by `make calibrate` (`pytest -m slow tests/checks/harness`). Every section
repeats a table marked [measured] in the harness's specification with this code; the
column *specification* gives the value found there, the last but one the range that
passes: nominal + 3 √(nominal/R) for error rates, declared before the run for powers.
"""


def rewrite(page: Path, study: Study, text: str) -> None:
    """Put a study's section into the page, in the order of the studies."""
    old = page.read_text() if page.exists() else TITLE
    parts = re.split(r"(?m)^(?=## )", old)
    sections = {part.splitlines()[0][3:]: part.rstrip() + "\n" for part in parts[1:]}
    sections[study.name] = text
    ordered = [sections[s.name] for s in STUDIES if s.name in sections]
    page.write_text("\n".join([TITLE, *ordered]))


@pytest.mark.slow
@pytest.mark.stats
@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_study(study):
    start = time.perf_counter()
    rows = study.run(study.replicates, np.random.default_rng(study.seed))
    text = section(study, rows, time.perf_counter() - start)
    rewrite(PAGE, study, text)
    failed = [row for row in rows if not row.passed]
    assert not failed, failed
