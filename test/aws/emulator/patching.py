"""Replaces functions of ministack in this process. Its files are not changed.

Each module for a service has `install(harness)`, which replaces functions with `@wrapped(module, "name")`. The
replacement receives the original as its first argument. ministack looks up its functions when it calls them, in the
module or in a table of the module.
"""

import functools
import importlib.metadata

MINISTACK_VERSION = "1.5.33"


def require_version() -> None:
    """Private functions change with every version: any other version is refused, rather than partly patched."""
    version = importlib.metadata.version("ministack")
    if version != MINISTACK_VERSION:
        raise SystemExit(f"the emulator needs ministack {MINISTACK_VERSION}, but {version} is installed")


def wrapped(module, name: str):
    """Replaces `module.name` by the decorated function, which receives the original as its first argument."""
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
    """Replaces the only `old` in `text`; fails if it is not there."""
    if text.count(old) < 1:
        raise SystemExit(f"ministack does not contain the text to replace: {old!r}")
    return text.replace(old, new)
