"""Every code block of the documentation runs."""

import re
from pathlib import Path

import jax
import pytest

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(
    r"^```(?:\{code-cell\} )?python\n(.*?)^```", re.MULTILINE | re.DOTALL
)
PAGES = [page for page in sorted(DOCS.glob("*.md")) if BLOCK.search(page.read_text())]


def test_there_are_pages_with_code():
    assert len(PAGES) >= 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(BLOCK.findall(page.read_text()))
    script = tmp_path / f"{page.stem}.py"
    script.write_text(code)
    namespace = {"__name__": page.stem, "__file__": str(script)}
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        exec(compile(code, str(script), "exec"), namespace)
