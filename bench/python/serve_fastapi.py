"""The peer of `bench -- serve`: FastAPI on uvicorn (uvloop, httptools), OpenCV, Pillow and ONNX Runtime, for one crop a request.

usage: serve_fastapi.py MODEL_FOLDER PORT
"""

import json
import sys

import cv2
import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from PIL import Image

folder, port = sys.argv[1], int(sys.argv[2])
with open(f"{folder}/model.json") as file:
    card = json.load(file)
preprocessing = card["preprocessing"]
resize, crop = preprocessing["resize"], preprocessing["crop"]
offset = round((resize - crop) / 2)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options, providers=["CPUExecutionProvider"])
app = FastAPI()


def probability(jpeg: bytes) -> float:
    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise HTTPException(422, "not a JPEG")
    square = Image.fromarray(pixels).convert("L").resize((resize, resize), Image.Resampling.BILINEAR)
    centre = np.asarray(square, np.float32)[offset : offset + crop, offset : offset + crop] / 255
    outputs = session.run(["probability"], {"input": np.ascontiguousarray(centre[None, None])})
    return float(outputs[0].ravel()[-1])


@app.get("/readyz")
async def readyz():
    return {"status": "ready"}


# On the event loop: handing so short a piece of work to a thread costs more than it takes.
@app.post("/v1/predict")
async def predict(request: Request):
    p = probability(await request.body())
    decided = int(p > card["threshold"])
    return {"predictions": [{"class": decided, "label": card["labels"][decided], "probability": p}]}


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
