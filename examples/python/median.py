#!/usr/bin/env python3
"""The medians of a market day's prices, by a module in Rust.

    cargo build -p python-module
    python3 examples/python/median.py target/debug/librolling.so

finds nothing. With --careless after the file the module copies its window for each price, and its guard reports that on standard
error. Exit codes: 0 clean, 1 violations.
"""

import csv
import ctypes
import pathlib
import sys

rolling = ctypes.CDLL(sys.argv[1])
rolling.rolling_new.argtypes = [ctypes.c_size_t, ctypes.c_bool]
rolling.rolling_new.restype = ctypes.c_void_p
rolling.rolling_push.argtypes = [ctypes.c_void_p, ctypes.c_double]
rolling.rolling_push.restype = ctypes.c_double
rolling.rolling_free.argtypes = [ctypes.c_void_p]
rolling.rolling_violations.restype = ctypes.c_int64

day = pathlib.Path(__file__).parents[1] / "data" / "market_day.csv"
with day.open(newline="") as events:
    prices = [float(event["price"]) for event in csv.DictReader(events) if event["event"] == "execute"]

window = rolling.rolling_new(15, "--careless" in sys.argv[2:])
medians = [rolling.rolling_push(window, price) for price in prices][14:]
rolling.rolling_free(window)
violations = rolling.rolling_violations()

print(f"trades      {len(prices)}")
print(f"medians     {min(medians):.2f} to {max(medians):.2f}")
print(f"violations  {violations if violations >= 0 else 'unmeasured: the module has no checks'}")
sys.exit(1 if violations > 0 else 0)
