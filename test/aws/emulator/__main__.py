"""AWS on this machine, for tests: the services of ministack, patched to behave as AWS does where it matters to a lake,
and a real Trino in place of Athena's engine.

    python test/aws/emulator --state FOLDER --trino FOLDER --java FOLDER [--iam]

It writes to the state folder only, and listens on free ports. `ready.json` in the state folder holds the endpoint and
the process ids once requests are answered. Trino needs a few seconds more, as GET /_dynalake/state shows. It runs while
its standard input is open, so it never outlives the tests that started it.

Read `patching.py` first. Each other module fills one gap, and says how AWS differs there.
"""

import argparse
import asyncio
import json
import logging
import os
import resource
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path


def main() -> None:
    options = parse_options()
    options.state.mkdir(parents=True, exist_ok=True)
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    port = listening.getsockname()[1]
    configure_ministack(options, port)

    # Not earlier: ministack reads its settings when it is imported.
    from harness import Harness
    from install import install
    from trino_process import TrinoProcess

    endpoint = f"http://127.0.0.1:{port}"
    trino = TrinoProcess(options.trino, options.java, options.state / "trino", endpoint)
    harness = Harness(iam=options.iam, trino=trino)
    application = install(harness)
    trino.start()
    abandoned = threading.Event()
    try:
        ready = {"endpoint": endpoint, "pid": os.getpid(), "trinoPid": trino.pid}
        on_ready = lambda: write_whole(options.state / "ready.json", ready)  # noqa: E731
        asyncio.run(serve(application, listening, on_ready, abandoned))
    finally:
        trino.stop()
        stop_lambda_workers()
        logging.shutdown()
        if abandoned.is_set():
            shutil.rmtree(options.state, ignore_errors=True)
        # Threads that are still waiting for a query or a Lambda end with the process.
        os._exit(0)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="emulator")
    parser.add_argument("--state", type=Path, required=True, help="the folder for everything that is written")
    parser.add_argument("--trino", type=Path, required=True, help="Trino's folder: lib/ and plugin/")
    parser.add_argument("--java", type=Path, required=True, help="the home of a JDK of 24 or newer")
    parser.add_argument("--iam", action="store_true", help="enforce the policies of roles")
    return parser.parse_args()


def configure_ministack(options: argparse.Namespace, port: int) -> None:
    state = options.state
    for name in ("tmp", "home"):
        (state / name).mkdir(exist_ok=True)
    os.environ.update(
        AUTH="true" if options.iam else "false",
        GATEWAY_PORT=str(port),
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="127.0.0.1",
        MINISTACK_REGION="us-east-1",
        MINISTACK_ACCOUNT_ID="000000000000",
        LAMBDA_EXECUTOR="local",
        PERSIST_STATE="0",
        S3_PERSIST="0",
        STATE_DIR=str(state / "ministack"),
        S3_DATA_DIR=str(state / "s3"),
        TMPDIR=str(state / "tmp"),
        HOME=str(state / "home"),
        SFTP_ENABLED="0",
        IOT_MTLS_ENABLED="0",
        # For Lambdas: otherwise the SDK's notice about future versions of Node would be in every log.
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED="true",
        # State machines wait for AWS; here their waits are fifty times shorter.
        SFN_WAIT_SCALE="0.02",
        MINISTACK_DDB_EXPORT_COMPLETE_AFTER_SEC="0.3",
    )


async def serve(application, listening: socket.socket, on_ready, abandoned: threading.Event) -> None:
    """Answers requests until a signal arrives or standard input closes, which means that the tests have ended."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    threading.Thread(target=watch_input, args=(loop, ended, abandoned), daemon=True).start()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.1
    config.loglevel = "WARNING"

    async def told(scope, receive, send):
        async def sending(message):
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                on_ready()

        await application(scope, receive, sending if scope["type"] == "lifespan" else send)

    await hypercorn_serve(told, config, shutdown_trigger=ended.wait)


def watch_input(loop: asyncio.AbstractEventLoop, ended: asyncio.Event, abandoned: threading.Event) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    abandoned.set()
    loop.call_soon_threadsafe(ended.set)


def write_whole(path: Path, value: dict) -> None:
    """Writes the file so that it exists either complete or not at all."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(value))
    unfinished.rename(path)


def stop_lambda_workers() -> None:
    from ministack.core import lambda_runtime

    lambda_runtime.reset()


if __name__ == "__main__":
    main()
