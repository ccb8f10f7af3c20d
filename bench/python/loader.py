"""Crops per second of a torch DataLoader on the reference's lazy path: open the HDF5 file, decode, Pillow, for every item.

usage: loader.py ROOT BATCH WORKERS   prints one JSON object
"""

import csv
import json
import os
import sys
import time

import cv2
import h5py
import numpy as np
import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

RESIZE = 32


class LazyCrops(Dataset):
    def __init__(self, root):
        self.root = root
        with open(os.path.join(root, "images.csv"), newline="") as file:
            self.rows = list(csv.DictReader(file))
        self.transform = transforms.Compose(
            [
                transforms.Resize((int(RESIZE * 1.25), int(RESIZE * 1.25))),
                transforms.RandomRotation(15),
                transforms.CenterCrop(RESIZE),
                transforms.ToTensor(),
            ]
        )

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        row = self.rows[index]
        with h5py.File(os.path.join(self.root, row["file"]), "r") as file:
            jpeg = np.frombuffer(file[row["dataset"]][int(row["ds_idx"])], np.uint8)
            pixels = cv2.imdecode(jpeg, cv2.IMREAD_UNCHANGED)
            return self.transform(Image.fromarray(pixels).convert("L")), torch.tensor(int(row["label"]))


def epoch(loader):
    start, seen = time.perf_counter(), 0
    for images, _ in loader:
        seen += len(images)
    return seen / (time.perf_counter() - start)


root, batch, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
loader = DataLoader(LazyCrops(root), batch, shuffle=True, num_workers=workers, persistent_workers=True)
epoch(loader)  # starts the workers and warms the file cache
json.dump({"rate": epoch(loader), "version": f"torch {torch.__version__}, torchvision {torchvision.__version__}"}, sys.stdout)
