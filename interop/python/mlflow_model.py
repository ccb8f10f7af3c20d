# Loads model directories by mlflow.pyfunc and predicts on the tensors given: JSON on standard output.
import json
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
import mlflow
from mlflow.models import Model

answers = []
for folder, batch, shape in json.load(open(sys.argv[1])):
    x = np.array(batch, dtype=np.float32).reshape(shape)
    model = mlflow.pyfunc.load_model(folder)
    result = model.predict({"input": x})
    loaded = Model.load(folder)
    answers.append({
        "mlflow": mlflow.__version__,
        "flavors": sorted(loaded.flavors),
        "inputs": [s["name"] for s in loaded.signature.inputs.to_dict()],
        "outputs": [s["name"] for s in loaded.signature.outputs.to_dict()],
        "probability": np.asarray(result["probability"]).ravel().tolist(),
        "logits": np.asarray(result["logits"]).ravel().tolist(),
    })
print(json.dumps(answers))
