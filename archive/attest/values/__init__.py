"""The one written form of signed values: JSON, DER framing, fields, key ids."""
