"""SetFit at its defaults on one draw: a JSON file with fitted and scored pairs, and a folder of weights."""

import json
import sys
import time
from pathlib import Path

from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments

drawn = json.loads(Path(sys.argv[1]).read_text())
texts, labels = zip(*drawn["fitted"], strict=True)
scored, truth = zip(*drawn["scored"], strict=True)
clock = time.process_time()
model = SetFitModel.from_pretrained(sys.argv[2], labels=sorted(set(labels)))
arguments = TrainingArguments(report_to="none", save_strategy="no")
data = Dataset.from_dict({"text": list(texts), "label": list(labels)})
Trainer(model=model, args=arguments, train_dataset=data).train()
right = sum(str(one) == label for one, label in zip(model.predict(list(scored)), truth, strict=True))
print(right / len(truth), time.process_time() - clock)
