"""Golden logits and gradients of a decoder-only Transformer in plain PyTorch, in float64: GPT-2's layout, with learned
positions, layer normalization before attention and before the MLP, and the exact GELU.

Each row is run alone and without padding: whatever a batch pads its rows with, it has to give these numbers.
The parameter number i, counted through all parameters in their order, is 0.5 sin(i²), plus 1 where it is a gain.

    pip install torch==2.13.0
    python gptReference.py > gptReference.json
"""
import json
import math
import re

import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
VOCABULARY, CONTEXT, LAYERS, HEADS, WIDTH = 11, 8, 2, 2, 8
ROWS = [[3, 1, 4, 1, 5, 9, 2, 6], [7, 10, 8], [5, 3, 5, 8, 9]]


def shapes(tied):
    yield "embedding.token", (VOCABULARY, WIDTH)
    yield "embedding.position", (CONTEXT, WIDTH)
    for layer in range(LAYERS):
        block = f"block{layer}"
        yield f"{block}.attentionNorm.gain", (WIDTH,)
        yield f"{block}.attentionNorm.bias", (WIDTH,)
        yield f"{block}.queryKeyValue.weight", (WIDTH, 3 * WIDTH)
        yield f"{block}.queryKeyValue.bias", (3 * WIDTH,)
        yield f"{block}.attentionOut.weight", (WIDTH, WIDTH)
        yield f"{block}.attentionOut.bias", (WIDTH,)
        yield f"{block}.mlpNorm.gain", (WIDTH,)
        yield f"{block}.mlpNorm.bias", (WIDTH,)
        yield f"{block}.mlpIn.weight", (WIDTH, 4 * WIDTH)
        yield f"{block}.mlpIn.bias", (4 * WIDTH,)
        yield f"{block}.mlpOut.weight", (4 * WIDTH, WIDTH)
        yield f"{block}.mlpOut.bias", (WIDTH,)
    yield "finalNorm.gain", (WIDTH,)
    yield "finalNorm.bias", (WIDTH,)
    if not tied:
        yield "logits.weight", (VOCABULARY, WIDTH)


def parameters(tied):
    values, before = {}, 0
    for name, shape in shapes(tied):
        size = math.prod(shape)
        numbers = [0.5 * math.sin(i * i) + name.endswith(".gain") for i in range(before, before + size)]
        values[name] = torch.tensor(numbers).view(shape).requires_grad_()
        before += size
    return values


def logits(p, row):
    def norm(name, x):
        return F.layer_norm(x, (WIDTH,), p[f"{name}.gain"], p[f"{name}.bias"], 1e-5)

    def linear(name, x):
        return x @ p[f"{name}.weight"] + p[f"{name}.bias"]

    def by_heads(x):
        return x.view(len(row), HEADS, WIDTH // HEADS).transpose(0, 1)

    x = p["embedding.token"][row] + p["embedding.position"][: len(row)]
    for layer in range(LAYERS):
        block = f"block{layer}"
        projected = linear(f"{block}.queryKeyValue", norm(f"{block}.attentionNorm", x))
        q, k, v = (by_heads(part) for part in projected.split(WIDTH, -1))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + linear(f"{block}.attentionOut", mixed.transpose(0, 1).reshape(len(row), WIDTH))
        inner = F.gelu(linear(f"{block}.mlpIn", norm(f"{block}.mlpNorm", x)), approximate="none")
        x = x + linear(f"{block}.mlpOut", inner)
    return norm("finalNorm", x) @ p.get("logits.weight", p["embedding.token"]).T


def weight(row, token, entry):
    return math.cos(0.7 * row + 0.3 * token + 1.1 * entry)


def reference(tied):
    p = parameters(tied)
    outputs = [logits(p, row) for row in ROWS]
    objective = sum(
        weight(b, t, v) * outputs[b][t, v]
        for b, row in enumerate(ROWS) for t in range(len(row)) for v in range(VOCABULARY)
    )
    gradients = torch.autograd.grad(objective, list(p.values()))
    return {
        "logits": [rounded(output) for output in outputs],
        "gradient": {name: rounded(gradient.flatten()) for name, gradient in zip(p, gradients)},
    }


def rounded(tensor):
    """To 9 significant digits, more than float32 holds."""
    if tensor.dim() == 0:
        return float(f"{tensor.item():.9g}")
    return [rounded(part) for part in tensor]


text = json.dumps({
    "source": "torch 2.13.0: nn.functional and autograd in float64 (gptReference.py)",
    "params": {"vocabularySize": VOCABULARY, "contextLength": CONTEXT, "layers": LAYERS, "heads": HEADS,
               "width": WIDTH},
    "notes": "parameter i is 0.5 sin(i^2), plus 1 for a gain; the gradient is that of the sum over rows b, their "
             "tokens t and the logits v of cos(0.7 b + 0.3 t + 1.1 v) logit[b][t][v]",
    "inputs": {"rows": ROWS},
    "outputs": {"tied": reference(True), "untied": reference(False)},
}, indent=1)
print(re.sub(r"\[([^][]*)]", lambda found: "[" + " ".join(found[1].split()) + "]", text))
