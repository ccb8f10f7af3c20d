"""The other side of `npm run interop -- h5py`: real h5py, OpenCV, numpy and pandas.

usage: h5py_peer.py make FOLDER COUNT   crops with OpenCV's JPEGs and pixels, and theirs.h5 in every row type
       h5py_peer.py check FOLDER        what h5py sees in ours.h5, and pandas' shuffle of unshuffled_images.csv
"""

import hashlib
import json
import sys
from pathlib import Path

import cv2
import h5py
import numpy as np
import pandas
from h5py_fixtures import picture, text, write_kinds

VERSIONS = {
    "h5py": h5py.__version__,
    "hdf5": h5py.version.hdf5_version,
    "opencv": cv2.__version__,
    "numpy": np.__version__,
    "pandas": pandas.__version__,
}
PADDING = {
    h5py.h5t.STR_NULLTERM: "NULLTERM",
    h5py.h5t.STR_NULLPAD: "NULLPAD",
    h5py.h5t.STR_SPACEPAD: "SPACEPAD",
}


def make(folder, count):
    rng = np.random.default_rng(2024)
    crops = []
    for i in range(count):
        width, height = (int(n) for n in rng.integers(1, 100, 2))
        image = picture(rng, i % 3, width, height)
        jpeg = cv2.imencode(".jpg", image)[1]
        decoded = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
        sides = {"width": width, "height": height}
        pixels = {"bgr": text(image.tobytes()), "decoded": text(decoded.tobytes())}
        crops.append({**sides, **pixels, "jpeg": text(jpeg.tobytes())})
    framed = [b"\xff\xd8" + rng.bytes(length) + b"\xff\xd9" for length in (9, 400, 3000, 77)]
    write_kinds(folder / "theirs.h5", framed)
    with h5py.File(folder / "theirs.h5") as file:
        rows = [text(bytes(row)) for row in file["opaque"][:].tolist()]
    return {"crops": crops, "rows": rows}


def describe(dataset):
    kind = dataset.id.get_type()
    return {
        "dtype": str(dataset.dtype),
        "padding": PADDING[kind.get_strpad()],
        "ascii": kind.get_cset() == h5py.h5t.CSET_ASCII,
        "compression": dataset.compression,
        "sha256": [hashlib.sha256(row).hexdigest() for row in dataset[:].tolist()],
    }


def check(folder):
    with h5py.File(folder / "ours.h5") as file:
        datasets = {name: describe(file[name]) for name in file}
        attributes = {name: file.attrs[name] for name in file.attrs}
        attributes = {name: value if isinstance(value, str) else value.item() for name, value in attributes.items()}
        keys = list(file)
    table = pandas.read_csv(folder / "unshuffled_images.csv")
    table.sample(frac=1, random_state=42).to_csv(folder / "expected.csv", index=False)
    return {"keys": keys, "datasets": datasets, "attributes": attributes}


folder = Path(sys.argv[2])
answer = make(folder, int(sys.argv[3])) if sys.argv[1] == "make" else check(folder)
print(json.dumps({"versions": VERSIONS, **answer}))
