"""Golden values of a TRPO update: sb3-contrib's own conjugate gradient on Hessian-vector products by PyTorch's double
backward, in float64, for a policy with one hidden layer of tanh.

    pip install torch==2.13.0 sb3-contrib==2.9.2
    python trustRegion.py > trustRegion.json
"""
import json

import torch
from sb3_contrib.common.utils import conjugate_gradient_solver

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
STATES, HIDDEN, ACTIONS, ROWS, STEPS = 6, 4, 3, 5, 7
DAMPING, MAX_KL, FACTOR = 0.01, 1.5, 0.8

shapes = [(STATES, HIDDEN), (HIDDEN,), (HIDDEN, ACTIONS), (ACTIONS,)]
theta = torch.cat([0.7 * torch.randn(shape).flatten() for shape in shapes]).requires_grad_()
positions = torch.randint(STATES, (ROWS, STEPS))
actions = torch.randint(ACTIONS, (ROWS, STEPS))
lengths = torch.tensor([7, 3, 5, 7, 1])
mask = (torch.arange(STEPS) < lengths[:, None]).double()
advantages = torch.randn(ROWS, STEPS)
direction = torch.randn(theta.numel())


def log_policy(parameters):
    parts = torch.split(parameters, [torch.Size(shape).numel() for shape in shapes])
    w1, b1, w2, b2 = (part.view(shape) for part, shape in zip(parts, shapes))
    return torch.log_softmax(torch.tanh(w1[positions] + b1) @ w2 + b2, -1)


def log_probs(parameters):
    return log_policy(parameters).gather(-1, actions[..., None]).squeeze(-1)


def masked_mean(values):
    return (values * mask).sum() / mask.sum()


old_policy, old_log_probs = log_policy(theta).detach(), log_probs(theta).detach()


def surrogate(parameters):
    return masked_mean(torch.exp(log_probs(parameters) - old_log_probs) * advantages)


def kl(parameters):
    return masked_mean((old_policy.exp() * (old_policy - log_policy(parameters))).sum(-1))


gradient = torch.autograd.grad(surrogate(theta), theta)[0]
kl_gradient = torch.autograd.grad(kl(theta), theta, create_graph=True)[0]


def hessian_vector_product(vector):
    return torch.autograd.grad(kl_gradient @ vector, theta, retain_graph=True)[0]


def damped(vector):
    return hessian_vector_product(vector) + DAMPING * vector


# ten iterations from a start of 1e-4 noise do not give what ten from 0 give: this answer has converged
solution = conjugate_gradient_solver(damped, gradient, max_iter=200, residual_tol=1e-24)
step = torch.sqrt(2 * MAX_KL / (solution @ damped(solution))) * solution
start = surrogate(theta)
candidates = []
for backtracks in range(10):
    new = theta + FACTOR**backtracks * step
    improvement, divergence = (surrogate(new) - start).item(), kl(new).item()
    accepted = divergence <= MAX_KL and improvement > 0
    candidates.append({"kl": divergence, "improvement": improvement, "accepted": accepted})
    if accepted:
        break

print(json.dumps({
    "source": "sb3-contrib 2.9.2: conjugate_gradient_solver; torch 2.13.0: double backward (trustRegion.py)",
    "params": {"damping": DAMPING, "max_kl": MAX_KL, "backtrack_factor": FACTOR, "hidden": HIDDEN,
               "states": STATES, "actions": ACTIONS},
    "inputs": {"theta": theta.tolist(), "positions": positions.tolist(), "actions": actions.tolist(),
               "mask": mask.tolist(), "advantages": advantages.tolist(), "direction": direction.tolist()},
    "outputs": {"old_log_probs": old_log_probs.tolist(), "gradient": gradient.tolist(),
                "fisher_vector_product": hessian_vector_product(direction).tolist(),
                "solution": solution.tolist(), "step": step.tolist(), "candidates": candidates,
                "accepted": new.tolist()},
}, indent=1))
