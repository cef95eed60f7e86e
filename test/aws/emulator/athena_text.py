"""Values as Athena writes them, in responses of its API and in CSV files of results."""

import base64
import decimal
import json


def text_of(value, signature: dict) -> str | None:
    """`value` and its type `signature` are those of Trino's protocol."""
    if value is None:
        return None
    kind = signature["rawType"]
    parts = [argument.get("value") for argument in signature.get("arguments", [])]
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "varbinary":
        return " ".join(f"{byte:02x}" for byte in base64.b64decode(value))
    if kind == "array":
        return "[" + ", ".join(nested(one, parts[0]) for one in value) + "]"
    if kind == "map":
        return "{" + ", ".join(f"{name}={nested(one, parts[1])}" for name, one in value.items()) + "}"
    if kind == "row":
        return "{" + ", ".join(fields(value, parts)) + "}"
    if kind in ("double", "real") and not isinstance(value, str):
        return java_double(float(value))
    return value if isinstance(value, str) else json.dumps(value)


def nested(value, signature: dict) -> str:
    text = text_of(value, signature)
    return "null" if text is None else text


def fields(values: list, parts: list[dict]):
    for i, (value, part) in enumerate(zip(values, parts)):
        name = (part.get("fieldName") or {}).get("name") or f"field{i}"
        yield f"{name}={nested(value, part['typeSignature'])}"


def java_double(value: float) -> str:
    """Like Java's Double.toString: plain from 0.001 up to ten million, otherwise with an exponent."""
    text = repr(value)
    if "e" not in text and (value == 0 or 1e-3 <= abs(value) < 1e7):
        return text
    number = decimal.Decimal(text)
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0") or "0"
    return f"{'-' if value < 0 else ''}{digits[0]}.{digits[1:] or '0'}E{number.adjusted()}"


def type_name(signature: dict) -> str:
    return {"real": "float"}.get(signature["rawType"], signature["rawType"])
