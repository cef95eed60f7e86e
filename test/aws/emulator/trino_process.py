"""Trino, the engine of Athena, as a child process on a free port, with a catalog over this emulator's Glue and S3."""

import ctypes
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import trino_client

log = logging.getLogger("dynalake")

START_SECONDS_MAX = 180
# Another program may take a free port before Trino does.
STARTS_MAX = 3
QUIET = ("io.trino", "io.airlift", "org.eclipse", "Bootstrap")

CONFIG = """\
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
catalog.management=static
catalog.config-dir={etc}/catalog
plugin.dir={plugins}
"""

# Athena resolves Parquet columns by name, reads nested folders, and caches nothing for long.
CATALOG = """\
connector.name=hive
hive.metastore=glue
hive.metastore.glue.region=us-east-1
hive.metastore.glue.endpoint-url={endpoint}
hive.metastore.glue.aws-access-key=test
hive.metastore.glue.aws-secret-key=test
hive.metastore.glue.default-warehouse-dir=s3://athena-warehouse/
hive.metastore-cache-ttl=0s
fs.native-s3.enabled=true
s3.endpoint={endpoint}
s3.region=us-east-1
s3.path-style-access=true
s3.aws-access-key=test
s3.aws-secret-key=test
hive.non-managed-table-writes-enabled=true
hive.storage-format=PARQUET
hive.parquet.use-column-names=true
hive.partition-projection-enabled=true
hive.table-statistics-enabled=false
hive.collect-column-statistics-on-write=false
hive.recursive-directories=true
"""

# Only the first compiler: tests run many small statements, for which the second one costs more than it saves.
JVM_OPTIONS = (
    "-Xmx1G",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:ReservedCodeCacheSize=256M",
    "-Djdk.attach.allowAttachSelf=true",
    "-Djdk.nio.maxCachedBufferSize=2000000",
    "-Dfile.encoding=UTF-8",
    "-Duser.timezone=UTC",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "--add-modules=jdk.incubator.vector",
)


class TrinoProcess:
    def __init__(self, home: Path, java: Path, folder: Path, endpoint: str) -> None:
        self._home, self._java, self._folder, self._endpoint = home, java, folder, endpoint
        self._ready = threading.Event()
        self._process: subprocess.Popen | None = None
        self._stopping = False
        self._url = ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def url(self) -> str:
        """Waits until Trino answers; fails if it never does."""
        if not self._ready.wait(START_SECONDS_MAX):
            raise trino_client.TrinoError("GENERIC_INTERNAL_ERROR", f"Trino is not running: {self.last_words()}")
        return self._url

    def is_ready(self) -> bool:
        return self._ready.is_set()

    def last_words(self) -> str | None:
        """The end of its log, if it has ended."""
        if self._process is None or self._process.poll() is None:
            return None
        return (self._folder / "trino.log").read_text(errors="replace")[-1000:]

    def start(self) -> None:
        self._spawn()
        threading.Thread(target=self._follow, daemon=True).start()

    def stop(self) -> None:
        self._stopping = True
        if self._process is None or self._process.poll() is not None:
            return
        # It has no state that would need an orderly shutdown.
        self._process.kill()
        self._process.wait()

    def _spawn(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self._url = f"http://127.0.0.1:{port}"
        etc = self._folder / "etc"
        (etc / "catalog").mkdir(parents=True, exist_ok=True)
        plugins = self._home / "plugin"
        (etc / "config.properties").write_text(CONFIG.format(port=port, etc=etc, plugins=plugins))
        (etc / "catalog" / "awsdatacatalog.properties").write_text(CATALOG.format(endpoint=self._endpoint))
        (etc / "log.properties").write_text("".join(f"{name}=WARN\n" for name in QUIET))
        settings = {
            "config": etc / "config.properties",
            "log.levels-file": etc / "log.properties",
            "node.environment": "test",
            "node.id": "test",
            "node.data-dir": self._folder / "data",
        }
        command = [
            str(self._java / "bin" / "java"),
            *JVM_OPTIONS,
            *(f"-D{name}={value}" for name, value in settings.items()),
            *("-cp", f"{self._home}/lib/*", "io.trino.server.TrinoServer"),
        ]
        with open(self._folder / "trino.log", "w") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # In a process group of its own, so that Ctrl-C at the terminal reaches this process only.
                start_new_session=True,
                preexec_fn=end_with_parent if sys.platform == "linux" else None,
            )

    def _follow(self) -> None:
        """Waits until Trino answers a query that needs a worker."""
        begun, starts = time.time(), 1
        while time.time() - begun < START_SECONDS_MAX and not self._stopping:
            if self._process is not None and self._process.poll() is not None:
                if starts == STARTS_MAX or self._stopping:
                    log.error("Trino ended: %s", self.last_words())
                    return
                starts += 1
                self._spawn()
            try:
                query = "SELECT count(*) FROM system.runtime.nodes WHERE state = 'active'"
                if trino_client.run(self._url, query).rows == [[1]]:
                    log.info("Trino answers after %.1f s", time.time() - begun)
                    self._ready.set()
                    # On Linux Trino ends with the thread that started it.
                    self._process.wait()
                    return
            except (OSError, ValueError, trino_client.TrinoError):
                pass
            time.sleep(0.2)


def end_with_parent() -> None:
    """Runs in the child, on Linux: the child is killed when this process ends for any reason."""
    pr_set_pdeathsig, sigkill = 1, 9
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, sigkill)
    if os.getppid() == 1:
        os._exit(1)
