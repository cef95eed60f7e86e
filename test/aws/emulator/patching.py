"""How ministack's functions are replaced in this process; nothing of it is edited on disk.

A module of a service has `install(harness)`, which replaces functions by `@wrapped(module, "name")`. The replacement
gets the original first. ministack looks its functions up when they are called, in the module or in a table of it.
"""

import functools
import importlib.metadata

MINISTACK_VERSION = "1.5.33"


def require_version() -> None:
    """Private functions change with every version: another one is refused, not half patched."""
    version = importlib.metadata.version("ministack")
    if version != MINISTACK_VERSION:
        raise SystemExit(f"the emulator is made for ministack {MINISTACK_VERSION}, this is {version}")


def wrapped(module, name: str):
    """Puts the decorated function in the place of `module.name`, which it gets as its first argument."""
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
    """`text` with the one `old` in it replaced; fails where it is not there."""
    if text.count(old) < 1:
        raise SystemExit(f"the emulator does not find what it replaces: {old!r}")
    return text.replace(old, new)
