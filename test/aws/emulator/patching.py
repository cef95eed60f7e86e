"""Replaces ministack's functions in this process, without editing files.

Each service's module has `install(harness)`, which replaces functions with `@wrapped(module, "name")`. The replacement gets
the original as its first argument. This works because ministack looks its functions up when it calls them.
"""

import functools
import importlib.metadata

MINISTACK_VERSION = "1.5.33"


def require_version() -> None:
    """Private functions change with every version, so any other version is rejected."""
    version = importlib.metadata.version("ministack")
    if version != MINISTACK_VERSION:
        raise SystemExit(f"the emulator requires ministack {MINISTACK_VERSION}, not {version}")


def wrapped(module, name: str):
    """Replaces `module.name` with the decorated function, which gets the original as its first argument."""
    original = getattr(module, name)

    def decorate(replacement):
        @functools.wraps(original)
        def stand_in(*arguments, **named):
            return replacement(original, *arguments, **named)

        setattr(module, name, stand_in)
        for table in [value for value in vars(module).values() if isinstance(value, dict)]:
            for key in [key for key, value in table.items() if value is original]:
                table[key] = stand_in
        return replacement

    return decorate


def replaced_text(text: str, old: str, new: str) -> str:
    """`text` with its single `old` replaced. Fails if there is none."""
    if text.count(old) < 1:
        raise SystemExit(f"cannot find the text to replace: {old!r}")
    return text.replace(old, new)
