"""Makes a picture of the page small: 256 colours at most, chosen by how often they occur. No pixel of a ground changes.

The browser that took the picture counts and replaces its colours; this writes the file, by the PNG specification.
"""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from playwright.async_api import Page

# Colours of one bucket (5 bits a channel) are as one to the eye; its most common one represents all of them.
REDUCE = """async (picture) => {
  const bytes = Uint8Array.from(atob(picture), (one) => one.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const channels = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
  const buckets = new Map();
  for (const [pixel, count] of counts) {
    const [red, green, blue] = channels(pixel);
    const key = ((red >> 3) << 10) | ((green >> 3) << 5) | (blue >> 3);
    const bucket = buckets.get(key) ?? { pixel, most: 0, count: 0 };
    if (count > bucket.most) Object.assign(bucket, { pixel, most: count });
    bucket.count += count;
    buckets.set(key, bucket);
  }
  const exact = [...counts].filter(([, count]) => count > pixels.length / 2000).map(([pixel]) => pixel);
  const common = [...buckets.values()].sort((a, b) => b.count - a.count).map((bucket) => bucket.pixel);
  const palette = [...new Set([...exact, ...common])].slice(0, 256).map(channels);
  const nearest = (pixel) => {
    const [red, green, blue] = channels(pixel);
    let best = 0;
    let least = Infinity;
    palette.forEach(([r, g, b], index) => {
      const far = 2 * (red - r) ** 2 + 4 * (green - g) ** 2 + 3 * (blue - b) ** 2;
      if (far < least) [best, least] = [index, far];
    });
    return best;
  };
  const places = new Map([...counts.keys()].map((pixel) => [pixel, nearest(pixel)]));
  let indices = '';
  for (const pixel of pixels) indices += String.fromCharCode(places.get(pixel));
  return { width, height, palette, indices: btoa(indices) };
}"""


class _Reduced(TypedDict):
    width: int
    height: int
    palette: list[list[int]]
    indices: str


async def small_png(page: Page, picture: bytes) -> bytes:
    """The picture with a palette.

    Args:
        page: any page of the browser; an empty one, because a page's policy may forbid what is needed.
        picture: a PNG file without transparency.
    """
    reduced: _Reduced = await page.evaluate(REDUCE, base64.b64encode(picture).decode())
    width, height = reduced["width"], reduced["height"]
    indices = base64.b64decode(reduced["indices"])
    rows = b"".join(b"\0" + indices[start : start + width] for start in range(0, width * height, width))
    palette = bytes(channel for colour in reduced["palette"] for channel in colour)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", palette),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
