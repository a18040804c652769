"""Sweeps as files that other tools open: netCDF, zarr, CSV."""

from pathlib import Path

import xarray as xr

SUFFIXES = (".nc", ".zarr", ".csv")


class FileFormatError(ValueError):
    """The file's suffix is none that can be written or read, or it is not there."""


def save(dataset: xr.Dataset, path: Path) -> Path:
    """Write a dataset; the suffix says how.

    Args:
        dataset: A sweep's result.
        path: FILE.nc (netCDF), FILE.zarr, or FILE.csv (one line per cell and seed).

    Returns:
        The path.

    Raises:
        FileFormatError: If the suffix is another one.
    """
    if path.suffix == ".nc":
        dataset.to_netcdf(path)
    elif path.suffix == ".zarr":
        dataset.to_zarr(path, mode="w", consolidated=False)
    elif path.suffix == ".csv":
        dataset.to_dataframe().to_csv(path)
    else:
        raise FileFormatError(f"`{path}` must end in one of {', '.join(SUFFIXES)}.")
    return path


def load(path: Path) -> xr.Dataset:
    """Read a dataset that `save` wrote.

    Raises:
        FileFormatError: If it is not there, or neither netCDF nor zarr.
    """
    if not path.exists():
        raise FileFormatError(f"There is no file `{path}`.")
    if path.suffix == ".zarr":
        return xr.open_zarr(path, consolidated=False).load()
    if path.suffix == ".nc":
        with xr.open_dataset(path) as dataset:
            return dataset.load()
    raise FileFormatError(f"`{path}` is neither a .nc file nor a .zarr folder.")
