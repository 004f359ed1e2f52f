"""Figures by platform that say when numerics move: ``python -m tests.reference``."""

import platform
from pathlib import Path

import pandas as pd
import torch

from skfadm import FairDiffusionGenerator
from skfadm.datasets import make_biased_domains
from skfadm.diffusion.devices import has_fast_bfloat16

FILE = Path(__file__).parent / "figures.json"


def platform_name():
    """Return what decides how numbers are rounded, as far as it is known."""
    kind = "bfloat16" if has_fast_bfloat16("cpu") else "float32"
    version = ".".join(torch.__version__.split(".")[:2])
    return f"{platform.system()} {platform.machine()} {kind} torch {version}"


def figures():
    """Return the losses after 50 iterations, and ten rows with their labels."""
    data = make_biased_domains(600, bias=0.3, as_frame=True, random_state=0)
    X = data.data.assign(word=pd.cut(data.data.iloc[:, 0], 3, labels=["a", "b", "c"]))
    generator = FairDiffusionGenerator(max_iter=50, random_state=0)
    generator.fit(X, data.target, z=data.z, domains=data.domains)
    rows, y = generator.sample(10)
    losses = {name: float(own[-1]) for name, own in generator.history_.items()}
    return {
        "losses": losses,
        "rows": rows.assign(word=rows["word"].astype(str), y=y).to_dict("list"),
    }
