"""Writes the fixtures that the unit tests of the store read: JPEGs by OpenCV and HDF5 row kinds by h5py.

usage: h5py_fixtures.py FOLDER   (FOLDER = packages/pipeline/src/store/testing)
"""

import base64
import json
import sys
from pathlib import Path

import cv2
import h5py
import numpy as np

SIZES = [(1, 1), (3, 2), (8, 8), (16, 16), (17, 16), (7, 33), (40, 40), (41, 23), (64, 9)]


def text(data):
    return base64.b64encode(data).decode()


def picture(rng, kind, width, height):
    """Noise (every coefficient busy), a glow (like spatter), or one flat colour."""
    if kind == 0:
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if kind == 1:
        y, x = np.mgrid[0:height, 0:width]
        distance = (x - width / 3) ** 2 + (y - height / 2) ** 2
        return np.stack([255 * np.exp(-distance / s) for s in (9, 40, 90)], -1).astype(np.uint8)
    return np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)


def crops():
    rng = np.random.default_rng(7)
    for i, (width, height) in enumerate(SIZES):
        image = picture(rng, i % 3, width, height)
        jpeg = cv2.imencode(".jpg", image)[1].tobytes()
        decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        yield {
            "width": width,
            "height": height,
            "bgr": text(image.tobytes()),
            "jpeg": text(jpeg),
            "decoded": text(decoded.tobytes()),
        }


def fixed(size, padding):
    kind = h5py.h5t.TypeID.copy(h5py.h5t.C_S1)
    kind.set_size(size)
    kind.set_strpad(padding)
    return kind


def write_low_level(file, name, kind, raw):
    space = h5py.h5s.create_simple((len(raw),))
    dataset = h5py.h5d.create(file.id, name.encode(), kind, space)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, raw, kind)


def write_kinds(path, jpegs):
    """The same JPEGs in every type that a crop file may use; names chosen to show the order of keys."""
    size = max(map(len, jpegs))
    with h5py.File(path, "w", track_order=True) as file:
        for k in (2, 0, 10, 1):
            file.create_dataset(f"fixed_{k}", data=np.array(jpegs[: k % 3 + 1]), compression="gzip")
        as_bytes = h5py.vlen_dtype(np.uint8)
        vlen = file.create_dataset("vlen", (len(jpegs),), dtype=as_bytes)
        for i, jpeg in enumerate(jpegs):
            vlen[i] = np.frombuffer(jpeg, np.uint8)
        file.create_dataset("opaque", data=np.array([np.void(j.ljust(size, b"\0")) for j in jpegs]))
        words = file.create_dataset("text", (2,), dtype=h5py.string_dtype("ascii"))
        words[0], words[1] = b"\xff\xd8\xff\xd9", b""
        raw = np.array(jpegs)
        write_low_level(file, "null_terminated", fixed(size, h5py.h5t.STR_NULLTERM), raw)
        spaced = np.frombuffer(b"".join(j.ljust(size, b" ") for j in jpegs), f"S{size}")
        write_low_level(file, "space_padded", fixed(size, h5py.h5t.STR_SPACEPAD), spaced)


def main():
    folder = Path(sys.argv[1])
    made = list(crops())
    fixture = {"opencv": cv2.__version__, "h5py": h5py.__version__, "crops": made}
    (folder / "opencv-jpegs.json").write_text(json.dumps(fixture))
    write_kinds(folder / "h5py-kinds.h5", [base64.b64decode(c["jpeg"]) for c in made[:4]])


if __name__ == "__main__":
    main()
