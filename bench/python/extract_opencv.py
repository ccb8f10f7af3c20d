"""The extraction as a headless Python/OpenCV loop, in memory: decode, mask, contours, crops, JPEG.

usage: extract_opencv.py VIDEO   prints OpenCV's version, then for each line on standard input the
seconds, frames, crops and JPEG bytes of one run as JSON, and the seconds that reading the frames takes alone.
"""

import json
import sys
import time

import cv2


def crops_of(first, second):
    gray = cv2.cvtColor(cv2.absdiff(first, second), cv2.COLOR_BGR2GRAY)
    _, binary = cv2.threshold(cv2.GaussianBlur(gray, (5, 5), 0), 20, 255, cv2.THRESH_BINARY)
    dilated = cv2.dilate(binary, None, iterations=3)
    found, _ = cv2.findContours(dilated, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    for contour in found:
        if not 2000 <= cv2.contourArea(contour) <= 15000:
            continue
        x, y, w, h = cv2.boundingRect(contour)
        crop = first[y + 2 : y + h - 1, x + 2 : x + w - 1]
        if crop[:, :, 0].sum() <= crop[:, :, 1].sum() + crop[:, :, 2].sum():
            yield crop


def run(path):
    capture = cv2.VideoCapture(path)
    start = time.perf_counter()
    more, first = capture.read()
    frames, jpegs = 1, []
    while True:
        more, second = capture.read()
        if not more:
            break
        frames += 1
        jpegs += [cv2.imencode(".jpg", crop)[1].tobytes() for crop in crops_of(first, second)]
        first = second
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "frames": frames, "crops": len(jpegs), "bytes": sum(map(len, jpegs))}


def decode(path):
    capture = cv2.VideoCapture(path)
    start = time.perf_counter()
    while capture.read()[0]:
        pass
    return time.perf_counter() - start


print(cv2.__version__, flush=True)
for _ in sys.stdin:
    print(json.dumps({**run(sys.argv[1]), "decode": decode(sys.argv[1])}), flush=True)
