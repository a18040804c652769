"""`limen new`: one file per floor for a new paper, which runs at once."""

import keyword
from importlib.resources import files
from pathlib import Path

import jinja2

FLOORS = ("theory", "sims", "checks", "figures", "paper_repro")
ENTRY = """
@misc{{{name},
  title  = {{{title}}},
  author = {{Your Name}},
  year   = {{2026}},
}}
"""


class ScaffoldError(ValueError):
    """The name cannot be used, or the folder is not a checkout of limen."""


def write(name: str, root: Path) -> list[Path]:
    """Write the five rooms of a new paper, their tests and a bibliography entry.

    The example inside is a noisy relaxation with its stationary variance: a formula, a
    simulator, a claim with two mutants, a figure. Replace it piece by piece.

    Args:
        name: Name of the system, a lower-case Python name.
        root: A checkout of limen.

    Returns:
        The files written or extended.

    Raises:
        ScaffoldError: If the name or the folder will not do; nothing is written then.
    """
    _check(name, root)
    targets = {f"{floor}.py.jinja": root / floor / f"{name}.py" for floor in FLOORS}
    targets["mutants.py.jinja"] = root / "checks" / "mutants" / f"{name}.py"
    targets["test.py.jinja"] = root / "tests" / "checks" / f"test_{name}.py"
    if there := [str(path) for path in targets.values() if path.exists()]:
        raise ScaffoldError(f"`{there[0]}` exists already.")
    words = {"name": name, "title": name.replace("_", " ").capitalize()}
    words["prefix"] = name.upper().replace("_", "-")
    for template, path in targets.items():
        text = files(__name__).joinpath(template).read_text(encoding="utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_fill(text, words), encoding="utf-8")
    references = root / "paper_repro" / "references.bib"
    with references.open("a", encoding="utf-8") as file:
        file.write(ENTRY.format(**words))
    return [*targets.values(), references]


def _check(name: str, root: Path) -> None:
    usable = name.isidentifier() and name == name.lower()
    if not usable or keyword.iskeyword(name):
        raise ScaffoldError(f"`{name}` is not a lower-case Python name.")
    if missing := [floor for floor in FLOORS if not (root / floor).is_dir()]:
        raise ScaffoldError(
            f"`{root}` is not a checkout of limen: there is no folder `{missing[0]}`."
        )


def _fill(template: str, words: dict[str, str]) -> str:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        variable_start_string="<<",
        variable_end_string=">>",
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.from_string(template).render(words)
