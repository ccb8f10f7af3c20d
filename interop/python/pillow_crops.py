"""Digests of what Pillow (and torchvision, where installed) makes of numbered noise crops; ours are compared with them.

usage: pillow_crops.py COUNT [FIRST]   prints one JSON object
The crops are a formula of their number, so no pixels have to travel; `testing/noise-crops.ts` has the same formula.
"""

import hashlib
import json
import sys

import numpy as np
import PIL
from PIL import Image

try:
    import torchvision
    from torchvision import transforms
    from torchvision.transforms import functional
except ImportError:
    torchvision = None

SIZE, CROP = 40, 32
ANGLES = (0, 90, 180, 270, -90, 45, 360, 14.999999999999998)


def mix(values):
    values = (values * np.uint64(2654435761)) & np.uint64(0xFFFFFFFF)
    values = values ^ (values >> np.uint64(15))
    return (values * np.uint64(2246822519)) & np.uint64(0xFFFFFFFF)


def number(index, salt):
    return int(mix(np.array([index * 16 + salt + 1], np.uint64))[0])


def noise_crop(index):
    width, height = 1 + number(index, 0) % 97, 1 + number(index, 1) % 83
    if index % 16 == 5:
        width = SIZE
    if index % 16 == 6:
        height = SIZE
    if index % 16 == 7:
        width = height = SIZE
    values = mix(np.arange(width * height * 3, dtype=np.uint64) + np.uint64(number(index, 2)))
    return (values >> np.uint64(24)).astype(np.uint8).reshape(height, width, 3)


def angle_of(index):
    if index % 8 == 3:
        return ANGLES[(index // 8) % len(ANGLES)]
    bound = 15 if index % 2 == 0 else 400
    return (number(index, 3) / 4294967296 * 2 - 1) * bound


def digest(image):
    planes = np.asarray(image)
    if planes.ndim == 3:
        planes = planes.transpose(2, 0, 1)
    return hashlib.sha256(np.ascontiguousarray(planes).tobytes()).hexdigest()[:16]


def centre_crop(image):
    left = round((image.width - CROP) / 2)
    top = round((image.height - CROP) / 2)
    return image.crop((left, top, left + CROP, top + CROP))


def whole(image, angle):
    """The reference's chain, by torchvision where there is one, else by Pillow and torchvision's rounding rule."""
    if torchvision is None:
        image = centre_crop(image.resize((SIZE, SIZE), Image.BILINEAR).rotate(angle))
        planes = np.asarray(image)
        planes = planes[None] if planes.ndim == 2 else planes.transpose(2, 0, 1)
        return planes.astype(np.float32) / np.float32(255)
    image = functional.rotate(transforms.Resize((SIZE, SIZE))(image), angle)
    return transforms.ToTensor()(transforms.CenterCrop(CROP)(image)).numpy()


def row(index):
    bgr, angle = noise_crop(index), angle_of(index)
    rgb = Image.fromarray(bgr).convert("RGB")
    gray = Image.fromarray(bgr).convert("L")
    tensor = lambda image: hashlib.sha256(np.ascontiguousarray(whole(image, angle)).tobytes()).hexdigest()[:16]
    return {
        "gray": digest(gray),
        "gray_resized": digest(gray.resize((SIZE, SIZE), Image.BILINEAR)),
        "rgb_resized": digest(rgb.resize((SIZE, SIZE), Image.BILINEAR)),
        "gray_rotated": digest(gray.rotate(angle)),
        "gray_tensor": tensor(gray),
        "rgb_tensor": tensor(rgb),
    }


count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
json.dump(
    {
        "pillow": PIL.__version__,
        "torchvision": None if torchvision is None else torchvision.__version__,
        "crops": [row(first + i) for i in range(count)],
    },
    sys.stdout,
    indent=1,
)
