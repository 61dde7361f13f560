"""How weights move for documents where nothing else is asked for."""

from headstart.settings.training_defaults import MethodDefaults, TrainingDefaults

# Steps: three epochs of 1,000 documents. Rates: those of methods that move whole layers are where BERT's usual ones
# are; low-rank matrices take twenty times as much, and are as good for half of the time.
TRAINING = TrainingDefaults(
    methods={
        "lpft": MethodDefaults(1e-4, 190, 3, 20),
        "full": MethodDefaults(1e-4, 190, 3, 20),
        "last": MethodDefaults(2e-4, 190, 3, 20),
        "gradual": MethodDefaults(1e-4, 250, 4, 20),
        "norm": MethodDefaults(2e-3, 190, 3, 20),
        "lora": MethodDefaults(2e-3, 190, 3, 20),
        "contrastive": MethodDefaults(1e-4, 20, 20, 30),
        "scratch": MethodDefaults(5e-4, 2000, 20, 100),
    },
    batch=16,
    presets={"balanced": "lora", "best": "lpft"},
    fresh=("full", "scratch"),
    # The probe fits a thousand unit vectors so well that nothing is left to pull at the network; a softer one leaves
    # enough. And numbers of a unit vector are small, so that its weights have a long way to go.
    regularisation=1e-3,
    head_factor=10.0,
    varied=False,  # a document is shown as it is, a long one piece by piece
    cached=("last", "lora"),
    cached_views=3,
)
