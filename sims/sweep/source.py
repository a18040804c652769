"""The source hash: numbers of another program are never found again."""

import ast
import functools
import hashlib
import importlib.util
import inspect
from pathlib import Path
from typing import Any

from .errors import SpecificationError
from .simulator import Simulator

ENGINE = ("limen.sims.sweep", "limen.theory.threads")


@functools.lru_cache(maxsize=1024)
def source_hash(sim: Simulator) -> str:
    """Hash of the simulator's module and of what it imports from its own house.

    Its own house is limen, or the folder of the user's file. Docstrings, comments and
    layout do not count, nor does the engine, which has a schema of its own.

    Raises:
        SpecificationError: If the source cannot be read.
    """
    path = Path(inspect.unwrap(sim.function).__code__.co_filename)
    state = hashlib.blake2b(digest_size=16)
    if not path.is_file():
        try:
            state.update(inspect.getsource(inspect.unwrap(sim.function)).encode())
        except OSError as error:
            raise SpecificationError(
                f"`{sim.name}` has no source that can be read, and without it stored "
                "rows of another function could pass for its own: put it into a file."
            ) from error
        return state.hexdigest()
    files = _closure(sim.function.__module__, path.resolve())
    for name in sorted(files):
        state.update(f"{name}\n{_code(files[name].read_bytes())}\n".encode())
    return state.hexdigest()


def _closure(module: str, path: Path) -> dict[str, Path]:
    """All modules of the house that are reached from `path`, by name."""
    ours = module.startswith("limen.")
    found, queue = {}, [(module if ours else path.stem, module, path)]
    while queue:
        name, module, path = queue.pop()
        if name in found or name.startswith(ENGINE):
            continue
        found[name] = path
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for imported in _imported(path.read_bytes(), package):
            origin = _origin(imported, path.parent, ours)
            if origin is not None:
                queue.append((imported, imported, origin))
    return found


@functools.lru_cache(maxsize=1024)
def _imported(source: bytes, package: str) -> list[str]:
    """Absolute names that a file may import: modules, and members that could be."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join(
                [*(parents if node.level else []), *filter(None, [node.module])]
            )
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return names


def _origin(name: str, folder: Path, ours: bool) -> Path | None:
    """File of a module, if it belongs to the house."""
    if not ours:
        beside = folder / name.replace(".", "/")
        candidates = (beside.with_suffix(".py"), beside / "__init__.py")
        return next((path for path in candidates if path.is_file()), None)
    if not name.startswith("limen."):
        return None
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, AttributeError):
        return None
    return Path(str(spec.origin)) if spec and spec.has_location else None


@functools.lru_cache(maxsize=1024)
def _code(source: bytes) -> str:
    """A file's code without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body: Any = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            node.body = body[1:] or [ast.Pass()]  # pyright: ignore[reportAttributeAccessIssue]  # all nodes with a list body
    return ast.unparse(tree)


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
