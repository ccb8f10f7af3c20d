"""Writes the small video that the unit tests read, and what OpenCV sees in it.

usage: opencv_clip.py FOLDER   (FOLDER = packages/pipeline/src/video/testing/fixtures; needs ffmpeg with libx264)
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from opencv_reference import extract, frames

WIDTH, HEIGHT, FRAMES = 160, 120, 90
RULES = {"min_area": 60, "max_area": 3000}


def scene(t, rng):
    """Sparks on curved ways, a ring, and once in a while blue recoater light."""
    frame = rng.integers(4, 10, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    if 20 <= t % 45:
        for k in range(4):
            x = int(20 + 2.5 * (t % 45) + 20 * k)
            y = int(60 + 45 * np.sin(0.17 * t + 1.7 * k))
            cv2.circle(frame, (x, y), 3 + k, (120 + 20 * k, 200, 250), -1)
        cv2.circle(frame, (30 + t, 90), 14, (90, 160, 240), 2)
    if t % 30 in (10, 11):
        cv2.rectangle(frame, (10, 10 + t % 30), (50, 40), (250, 40, 30), -1)
    return frame


def encode(path):
    rng = np.random.default_rng(5)
    command = f"ffmpeg -v error -y -f rawvideo -pix_fmt bgr24 -s {WIDTH}x{HEIGHT} -r 25 -i - -c:v libx264"
    command += " -pix_fmt yuv420p -g 24 -bf 2 -crf 23 -threads 1 -movflags +faststart"
    raw = b"".join(scene(t, rng).tobytes() for t in range(FRAMES))
    subprocess.run([*command.split(), path], input=raw, check=True)


def rows(path, **bounds):
    kept, counts = [], {}
    for index, verdict, row, pixels in extract(path, **RULES, **bounds):
        if verdict is None:
            continue
        counts[verdict] = counts.get(verdict, 0) + 1
        if verdict == "kept":
            kept.append([index, *row[:5], hashlib.md5(pixels.tobytes()).hexdigest()])
    return {"counts": counts, "rows": kept}


def main(folder):
    path = str(Path(folder, "clip.mp4"))
    encode(path)
    seen = {
        "opencv": cv2.__version__,
        "frame_md5": [hashlib.md5(frame.tobytes()).hexdigest() for frame in frames(path)],
        "whole": rows(path),
        "bounded": {"left": 33, "right": 121, **rows(path, left=33, right=121)},
    }
    Path(folder, "clip.json").write_text(json.dumps(seen) + "\n")


main(sys.argv[1])
