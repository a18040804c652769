"""A simulator: a pure function of one lane, with its declaration read off it."""

import functools
import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jaxtyping import AbstractArray

from .canonical import digest
from .errors import SpecificationError

FLOORS = ("limen.sims.", "limen.checks.")
BY_PATH = "_limen_user_"
_registry: dict[str, "Simulator"] = {}


@dataclass(eq=False)
class Simulator:
    """A function `(key, dynamic…, *, static…) -> dict` of one lane, and what it says.

    Calling it calls the function. It pickles as its name.

    Attributes:
        function: The pure, jittable function itself.
        outputs: Name of each output to the names of its dimensions.
        check: Values of one cell by name to what is wrong with them, or None.
        dtype: Floating dtype in which it runs; `float64` means under x64.
        quantum: Seeds stored together.
        tile: Lanes computed together; None lets the planner choose.
        deterministic: Without key, one seed.
        cost: Values of one cell to its relative run time, for `while_loop`s.
        name: `system.name`; the simulator's id in streams and in the store.
        dynamic: Parameters between `key` and the `*`: traced.
        static: Keyword-only parameters: they change shapes or the program.
        defaults: Parameters that may be left out, with their values.
        kinds: `float`, `int`, `bool` or `str` for parameters annotated so.
    """

    function: Callable[..., dict[str, Any]]
    outputs: Mapping[str, tuple[str, ...]]
    check: Callable[..., str | None] | None = None
    dtype: str = "float32"
    quantum: int = 16
    tile: int | None = None
    deterministic: bool = False
    cost: Callable[..., float] | None = None
    name: str = field(init=False)
    dynamic: tuple[str, ...] = field(init=False)
    static: tuple[str, ...] = field(init=False)
    defaults: dict[str, Any] = field(init=False)
    kinds: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        functools.update_wrapper(self, self.function)
        for option, value in (("quantum", self.quantum), ("tile", self.tile or 1)):
            if not isinstance(value, int) or value < 1:
                raise SpecificationError(f"`{option}` must be a positive integer.")
        if self.dtype not in ("float32", "float64"):
            raise SpecificationError("`dtype` must be float32 or float64.")
        given = _parameters(self.function, self.deterministic)
        self.outputs = {name: tuple(dims) for name, dims in self.outputs.items()}
        self.name = _name(self.function)
        self.static = tuple(k for k, p in given.items() if p.kind is p.KEYWORD_ONLY)
        self.dynamic = tuple(k for k in given if k not in self.static)
        self.defaults = {
            k: p.default for k, p in given.items() if p.default is not p.empty
        }
        kinds = {k: _kind(p.annotation) for k, p in given.items()}
        self.kinds = {k: kind for k, kind in kinds.items() if kind}

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Run one lane."""
        return self.function(*args, **kwargs)

    @property
    def reference(self) -> str:
        """`module:function` where that can be imported, else `file.py:function`."""
        module, own = self.function.__module__, self.function.__qualname__
        path = _file(self.function)
        spec = getattr(sys.modules.get(module), "__spec__", None)
        by_name = module != "__main__" and not module.startswith(BY_PATH)
        imports = spec is not None and by_name
        return f"{path if path and not imports else module}:{own}"

    def __reduce__(self) -> tuple[Any, ...]:
        if "<locals>" in self.function.__qualname__:
            raise SpecificationError(
                f"`{self.name}` is defined inside a function, so that another process "
                "cannot find it; move it to the top of its file."
            )
        return resolve, (self.reference,)

    def __repr__(self) -> str:
        dynamic, static = ", ".join(self.dynamic), ", ".join(self.static)
        return f"<simulator {self.name}({dynamic}; {static}) -> {list(self.outputs)}>"


def simulator(
    outputs: Mapping[str, tuple[str, ...]],
    check: Callable[..., str | None] | None = None,
    dtype: str = "float32",
    quantum: int = 16,
    tile: int | None = None,
    deterministic: bool = False,
    cost: Callable[..., float] | None = None,
) -> Callable[[Callable[..., dict[str, Any]]], Simulator]:
    """Declare a function of one lane as a simulator.

    The signature is the declaration: after `key`, what stands before the `*` is traced
    (dynamic), what stands after it is static.

    Args:
        outputs: Name of each output to the names of its trailing dimensions.
        check: One cell's values by name to what is wrong with them, or None; it is
            called on the host, before anything compiles, with the values it names.
        dtype: Floating dtype of the lane, `float32` or `float64`.
        quantum: Seeds stored together; heavy lanes say 1.
        tile: Lanes computed together; heavy lanes say 1 to 4.
        deterministic: The function takes no key and has one seed.
        cost: One cell's values by name to its relative run time.

    Returns:
        A decorator that makes a `Simulator`, which is still callable.

    Raises:
        SpecificationError: If the signature or an option is not of that form.
    """

    def declare(function: Callable[..., dict[str, Any]]) -> Simulator:
        seeds = 1 if deterministic else quantum
        made = Simulator(
            function, outputs, check, dtype, seeds, tile, deterministic, cost
        )
        _registry[made.name] = made
        return made

    return declare


def registered() -> dict[str, Simulator]:
    """All simulators of `limen.sims`, by name; imports every system."""
    floor = importlib.import_module("limen.sims")
    for module in pkgutil.walk_packages(floor.__path__, FLOORS[0]):
        importlib.import_module(module.name)
    ours = {k: s for k, s in _registry.items() if s.__module__.startswith(FLOORS[0])}
    return dict(sorted(ours.items()))


def resolve(name: str) -> Simulator:
    """Find a simulator by name.

    Args:
        name: `system.name` of limen, `module:function`, or `file.py:function`.

    Returns:
        The simulator.

    Raises:
        SpecificationError: If there is none, with the near misses.
    """
    module, _, attribute = name.rpartition(":")
    found: Any = _load(module) if module else registered().get(name)
    for part in attribute.split(".") if module else ():
        found = getattr(found, part, None)
    if isinstance(found, Simulator):
        return found
    if callable(found):
        raise SpecificationError(
            f"`{name}` lacks the decorator `@simulator(outputs=…)`."
        )
    known = ", ".join(registered())
    raise SpecificationError(f"No simulator `{name}`. Known: {known}.")


def _load(module: str) -> Any:
    """Import a module by name, or a file by path."""
    if module.endswith(".py"):
        return _load_file(Path(module).resolve())
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise SpecificationError(f"Cannot import `{module}`: {error}.") from error


def _load_file(path: Path) -> Any:
    """Run a file once; it may be loaded already, under any name."""
    name = f"{BY_PATH}{path.stem}_{digest(str(path), 4)}"
    if name in sys.modules:
        return sys.modules[name]
    for known in list(sys.modules.values()):
        if getattr(known, "__file__", None) == str(path):
            return known
    spec = importlib.util.spec_from_file_location(name, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise SpecificationError(f"No Python file `{path}`.")
    sys.modules[name] = loaded = importlib.util.module_from_spec(spec)
    sys.path.append(str(path.parent))
    try:
        spec.loader.exec_module(loaded)
    except Exception as error:
        del sys.modules[name]
        raise SpecificationError(f"`{path}` does not run: {error}.") from error
    return loaded


def _parameters(
    function: Callable[..., Any], deterministic: bool
) -> dict[str, inspect.Parameter]:
    """The parameters of a lane function, without its key."""
    try:
        parameters = dict(inspect.signature(function, eval_str=True).parameters)
    except (NameError, SyntaxError):
        parameters = dict(inspect.signature(function).parameters)
    if not deterministic and parameters.pop("key", None) is None:
        raise SpecificationError(
            f"`{function.__name__}` must take `key` first (or be deterministic)."
        )
    if any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in parameters.values()):
        raise SpecificationError(f"`{function.__name__}` must name all its parameters.")
    return parameters


def _kind(annotation: Any) -> str | None:
    """What an annotation allows, if it is one sort of number (or text)."""
    if annotation in (float, int, bool, str):
        return annotation.__name__
    if not (isinstance(annotation, type) and issubclass(annotation, AbstractArray)):
        return None
    dtypes = set(annotation.dtypes)
    kinds = (("float", "float32"), ("int", "int32"), ("bool", "bool"))
    allowed = [kind for kind, dtype in kinds if dtype in dtypes]
    return allowed[0] if len(allowed) == 1 else None


def _file(function: Callable[..., Any]) -> str | None:
    """The file a function was written in, if it was written in one."""
    path = Path(inspect.unwrap(function).__code__.co_filename)
    return str(path.resolve()) if path.is_file() else None


def _name(function: Callable[..., Any]) -> str:
    """`system.name` in limen; the name of the file and of the function elsewhere."""
    module = function.__module__
    own = function.__qualname__.replace(".<locals>", "")
    if module.startswith(FLOORS[0]):
        return f"{module.split('.')[2]}.{own}"
    if module.startswith(FLOORS[1]):
        return f"{module.removeprefix(FLOORS[1])}.{own}"
    path = _file(function)
    return f"{Path(path).stem if path else module}.{own}"
