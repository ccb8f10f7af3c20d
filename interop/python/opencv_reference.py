"""The reference method with OpenCV itself, headless and on undrawn frames: what our extraction must equal."""

import cv2
import numpy as np


def mask(first, second, threshold=20):
    """Dilated difference mask (0 or 255) of two BGR frames."""
    gray = cv2.cvtColor(cv2.absdiff(first, second), cv2.COLOR_BGR2GRAY)
    _, binary = cv2.threshold(cv2.GaussianBlur(gray, (5, 5), 0), threshold, 255, cv2.THRESH_BINARY)
    return cv2.dilate(binary, None, iterations=3)


def family(binary):
    """Rows [x, y, w, h, area] of every border, holes included, each followed by its parent's: -1 five times for none."""
    found, hierarchy = cv2.findContours(binary, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    rows = [[*cv2.boundingRect(c), cv2.contourArea(c)] for c in found]
    parents = [] if hierarchy is None else hierarchy[0, :, 3].tolist()
    return [row + (rows[p] if p >= 0 else [-1] * 5) for row, p in zip(rows, parents)]


def crop(frame, x, y, w, h):
    return frame[y + 2 : y + h - 1, x + 2 : x + w - 1]


def verdict(pixels, area, min_area, max_area):
    if area < min_area:
        return "small"
    if area > max_area:
        return "large"
    if pixels.size == 0:
        return "empty"
    blue, green, red = (int(pixels[:, :, i].sum()) for i in range(3))
    return "blue" if blue > green + red else "kept"


def frames(path):
    capture = cv2.VideoCapture(path)
    while True:
        more, frame = capture.read()
        if not more:
            return
        yield frame


def extract(path, min_area=2000, max_area=15000, threshold=20, left=0, right=None):
    """Yields (pair index, verdict, row, pixels) for every contour; (index, None, None, None) ends each pair."""
    first = None
    for index, frame in enumerate(frames(path)):
        second = frame[:, left:right]
        if first is not None:
            for row in family(mask(first, second, threshold)):
                pixels = crop(first, *row[:4])
                yield index - 1, verdict(pixels, row[4], min_area, max_area), row, pixels
            yield index - 1, None, None, None
        first = second


def random_frames(rng, height, width):
    """Two frames that differ by blobs, noise, or everything."""
    first = rng.integers(0, 60, (height, width, 3), dtype=np.uint8)
    second = first.copy()
    kind = int(rng.integers(0, 4))
    if kind == 0:
        second = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    for _ in range(int(rng.integers(0, 12))):
        centre = (int(rng.integers(-5, width + 5)), int(rng.integers(-5, height + 5)))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        thickness = int(rng.integers(1, 4)) if kind == 1 else -1
        cv2.circle(second, centre, int(rng.integers(1, 20)), colour, thickness)
    if kind == 3:
        speckle = rng.random((height, width)) < 0.02
        second[speckle] = rng.integers(0, 256, (int(speckle.sum()), 3), dtype=np.uint8)
    return first, second


def random_mask(rng, height, width):
    """Binary picture: noise of some density, or shapes with holes in holes."""
    if rng.random() < 0.6:
        return (rng.random((height, width)) < rng.random()).astype(np.uint8)
    picture = np.zeros((height, width), np.uint8)
    for i in range(int(rng.integers(1, 10))):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        cv2.circle(picture, centre, int(rng.integers(1, max(2, width // 2))), int(i % 2 == 0), -1)
    return picture
