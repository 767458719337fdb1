"""Studies on a Dask cluster: the same answer, also when a worker or the driver is killed."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_study import BAD_RUN, assert_same, five_chunks, run_here, small_study

from experiments.study import cluster
from experiments.study.archive import Archive
from experiments.study.cluster import DaskPool
from experiments.study.runner import resume_study, run_study
from experiments.study.store import Store
from model.error import OreblocError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a cluster of two worker processes."""
    with cluster_of_two(tmp_path_factory.mktemp("dask")) as found:
        yield found


@contextlib.contextmanager
def cluster_of_two(place: Path, **settings: str) -> Iterator[str]:
    """Hold a cluster of two worker processes, with settings of Dask's, and give its address."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    environment = {**os.environ, **settings, "PYTHONPATH": path, "OREBLOC_TEST_FOLDER": str(place)}
    code = (
        "import sys\nfrom distributed import LocalCluster\nif __name__ == '__main__':\n"
        "    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, protocol='tcp') as "
        "cluster:\n        print(cluster.scheduler_address, flush=True)\n        sys.stdin.read()\n"
    )
    script = place / "cluster.py"
    script.write_text(code)
    cluster = subprocess.Popen(
        [sys.executable, str(script)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert cluster.stdout is not None and cluster.stdin is not None
    try:
        yield cluster.stdout.readline().strip()
    finally:
        cluster.stdin.close()
        cluster.wait(30)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the study as one process computes it."""
    folder = tmp_path_factory.mktemp("study") / "one"
    run_here(small_study(), folder)
    return folder


def test_a_cluster_gives_the_same_answer(address: str, undisturbed: Path, tmp_path: Path) -> None:
    """The series written from a cluster's answers are byte for byte those of one process."""
    run_study(small_study(), tmp_path / "out", scheduler=address)
    assert_same(undisturbed, tmp_path / "out")
    for name in ("000000.parquet", "000001.parquet"):
        assert (tmp_path / "out" / "series" / name).read_bytes() == (
            undisturbed / "series" / name
        ).read_bytes()


def test_a_killed_worker_of_a_cluster(
    address: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """A worker of the cluster killed at 20 % is replaced, what it held is computed again, and every bit is the same."""
    run_here(five_chunks(), tmp_path / "peace")
    run_study(five_chunks(), tmp_path / "out", scheduler=address, compute="small_study:dies_once")
    begun = next(tmp_path_factory.getbasetemp().glob("dask*/begun")).read_text().split()
    assert set(begun) == set("012345") and 7 <= len(begun) <= 10
    assert_same(tmp_path / "peace", tmp_path / "out")


def test_a_killed_driver_of_a_cluster(address: str, undisturbed: Path, tmp_path: Path) -> None:
    """A driver killed with a chunk done is resumed on the cluster to the same numbers."""
    import signal
    import time

    code = (
        "import sys\nfrom small_study import BAD_RUN, small_study\nfrom experiments.study.runner import run_study\n"
        "run_study(small_study(), sys.argv[1], scheduler=sys.argv[2], compute='small_study:slow')\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    folder = tmp_path / "out"
    driver = subprocess.Popen([sys.executable, "-c", code, str(folder), address], env=environment)
    end = time.monotonic() + 120
    while not list((folder / "series").glob("*.parquet")):
        assert driver.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    resume_study(folder, scheduler=address)
    assert len(Store(folder).done()) == 2
    assert_same(undisturbed, folder)


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address nobody listens at is told as such."""

    monkeypatch.setattr(cluster, "_WAIT_SECONDS", 1)
    with pytest.raises(OreblocError, match=r"Scheduler tcp://127.0.0.1:1 cannot be reached"):
        DaskPool("tcp://127.0.0.1:1", "experiments.study.kernel:compute")


def test_a_scheduler_that_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler that ends under a study is told, with the words to resume with, once it has not come back."""
    monkeypatch.setattr(cluster, "_WAIT_SECONDS", 2)
    with cluster_of_two(tmp_path) as address:
        pool = DaskPool(address, "small_study:slow")
        assert pool.room == 4
    with (
        contextlib.closing(pool),
        pytest.raises(OreblocError, match=r"was lost: .* `orebloc study resume` goes on"),
    ):
        while pool.wait(0.1) is None:
            pass


def test_a_cluster_without_workers_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while without any worker one line tells, once."""
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "_WAIT_SECONDS", 1)
    with (
        LocalCluster(n_workers=0, dashboard_address=None, protocol="tcp", processes=False) as empty,
        contextlib.closing(DaskPool(empty.scheduler_address, "experiments.study.kernel:compute")) as pool,
    ):
        for _ in range(6):
            assert pool.wait(0.5) is None
    assert capsys.readouterr().err.count("has no worker; waiting for one") == 1


@pytest.mark.soak
def test_a_killing_run_on_a_cluster(undisturbed: Path, tmp_path: Path) -> None:
    """A run that kills every worker is found on a cluster too; here one that gives a task to one worker only."""
    once = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with cluster_of_two(tmp_path, **once) as address:
        run_study(small_study(), tmp_path / "out", scheduler=address, compute="small_study:killer")
    runs = Archive(tmp_path / "out").runs.set_index("run")
    assert runs["status"].value_counts().to_dict() == {"ok": 119, "killed": 1}
    assert_same(undisturbed, tmp_path / "out", but=(BAD_RUN,))
