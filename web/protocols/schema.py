"""Schema: JSON Schema of data classes, as the JSON answers write them (pure)."""

import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from archive.digest import Digest

Schema = dict[str, Any]
_PLAIN: dict[type, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    datetime: {"type": "string", "format": "date-time"},
    Digest: {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
    type(None): {"type": "null"},
    object: {},
}


class SchemaBook:
    """Schemas by name; each data class is written once."""

    def __init__(self) -> None:
        """Start empty."""
        self.schemas: dict[str, Schema] = {}

    def schema_of(self, kind: Any) -> Schema:
        """The schema of a type; an unknown one is our fault."""
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        origin, given = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.schema_of(one) for one in given]}
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"type": "string", "enum": [one.value for one in kind]}
        if isinstance(kind, type) and is_dataclass(kind):
            return self._reference(kind)
        if origin is not None and issubclass(origin, Mapping):
            return {
                "type": "object",
                "additionalProperties": self.schema_of(given[1]),
            }
        if origin is tuple and Ellipsis not in given:
            items = [self.schema_of(one) for one in given]
            return {"type": "array", "prefixItems": items}
        if origin is not None and issubclass(origin, Sequence):
            return {"type": "array", "items": self.schema_of(given[0])}
        raise AssertionError(f"no JSON form of {kind}")

    def _reference(self, kind: Any) -> Schema:
        name = kind.__name__
        if name not in self.schemas:
            self.schemas[name] = {}
            hints = get_type_hints(kind)
            names = [one.name for one in fields(kind)]
            self.schemas[name] = {
                "type": "object",
                "description": (kind.__doc__ or "").partition("\n")[0],
                "properties": {one: self.schema_of(hints[one]) for one in names},
                "required": names,
            }
        return {"$ref": f"#/components/schemas/{name}"}
