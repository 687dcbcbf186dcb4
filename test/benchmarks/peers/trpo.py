"""The trust region's step. Schulman et al. 2015, appendix C, arXiv:1502.05477."""

from collections.abc import Callable, Sequence

import torch
from model import Gpt, action_logits, log_probs_of
from protocol import Stopwatch
from steps import GROUP, PROMPTS, Rollout, group_advantages, roll_out, token_mean
from torch import Tensor

MAX_KL, DAMPING, CONJUGATE_GRADIENT_STEPS = 0.01, 0.1, 10
LINE_SEARCH_STEPS, BACKTRACK = 10, 0.8


def trpo(policy: Gpt) -> dict[str, float]:
    """Times the update alone, on a rollout that is there already."""
    rollout = roll_out(policy)
    advantages = group_advantages(torch.randn(PROMPTS, GROUP))
    watch = Stopwatch()
    trust_region_step(policy, rollout, advantages)
    return {"total": watch.total()}


def trust_region_step(policy: Gpt, rollout: Rollout, advantages: Tensor) -> bool:
    """Moves the policy along the natural gradient, at most as far as the KL allows; False where no step was taken."""
    parameters = list(policy.parameters.values())
    ids, actions, old_log_probs, mask = rollout

    def surrogate(logits: Tensor) -> Tensor:
        return -token_mean((log_probs_of(actions, logits) - old_log_probs).exp() * advantages, mask)

    def kl_to(logits: Tensor) -> Tensor:
        return token_mean((old.exp() * (old - logits.log_softmax(-1))).sum(-1), mask)

    logits = action_logits(policy, ids, actions.shape[1])
    old = logits.detach().log_softmax(-1)
    loss = surrogate(logits)
    ascent = -flat(torch.autograd.grad(loss, parameters, retain_graph=True))
    kl_gradient = torch.autograd.grad(kl_to(logits), parameters, create_graph=True)

    def damped_fisher(v: Tensor) -> Tensor:
        """The KL's Hessian times v, by a gradient of its gradient."""
        product = torch.autograd.grad(kl_gradient, parameters, like(parameters, v), retain_graph=True)
        return flat(product) + DAMPING * v

    direction = conjugate_gradient(damped_fisher, ascent, CONJUGATE_GRADIENT_STEPS)
    curvature = direction @ damped_fisher(direction)
    edge = (2 * MAX_KL / curvature).sqrt() * direction

    with torch.no_grad():
        start = flat(parameters)
        for backtracks in range(LINE_SEARCH_STEPS):
            assign(parameters, start + BACKTRACK**backtracks * edge)
            moved = action_logits(policy, ids, actions.shape[1])
            if kl_to(moved) <= MAX_KL and surrogate(moved) < loss:
                return True
        assign(parameters, start)
        return False


def conjugate_gradient(product: Callable[[Tensor], Tensor], b: Tensor, iterations: int) -> Tensor:
    """Solves A x = b from products with A alone, starting at x = 0."""
    x = torch.zeros_like(b)
    remainder = direction = b
    square = remainder @ remainder
    for _ in range(iterations):
        image = product(direction)
        step = square / (direction @ image)
        x = x + step * direction
        remainder = remainder - step * image
        next_square = remainder @ remainder
        direction = remainder + next_square / square * direction
        square = next_square
    return x


def flat(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def like(tensors: Sequence[Tensor], vector: Tensor) -> list[Tensor]:
    """The vector cut into the shapes of the tensors."""
    parts = vector.split([tensor.numel() for tensor in tensors])
    return [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)]


def assign(tensors: Sequence[Tensor], vector: Tensor) -> None:
    for tensor, part in zip(tensors, like(tensors, vector), strict=True):
        tensor.copy_(part)
