"""Answers what OpenCV makes of random pictures, and of whole recordings, as JSON for interop/opencv.ts.

usage: opencv_answers.py FOLDER SEED MASKS PAIRS [VIDEO MIN_AREA]…
Pictures are written into FOLDER as raw bytes: <i>.mask, <i>.first and <i>.second.
"""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from opencv_reference import extract, family, mask, random_frames, random_mask


def size(rng):
    return int(rng.integers(1, 70)), int(rng.integers(1, 90))


def mask_case(folder, rng, index):
    height, width = size(rng)
    picture = random_mask(rng, height, width)
    Path(folder, f"{index}.mask").write_bytes(picture.tobytes())
    return {"width": width, "height": height, "rows": family(picture)}


def pair_case(folder, rng, index):
    height, width = size(rng)
    first, second = random_frames(rng, height, width)
    Path(folder, f"{index}.first").write_bytes(first.tobytes())
    Path(folder, f"{index}.second").write_bytes(second.tobytes())
    left = int(rng.integers(0, width))
    right = int(rng.integers(left + 1, width + 1))
    threshold = int(rng.choice([20, 20, 0, 5, 100, 254, int(rng.integers(0, 256))]))
    rows = family(mask(first[:, left:right], second[:, left:right], threshold))
    return {"width": width, "height": height, "left": left, "right": right, "threshold": threshold, "rows": rows}


def video_case(path, min_area):
    found = extract(path, min_area=float(min_area))
    return {"rows": [[index, *row[:5]] for index, verdict, row, _ in found if verdict == "kept"]}


def main(folder, seed, masks, pairs, *videos):
    rng = np.random.default_rng(int(seed))
    answer = {
        "opencv": cv2.__version__,
        "masks": [mask_case(folder, rng, i) for i in range(int(masks))],
        "pairs": [pair_case(folder, rng, i) for i in range(int(pairs))],
        "videos": [video_case(*videos[i : i + 2]) for i in range(0, len(videos), 2)],
    }
    json.dump(answer, sys.stdout)


main(*sys.argv[1:])
