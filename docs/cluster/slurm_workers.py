"""Starts a scheduler here and workers as SLURM jobs, until Ctrl-C.

    pip install 'costmodel[cluster]' dask-jobqueue
    python docs/cluster/slurm_workers.py --workers 32 --memory 8GB --partition gpu --gpu

It prints the address for `--scheduler`; searches and sweeps on other machines may share the workers.
"""

import argparse
import signal

from dask_jobqueue import SLURMCluster


def main() -> None:
    """Starts the cluster and stays."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--workers", type=int, default=8, help="how many")
    options.add_argument("--memory", default="4GB", help="of each worker")
    options.add_argument(
        "--time", default="12:00:00", help="of each worker; what it trains then is begun anew"
    )
    options.add_argument("--partition")
    options.add_argument("--gpu", action="store_true", help="one GPU for each worker")
    given = options.parse_args()
    with SLURMCluster(
        queue=given.partition,
        cores=1,  # one process of one thread in each job: a worker runs one candidate at a time
        processes=1,
        memory=given.memory,
        walltime=given.time,
        job_extra_directives=["--gpus=1"] if given.gpu else [],
        worker_extra_args=["--resources", "GPU=1"] if given.gpu else [],
    ) as cluster:
        # a fixed number: a search keeps what waits to itself, so that a scheduler cannot tell how many to add
        cluster.scale(jobs=given.workers)
        print(f"--engine dask --scheduler {cluster.scheduler_address}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
