"""The developer's machine is left alone: bare ministack looks for containers to reap where a Docker socket is."""

from harness import Harness
from patching import wrapped


def install(harness: Harness) -> None:
    from ministack import app
    from ministack.core import container_reaper

    # The log is for tests that fail.
    app.BANNER = "ministack on port {port}"

    @wrapped(app, "_docker_socket_present")
    def no_docker(original):
        return False

    @wrapped(app, "_stop_docker_containers")
    def stop_nothing(original, *arguments):
        return None

    @wrapped(container_reaper, "start")
    def reap_nothing(original, client):
        return None
