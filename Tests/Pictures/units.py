"""Numbers with Grafana's units."""

import math

_SI = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K")]
_BINARY = [(2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")]
_SECONDS = [(86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "µs")]
_IN_SECONDS = {"s": 1, "ms": 1e-3, "µs": 1e-6}
_SUFFIX = {"reqps": " req/s", "cps": "/s", "percentunit": "%"}


def digits(value, decimals=None):
    """With three significant digits at most, unless decimals are given."""
    if decimals is None:
        decimals = 0 if value == 0 else max(0, min(3, 2 - math.floor(math.log10(abs(value)))))
        text = f"{value:.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.{decimals}f}"


def formatted(value, unit=None, decimals=None):
    """For example 1.5 ms, 12 req/s, 3.4 MiB, 2.5%."""
    if value is None or math.isnan(value):
        return "–"
    if unit == "percentunit":
        return digits(value * 100, decimals) + "%"
    if unit in _IN_SECONDS:
        return _scaled(value * _IN_SECONDS[unit], _SECONDS, decimals, space=" ") if value else "0 " + unit
    if unit == "bytes":
        return _scaled(value, _BINARY, decimals, space=" ", smallest=" B")
    suffix = _SUFFIX.get(unit, "")
    return (digits(value, decimals) if unit == "none" else _scaled(value, _SI, decimals)) + suffix


def _scaled(value, scale, decimals, space="", smallest=""):
    for factor, name in scale:
        if abs(value) >= factor * 0.99995:
            return digits(value / factor, decimals) + space + name
    if scale is _SECONDS:
        return digits(value * 1e6, decimals) + " µs"
    return digits(value, decimals) + smallest


def ticks(low, high, count, unit=None):
    """Round numbers from low to high, `count` steps at most."""
    if unit == "bytes":
        factor = next((factor for factor, _ in _BINARY if high >= factor), 1)
        return [mark * factor for mark in ticks(low / factor, high / factor, count)]
    step = 10 ** math.floor(math.log10((high - low) / count))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if (high - low) / (step * factor) <= count)
    first = math.ceil(low / step - 1e-9)
    return [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]
