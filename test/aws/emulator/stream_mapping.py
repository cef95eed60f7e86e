"""An event source mapping with an existing stream and function, and its progress."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mapping:
    settings: dict
    stream_arn: str
    table: str
    function: dict

    @property
    def place(self) -> dict:
        """The account and region of the stream, which may be another account's than the function's."""
        region, account = self.stream_arn.split(":")[3:5]
        return {"account_id": account, "region": region}

    @property
    def id(self) -> str:
        return self.settings["UUID"]

    @property
    def function_config(self) -> dict:
        return self.function.get("config") or self.function


@dataclass
class Batch:
    """Positions in the stream, from `start` up to but not including `end`, and how often they were tried."""

    start: int
    end: int
    tries: int = 0


@dataclass
class Cursor:
    """The progress of a mapping."""

    next: int
    queue: list[Batch] = field(default_factory=list)
    gathering_since: float | None = None
    not_before: float = 0.0


def mapping_of(settings: dict) -> Mapping | None:
    from ministack.services import dynamodb, lambda_svc

    arn = settings.get("EventSourceArn", "")
    if not settings.get("Enabled", True) or ":dynamodb:" not in arn or "/stream/" not in arn:
        return None
    name = arn.split("/stream/")[0].split("/")[-1]
    region, account = arn.split(":")[3:5]
    table = dynamodb._tables.get_scoped(account, region, name)
    if not table or table.get("LatestStreamArn") != arn:
        return None
    function, _ = lambda_svc._get_func_record_for_qualifier(settings["FunctionName"], settings.get("Qualifier"))
    return None if function is None else Mapping(settings, arn, name, function)
