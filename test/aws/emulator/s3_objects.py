"""Objects that a service writes to S3 or finds there, in the account and region of the current request."""

import asyncio
import contextvars
import re
import threading
from datetime import datetime, timedelta


def put(bucket: str, key: str, body: bytes) -> str:
    """Writes the object through the handler of S3 and returns the ETag. Can be called from any thread."""
    from ministack.core import responses
    from ministack.services import s3

    headers = {"content-type": "application/octet-stream", "content-length": str(len(body)), "host": "s3.localhost"}
    answers: list = []

    def work() -> None:
        # Whoever calls this has checked whether the bucket's owner lets the caller in.
        responses.set_request_account_id(s3._bucket_owner_account(bucket) or responses.get_account_id())
        request = s3.handle_request("PUT", f"/{bucket}/{key}", headers, body, {}, internal=True)
        answers.append(asyncio.run(request))

    # In another thread, because this one may be running an event loop.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
    thread.start()
    thread.join()
    status, answered, text = answers[0]
    if status >= 300:
        raise RuntimeError(f"S3 rejected s3://{bucket}/{key}: {text!r}")
    return next((value.strip('"') for name, value in answered.items() if name.lower() == "etag"), "")


def split(location: str) -> tuple[str, str]:
    """The bucket and key of `s3://bucket/key`; raises ValueError."""
    match = re.fullmatch(r"s3://([^/]+)/(.*)", location, re.DOTALL)
    if match is None:
        raise ValueError(f"{location} is not an s3:// location")
    return match[1], match[2]


def make_older(bucket: str, prefix: str, hours: float) -> int:
    """Makes objects with the prefix appear `hours` hours older. Returns their number."""
    from ministack.services import s3

    keys = keys_below(bucket, prefix)
    for key in keys:
        object_there = s3._buckets[bucket]["objects"].get(key)
        if object_there is not None:
            written = datetime.fromisoformat(object_there["last_modified"].replace("Z", "+00:00"))
            earlier = written - timedelta(hours=hours)
            object_there["last_modified"] = f"{earlier:%Y-%m-%dT%H:%M:%S}.{earlier.microsecond // 1000:03d}Z"
    return len(keys)


def keys_below(bucket: str, prefix: str) -> list[str]:
    """Raises ValueError if the bucket does not exist."""
    from ministack.services import s3

    found = s3._buckets.get(bucket)
    if found is None:
        raise ValueError(f"the bucket {bucket} does not exist")
    return sorted(key for key in list(found["objects"]) if key.startswith(prefix))
