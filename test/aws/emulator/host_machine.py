"""Leaves the developer's machine alone: unpatched ministack removes containers if it finds a Docker socket."""

from harness import Harness
from patching import wrapped


def install(harness: Harness) -> None:
    from ministack import app
    from ministack.core import container_reaper

    # The log is read after a failed test.
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
