"""Pins and lock together, for whoever looks while others change them."""

from __future__ import annotations

from pkgs.environment.lock import Lock, read_lock
from pkgs.environment.pins import Pin, read_pins
from pkgs.environment.root import Environment


def read_pins_and_lock(environment: Environment) -> tuple[tuple[Pin, ...], Lock]:
    """Return the pins and the lock, both of one moment; raises as :func:`read_pins` and :func:`read_lock`.

    They change at once, when the lock is replaced: pins that were read between two looks at the same lock go
    with it.
    """
    lock = read_lock(environment.lock_file)
    while True:
        pins, before = read_pins(environment.bin_dir), lock
        lock = read_lock(environment.lock_file)
        if lock == before:
            return pins, lock
