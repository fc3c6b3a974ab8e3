#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""schema_check.py SCHEMAS [TYPE]... < LINES

Validates lines of JSON against SCHEMAS/<schema>.json, and fails on a property that the schema does not name: programs have
to be able to rely on docs/schemas being all there is. Prints the types seen; each TYPE must be among them.
Knows the keywords that docs/schemas uses, and fails on any other.
"""
import json
import pathlib
import re
import sys

NOTES = {"$schema", "$id", "title", "description"}
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def has_type(value, name):
    if isinstance(name, list):
        return any(has_type(value, n) for n in name)
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, TYPES[name])


def problems_object(value, schema, where):
    known = schema.get("properties", {})
    for key in schema.get("required", []):
        if key not in value:
            yield f"{where}: lacks {key}"
    for key, item in value.items():
        if key in known:
            yield from problems(item, known[key], f"{where}.{key}")
        elif known:
            yield f"{where}: {key} is not in the schema"


def problems(value, schema, where):
    for keyword, arg in schema.items():
        if keyword in NOTES or keyword in ("required", "properties"):
            continue
        if keyword == "type":
            bad = not has_type(value, arg)
        elif keyword == "const":
            bad = value != arg
        elif keyword == "enum":
            bad = value not in arg
        elif keyword == "minimum":
            bad = value is not None and value < arg
        elif keyword == "maximum":
            bad = value is not None and value > arg
        elif keyword == "pattern":
            bad = not re.search(arg, value)
        elif keyword == "items":
            bad = False
            for i, item in enumerate(value):
                yield from problems(item, arg, f"{where}[{i}]")
        elif keyword == "anyOf":
            bad = all(any(True for _ in problems(value, s, where)) for s in arg)
        elif keyword == "allOf":
            bad = any(True for s in arg for _ in problems(value, s, where))
        else:
            raise SystemExit(f"{where}: this checker does not know the keyword {keyword}")
        if bad:
            yield f"{where}: {keyword} {arg!r} does not hold for {value!r}"
            if keyword == "type":
                return
    if isinstance(value, dict):
        yield from problems_object(value, schema, where)


def main():
    folder, wanted = pathlib.Path(sys.argv[1]), set(sys.argv[2:])
    seen, bad = set(), []
    for number, line in enumerate(sys.stdin.buffer, 1):
        value = json.loads(line.decode("utf-8"))
        # A record is a statement of in-toto, and says so in its own way.
        kind, name = ("record", "record-v1") if "_type" in value else (value["type"], value["schema"])
        schema = json.loads((folder / f"{name}.json").read_text("utf-8"))
        bad += problems(value, schema, f"line {number}: {kind}")
        seen.add(kind)
    print(" ".join(sorted(seen)))
    bad += [f"no line of type {t}" for t in sorted(wanted - seen)]
    if bad:
        sys.exit("\n".join(bad))


if __name__ == "__main__":
    main()
