"""Locks save work when several processes share a store; nothing depends on them."""

import contextlib
import json
import os
import socket
import threading
import time
from pathlib import Path

from .errors import StoreError

STALE_SECONDS = 600.0
HEARTBEAT_SECONDS = 30.0
GRACE_SECONDS = 5.0


class Lock:
    """A file that says who computes a job, with a heartbeat while it is held."""

    def __init__(self, path: Path):
        self.path = path
        self._stop = threading.Event()

    def acquire(self) -> bool:
        """Take the lock unless a living process holds it.

        Raises:
            StoreError: If the folder cannot be written.
        """
        for _ in range(2):
            try:
                self.path.parent.mkdir(exist_ok=True)
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
                descriptor = os.open(self.path, flags, 0o644)
            except FileExistsError:
                if not self._is_stale():
                    return False
                self.path.unlink(missing_ok=True)
                continue
            except OSError as error:
                raise StoreError(f"Cannot lock {self.path}: {error}.") from error
            os.write(descriptor, json.dumps(_self()).encode())
            os.close(descriptor)
            threading.Thread(target=self._beat, daemon=True).start()
            return True
        return False

    def release(self) -> None:
        """Let go."""
        self._stop.set()
        self.path.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(OSError):
                os.utime(self.path)

    def _is_stale(self) -> bool:
        """Whether its holder is dead, or has been silent (by either clock) too long.

        A file without a name in it comes from a process that died while it wrote.
        """
        age = 0.0
        try:
            age = abs(time.time() - self.path.stat().st_mtime)
            holder = json.loads(self.path.read_text())
        except FileNotFoundError:
            return True
        except ValueError:
            return age > GRACE_SECONDS
        here = holder.get("host") == socket.gethostname()
        return age > STALE_SECONDS or (here and not _lives(holder.get("pid", 0)))


def _self() -> dict[str, object]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "start": time.time()}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
