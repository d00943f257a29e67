"""Drawing: a page of a PDF or a picture as a new picture; only importer of PIL.

What comes back is drawn anew from pixels: no metadata, no colour profile, no second
frame, nothing of the file's own structure. Run in a child process only.
"""

import io
import warnings
from typing import Any

import PIL.Image
import PIL.ImageOps

from search.extract.files.pdf import draw_page
from search.extract.previews.pictures import Preview

SIDE_PIXELS = 1_600
"""Longest side of a preview: the width of a large screen."""
PIXELS_MAX = 40_000_000
"""Pixels of a picture that is decoded; more is refused before any are read."""
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "ICO")
"""What is decoded, whatever the file calls itself."""
PDF_START = b"%PDF-"
SNIFF_BYTES = 1024
JPEG_QUALITY = 88

PIL.Image.MAX_IMAGE_PIXELS = PIXELS_MAX
PIL.Image.preinit()


def draw(data: bytes, number: int) -> Preview | None:
    """Draw page `number`, from 0, of a document, or a picture; None if it cannot be."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)
        if PDF_START in data[:SNIFF_BYTES]:
            return _document(data, number)
        return _picture(data) if number == 0 else None


def _document(data: bytes, number: int) -> Preview | None:
    drawn = draw_page(data, number, side=SIDE_PIXELS)
    if drawn is None:
        return None
    size = (drawn.width, drawn.height)
    picture = PIL.Image.frombytes("RGB", size, drawn.pixels)
    return _encode(picture, "PNG", kind="document", pages=drawn.pages, original=None)


def _picture(data: bytes) -> Preview | None:
    try:
        with PIL.Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            original, kind = opened.size, opened.format
            frames = int(getattr(opened, "n_frames", 1))
            opened.draft("RGB", (SIDE_PIXELS, SIDE_PIXELS))
            turned = PIL.ImageOps.exif_transpose(opened)
            clear = turned.has_transparency_data
            picture = turned.convert("RGBA" if clear else "RGB")
    except (
        OSError,
        ValueError,
        SyntaxError,
        MemoryError,
        OverflowError,
        PIL.Image.DecompressionBombError,
        PIL.Image.DecompressionBombWarning,
    ):
        return None
    picture.thumbnail((SIDE_PIXELS, SIDE_PIXELS))
    form = "JPEG" if kind == "JPEG" else "PNG"
    return _encode(picture, form, kind="image", pages=frames, original=original)


def _encode(picture: PIL.Image.Image, form: str, **about: Any) -> Preview:
    """Write the pixels, and nothing that the picture carries along."""
    plain = PIL.Image.frombytes(picture.mode, picture.size, picture.tobytes())
    target = io.BytesIO()
    options = {"quality": JPEG_QUALITY} if form == "JPEG" else {"compress_level": 3}
    plain.save(target, form, **options)
    return Preview(
        data=target.getvalue(),
        media_type=f"image/{form.lower()}",
        width=plain.width,
        height=plain.height,
        **about,
    )
