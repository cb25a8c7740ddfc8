#!/usr/bin/env python3
"""Writes Sources/CKernels/powers_of_five.h, as in D. Lemire, Number parsing at a gigabyte per second, 2021, section 5."""
import os

LOW, HIGH = -65, 65


def upper(q: int) -> int:
    """The upper 128 bits of 5^q, with the highest bit set."""
    if q >= 0:
        power = 5**q
        bits = power.bit_length()
        return power << (128 - bits) if bits <= 128 else power >> (bits - 128)
    divisor = 5**-q
    bits = divisor.bit_length()
    if q >= -27:
        return (1 << (bits + 127)) // divisor + 1
    wide = (1 << (2 * bits + 128)) // divisor
    return wide >> (wide.bit_length() - 128)


def main() -> None:
    entries = []
    for q in range(LOW, HIGH + 1):
        value = upper(q)
        assert value.bit_length() == 128
        entries.append(f"{{0x{value >> 64:016x}, 0x{value & (1 << 64) - 1:016x}}}")
    lines = [
        "// Written by scripts/powers_of_five.py: the upper 128 bits of 5^q for q from EK_POWER_MIN to EK_POWER_MAX, high half first.",
        f"enum {{ EK_POWER_MIN = {LOW}, EK_POWER_MAX = {HIGH} }};",
        "static const uint64_t ek_powers[EK_POWER_MAX - EK_POWER_MIN + 1][2] = {",
    ]
    lines += ["    " + ", ".join(entries[i : i + 3]) + "," for i in range(0, len(entries), 3)]
    lines.append("};")
    path = os.path.join(os.path.dirname(__file__), "..", "Sources", "CKernels", "powers_of_five.h")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
