#!/usr/bin/env python3
"""Takes the json-file wrapping off each line and counts the bytes of text: what a script does before it parses."""
import sys

try:
    from orjson import loads
except ImportError:
    from json import loads

size = 0
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        size += len(loads(line)["log"])
print(size)
