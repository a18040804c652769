"""A sweep on a SLURM cluster through dask-jobqueue.

Needs `pip install limen[cluster] dask-jobqueue`, a folder that all machines see and
TCP between them. Run on the login node: python examples/cluster/dask_slurm.py STORE
With --local it starts two worker processes here instead, to try it out.
"""

import sys
from pathlib import Path

from dask.distributed import Client, LocalCluster
from limen.sims.sweep import Sweep, resolve

SIMULATOR = Path(__file__).parents[1] / "sweep_your_own.py"


def cluster(local):
    """Two processes here, or jobs of one process each on SLURM."""
    if local:
        return LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    from dask_jobqueue import SLURMCluster

    jobs = SLURMCluster(cores=1, processes=1, memory="8GB", walltime="02:00:00")
    jobs.adapt(minimum_jobs=1, maximum_jobs=16)
    return jobs


def main(store, local):
    """Sweep on the cluster; the rows lie in the store, whatever happens to it."""
    sweep = Sweep(
        sim=resolve(f"{SIMULATOR}:random_walk"),
        static={"steps": [16, 64]},
        dynamic={"drift": [0.0, 0.1, 0.2]},
    )
    with cluster(local) as machines, Client(machines) as client:
        rows = sweep.run(1024, store=store, workers=client)
    print(rows.highest.mean("seed").to_pandas())


if __name__ == "__main__":
    main(sys.argv[1], "--local" in sys.argv)
