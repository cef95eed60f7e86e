"""Requests with which tests control the emulator:

    GET    /_dynalake/state     {"athena": whether Athena answers, "trino": why Trino ended, if it has, "faults": {...}}
    POST   /_dynalake/faults    sets faults: {"putFailure": {"calls": 2, "every": 3}}, see faults.py
    DELETE /_dynalake/faults    clears all faults
    POST   /_dynalake/release   {"hoursEarlier": 1, "limit": 2, "stream": ".."}: Firehose delivers what it held back
    POST   /_dynalake/age       {"bucket": "..", "prefix": "..", "hours": 25}: makes objects appear that much older
    GET    /_dynalake/denials   what policies denied: [{"principal", "action", "resource"}]
    DELETE /_dynalake/denials   {"to": ".."}: forgets those of principals whose name contains this
"""

import asyncio
import json

import firehose_deliveries
import s3_objects
from harness import Harness

PREFIX = "/_dynalake/"


def application(harness: Harness):
    from ministack import app

    async def answer(scope, receive, send):
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await app.app(scope, receive, send)
            return
        body = await read_body(receive)
        try:
            status, value = await act(harness, scope["method"], scope["path"][len(PREFIX) :], body)
        except (KeyError, ValueError, TypeError) as error:
            status, value = 400, {"error": str(error)}
        text = json.dumps(value).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    return answer


async def act(harness: Harness, method: str, name: str, body: dict) -> tuple[int, object]:
    faults, denials = harness.faults, harness.denials
    if (method, name) == ("GET", "state"):
        trino = harness.trino
        return 200, {"athena": trino.is_ready(), "trino": trino.last_words(), "faults": faults.told()}
    if (method, name) == ("POST", "faults"):
        faults.set(body)
        return 200, faults.told()
    if (method, name) == ("DELETE", "faults"):
        faults.clear()
        return 200, faults.told()
    if (method, name) == ("POST", "release"):
        hours, limit, stream = body.get("hoursEarlier", 0), body.get("limit"), body.get("stream")
        held = faults.take_held(limit, stream)
        # Not on the event loop, which serves the S3 that these objects are written to.
        keys = await asyncio.to_thread(firehose_deliveries.release, held, int(hours))
        return 200, {"keys": keys}
    if (method, name) == ("POST", "age"):
        return 200, {"objects": s3_objects.make_older(body["bucket"], body["prefix"], float(body["hours"]))}
    if (method, name) == ("GET", "denials"):
        return 200, denials.list()
    if (method, name) == ("DELETE", "denials"):
        denials.forget(body["to"])
        return 200, []
    return 404, {"error": f"there is no {method} {PREFIX}{name}"}


async def read_body(receive) -> dict:
    text = b""
    while True:
        message = await receive()
        text += message.get("body", b"")
        if not message.get("more_body"):
            break
    return json.loads(text) if text else {}
