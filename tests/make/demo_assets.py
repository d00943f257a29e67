"""Make the pictures and the web font of the example site, from what is drawn here.

Nothing is compressed, so the files are the same with every zlib.

usage: python tests/make/demo_assets.py OUT     (writes OUT/img and OUT/fonts)
"""

import struct
import sys
import zlib
from pathlib import Path

LOGO = """
........................
.###..####.#...#.####...
.#..#.#....##.##.#..#...
.#..#.###..#.#.#.#..#...
.#..#.#....#...#.#..#...
.###..####.#...#.####...
........................
.######################.
"""
"""One character is a square of `SCALE` pixels."""
BAND = """
##......
.##.....
..##....
...##...
"""
SCALE = 4
INK, PAPER = (0xBB, 0x22, 0x22), (0xFF, 0xFF, 0xFF)
UNITS_PER_EM = 1000
BALLOT = 0x2611
"""BALLOT BOX WITH CHECK, the only character of the font."""
BOX = ((100, 0), (100, 800), (900, 800), (900, 0))
HOLE = ((180, 80), (820, 80), (820, 720), (180, 720))
CHECK = ((250, 400), (330, 470), (450, 330), (700, 640), (770, 570), (450, 180))
MAC_EPOCH_2025 = 3_818_707_200
"""1 January 2025 in seconds since 1904, as `head` counts."""
MAGIC = 0x5F0F3CF5
CHECKSUM_BASE = 0xB1B0AFBA
SFNT_VERSION = 0x00010000
ON_CURVE = 1


def main() -> None:
    """Write all files below the given folder."""
    out = Path(sys.argv[1])
    for name, data in make_assets().items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def make_assets() -> dict[str, bytes]:
    """Every file by its path below the site."""
    return {
        "img/logo.png": make_png(LOGO),
        "img/band.png": make_png(BAND),
        "fonts/ballot.ttf": make_font(),
    }


def make_png(drawing: str) -> bytes:
    """A two-colour PNG of a drawing in characters."""
    rows = drawing.split()
    width, height = len(rows[0]) * SCALE, len(rows) * SCALE
    lines = b""
    for row in rows:
        bits = "".join("1" * SCALE if cell == "#" else "0" * SCALE for cell in row)
        line = int(bits, 2).to_bytes(width // 8, "big")
        lines += (b"\0" + line) * SCALE  # filter type 0 before each line
    header = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", bytes(PAPER + INK)),
        (b"IDAT", zlib.compress(lines, 0)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in chunks)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def make_font() -> bytes:
    """A TrueType font with one glyph."""
    glyph = _glyph((BOX, HOLE, CHECK))
    tables = {
        b"OS/2": _os2(),
        b"cmap": _cmap(),
        b"glyf": glyph,
        b"head": _head(0),
        b"hhea": struct.pack(
            ">IhhhHhhhhhhhhhhhH",
            SFNT_VERSION,
            *(850, -150, 0, UNITS_PER_EM, 0, 0, 900, 1, 0, 0, 0, 0, 0, 0, 0),
            2,
        ),
        b"hmtx": struct.pack(">HhHh", UNITS_PER_EM, 0, UNITS_PER_EM, 100),
        b"loca": struct.pack(">HHH", 0, 0, len(glyph) // 2),
        b"maxp": struct.pack(
            ">IHHHHHHHHHHHHHH", SFNT_VERSION, 2, 14, 3, 0, 0, 2, *[0] * 8
        ),
        b"name": _names(),
        b"post": struct.pack(">IIhhI4I", 0x00030000, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    total = _checksum(_sfnt(tables))
    tables[b"head"] = _head((CHECKSUM_BASE - total) & 0xFFFFFFFF)
    return _sfnt(tables, head_checksum=_checksum(_head(0)))


def _sfnt(tables: dict[bytes, bytes], *, head_checksum: int | None = None) -> bytes:
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    out = struct.pack(
        ">IHHHH",
        *(SFNT_VERSION, count, power * 16, count.bit_length() - 1),
        (count - power) * 16,
    )
    offset = len(out) + 16 * count
    bodies = b""
    for tag, data in tables.items():
        checksum = _checksum(data)
        if tag == b"head" and head_checksum is not None:
            checksum = head_checksum
        out += tag + struct.pack(">III", checksum, offset + len(bodies), len(data))
        bodies += _padded(data)
    return out + bodies


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _checksum(data: bytes) -> int:
    padded = _padded(data)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF


def _glyph(contours: tuple[tuple[tuple[int, int], ...], ...]) -> bytes:
    points = [point for contour in contours for point in contour]
    ends, last = [], -1
    for contour in contours:
        last += len(contour)
        ends.append(last)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    out = struct.pack(
        ">hhhhh", len(contours), min(xs), min(ys), max(xs), max(ys)
    ) + struct.pack(f">{len(ends)}HH", *ends, 0)
    out += bytes([ON_CURVE] * len(points))
    for values in (xs, ys):
        steps = [b - a for a, b in zip([0, *values], values, strict=False)]
        out += struct.pack(f">{len(steps)}h", *steps)
    return _padded(out)


def _cmap() -> bytes:
    segments = ((BALLOT, BALLOT, 1 - BALLOT), (0xFFFF, 0xFFFF, 1))
    count = len(segments)
    table = struct.pack(">HHHH", count * 2, 4, 1, 0)
    table += struct.pack(f">{count}H", *(end for _, end, _ in segments)) + b"\0\0"
    table += struct.pack(f">{count}H", *(start for start, _, _ in segments))
    table += struct.pack(f">{count}H", *(step & 0xFFFF for _, _, step in segments))
    table += struct.pack(f">{count}H", *[0] * count)
    table = struct.pack(">HHH", 4, len(table) + 6, 0) + table
    return struct.pack(">HHHHI", 0, 1, 3, 1, 12) + table


def _head(adjustment: int) -> bytes:
    return struct.pack(
        ">IIIIHHQQhhhhHHhhh",
        *(SFNT_VERSION, SFNT_VERSION, adjustment, MAGIC, 3, UNITS_PER_EM),
        *(MAC_EPOCH_2025, MAC_EPOCH_2025, 100, 0, 900, 800, 0, 8, 2, 0, 0),
    )


def _os2() -> bytes:
    return struct.pack(
        ">HhHHHhhhhhhhhhhh10sIIII4sHHHhhhHHII",
        *(3, UNITS_PER_EM, 400, 5, 0, 650, 600, 0, 75, 650, 600, 0, 350, 50, 250, 0),
        *(bytes(10), 0, 0, 0, 0, b"NONE", 64, BALLOT, BALLOT),
        *(850, -150, 0, 850, 150, 1, 0),
    ) + struct.pack(">hhHHH", 500, 800, 0, BALLOT, 0)


def _names() -> bytes:
    names = {1: "Ballot", 2: "Regular", 3: "Ballot demo", 4: "Ballot", 6: "Ballot"}
    records, storage = b"", b""
    for number, text in names.items():
        data = text.encode("utf-16-be")
        records += struct.pack(">HHHHHH", 3, 1, 0x409, number, len(data), len(storage))
        storage += data
    return struct.pack(">HHH", 0, len(names), 6 + len(records)) + records + storage


if __name__ == "__main__":
    main()
