"""State that the patches share."""

import logging
from dataclasses import dataclass, field

from denials import Denials
from faults import Faults
from trino_process import TrinoProcess

log = logging.getLogger("dynalake")


@dataclass(frozen=True)
class Harness:
    iam: bool
    """Whether policies are enforced."""
    trino: TrinoProcess
    faults: Faults = field(default_factory=Faults)
    denials: Denials = field(default_factory=Denials)
