"""
The lab's GPT in PyTorch, and sampling from it with a KV cache.

A model is a function of named tensors, with the lab's own names and [in, out] layouts. An nn.Module for each layer
computes the same; at the smallest size it makes sampling take an eighth longer.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

VOCABULARY = 32
CONTEXT = 32


class Size(NamedTuple):
    layers: int
    width: int
    heads: int


SIZES = {"XS": Size(2, 64, 4), "S": Size(4, 128, 4), "M": Size(6, 384, 6)}

Parameters = dict[str, Tensor]


class Gpt(NamedTuple):
    size: Size
    parameters: Parameters

    def copy(self, requires_grad: bool) -> "Gpt":
        copies = {name: part.detach().clone() for name, part in self.parameters.items()}
        return Gpt(self.size, {name: part.requires_grad_(requires_grad) for name, part in copies.items()})


LayerCache = tuple[Tensor, Tensor]
"""Keys and values of one layer, [B, heads, tokens that there will be, d] each."""

CAUSAL = torch.full((CONTEXT, CONTEXT), -math.inf).triu(1)


def new_policy(size: Size) -> Parameters:
    """GPT-2's start: normal with σ 0.02, and the projections into the residual stream scaled down by √(2·layers)."""
    layers, width, _ = size
    matrices = {
        "queryKeyValue": (width, 3 * width, 0.02),
        "attentionOut": (width, width, 0.02 / math.sqrt(2 * layers)),
        "mlpIn": (width, 4 * width, 0.02),
        "mlpOut": (4 * width, width, 0.02 / math.sqrt(2 * layers)),
    }
    parameters = {
        "embedding.token": 0.02 * torch.randn(VOCABULARY, width),
        "embedding.position": 0.02 * torch.randn(CONTEXT, width),
    }
    for layer in range(layers):
        for name, (inputs, outputs, deviation) in matrices.items():
            parameters[f"block{layer}.{name}.weight"] = deviation * torch.randn(inputs, outputs)
            parameters[f"block{layer}.{name}.bias"] = torch.zeros(outputs)
    norms = [f"block{layer}.{name}" for layer in range(layers) for name in ("attentionNorm", "mlpNorm")]
    for name in [*norms, "finalNorm"]:
        parameters[f"{name}.gain"] = torch.ones(width)
        parameters[f"{name}.bias"] = torch.zeros(width)
    return parameters


def new_critic(size: Size) -> Parameters:
    """A trunk of its own, and a scalar head."""
    deviation = 1 / math.sqrt(size.width + 1)
    head = {"head.weight": deviation * torch.randn(size.width, 1), "head.bias": torch.zeros(1)}
    return new_policy(size) | head


def hidden_states(gpt: Gpt, ids: Tensor, cache: list[LayerCache] | None = None, before: int = 0) -> Tensor:
    """
    [B, T, width] of the tokens [B, T]. With a cache these follow `before` others, and are added to it: a prompt at
    its beginning, then one token at a time.
    """
    p = gpt.parameters
    layers, width, heads = gpt.size
    x = F.embedding(ids, p["embedding.token"]) + p["embedding.position"][before : before + ids.shape[1]]
    shape = x.shape
    x = x.view(-1, width)
    for layer in range(layers):
        block = f"block{layer}."
        projected = linear(p, block + "queryKeyValue", layer_norm(p, block + "attentionNorm", x))
        split = projected.view(*shape[:2], 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind(0)
        if cache is None:
            mixed = causal_attention(query, key, value)
        else:
            mixed = cached_attention(query, key, value, cache[layer], before)
        x = x + linear(p, block + "attentionOut", mixed.transpose(1, 2).reshape(-1, width))
        x = x + linear(p, block + "mlpOut", F.gelu(linear(p, block + "mlpIn", layer_norm(p, block + "mlpNorm", x))))
    return layer_norm(p, "finalNorm", x).view(shape)


def linear(p: Parameters, name: str, x: Tensor) -> Tensor:
    return torch.addmm(p[name + ".bias"], x, p[name + ".weight"])


def layer_norm(p: Parameters, name: str, x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], p[name + ".gain"], p[name + ".bias"], eps=1e-5)


def causal_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """
    Attention of whole sequences, [B, heads, T, d] each. For sequences as short as these, plain matrix products are
    faster on a CPU than F.scaled_dot_product_attention, and can be differentiated twice.
    """
    batch, heads, length, width = query.shape
    query, key, value = (part.reshape(batch * heads, length, width) for part in (query, key, value))
    scores = torch.baddbmm(CAUSAL[:length, :length], query, key.transpose(1, 2), alpha=1 / math.sqrt(width))
    return torch.bmm(scores.softmax(-1), value).view(batch, heads, length, width)


def cached_attention(query: Tensor, key: Tensor, value: Tensor, cache: LayerCache, before: int) -> Tensor:
    length = query.shape[2]
    keys, values = (part[:, :, : before + length] for part in cache)
    keys[:, :, before:] = key
    values[:, :, before:] = value
    return F.scaled_dot_product_attention(query, keys, values, is_causal=length > 1)


def logits_of(policy: Gpt, hidden: Tensor) -> Tensor:
    """[…, V] of the next token: the head is the token embedding."""
    return F.linear(hidden, policy.parameters["embedding.token"])


def action_logits(policy: Gpt, ids: Tensor, steps: int) -> Tensor:
    """[B, steps, V] at the last `steps` positions."""
    return logits_of(policy, hidden_states(policy, ids)[:, -steps:])


def critic_values(critic: Gpt, ids: Tensor, steps: int) -> Tensor:
    """[B, steps] at the last `steps` positions."""
    hidden = hidden_states(critic, ids)[:, -steps:]
    return linear(critic.parameters, "head", hidden.flatten(0, 1)).view(-1, steps)


def log_probs_of(actions: Tensor, logits: Tensor) -> Tensor:
    """[B, T] of the actions [B, T] under logits [B, T, V], in nats."""
    return logits.log_softmax(-1).gather(-1, actions.unsqueeze(-1)).squeeze(-1)


@torch.inference_mode()
def sample(policy: Gpt, prompts: Tensor, tokens: int) -> tuple[Tensor, Tensor]:
    """Responses at temperature 1 to prompts [B, P], and their log-probs: [B, tokens] each."""
    batch, before = prompts.shape
    layers, width, heads = policy.size
    shape = (batch, heads, before + tokens, width // heads)
    cache = [(torch.empty(shape), torch.empty(shape)) for _ in range(layers)]
    # the largest of logit + Gumbel noise is a sample of their softmax
    gumbel = -torch.rand(tokens, batch, VOCABULARY).log_().neg_().log_()
    hidden = hidden_states(policy, prompts, cache)
    logits, sampled = [], []
    for t in range(tokens):
        logits.append(logits_of(policy, hidden[:, -1]))
        sampled.append((logits[t] + gumbel[t]).argmax(-1, keepdim=True))
        if t < tokens - 1:
            hidden = hidden_states(policy, sampled[t], cache, before + t)
    actions = torch.cat(sampled, 1)
    return actions, log_probs_of(actions, torch.stack(logits, 1))
