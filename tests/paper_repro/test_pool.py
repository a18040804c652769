"""Papers side by side: they end together, however the first process ends."""

import signal
import subprocess
import sys
import time

import pytest

COMMAND = [sys.executable, "-m", "limen.paper_repro", "check", "SB-8.table", "MEM-9"]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_their_parent(signum, tmp_path):
    run = subprocess.Popen(
        [*COMMAND, "--jobs", "2", "--out", tmp_path / "out"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
        start_new_session=True,
    )
    while not (tmp_path / "out" / "memorisation").exists():  # a worker has begun
        assert run.poll() is None
        time.sleep(0.1)
    run.send_signal(signum)
    text, _ = run.communicate(timeout=120)  # returns when the last worker is gone
    assert run.returncode == {15: 143, 9: -9}[signum], text.decode()
