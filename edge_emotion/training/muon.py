"""Steps of equal size in every direction for convolutions, plain SGD for everything else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from edge_emotion.training.recipe import Spectral

_A, _B, _C = 3.4445, -4.7750, 2.0315
"""Jordan's odd quintic: five rounds of it bring singular values from 0.002 to 1 near 1."""
_ROUNDS = 5
_TINY = 1e-7


class Muon(torch.optim.SGD):
    """Muon (Jordan et al., 2024, kellerjordan.github.io/posts/muon) beside Nesterov SGD.

    The step of a convolution is its gradient's running sum with all singular values made alike, so
    that rare directions are learned as fast as common ones. PyTorch's own Muon takes matrices only;
    here a kernel is one, with a row for each output. A filter that sees one channel, as in a first
    layer or a depthwise convolution, is a vector and is brought to length 1. Weight decay of these
    is decoupled (Loshchilov and Hutter, 2019); that of all others is SGD's.

    Args:
        kernels: weights of convolutions, (out, in, height, width).
        settings: their learning rate and weight decay.
        others: groups of all other parameters, as SGD takes them.
        rate: learning rate of those.
        momentum: of all.
        decay: weight decay of groups that name none.
    """

    def __init__(
        self,
        kernels: Iterable[nn.Parameter],
        settings: Spectral,
        others: list[dict[str, Any]],
        rate: float,
        momentum: float,
        decay: float,
    ) -> None:
        # To SGD, which gets finished steps, these have no momentum, and so its decay is decoupled.
        spectral = {
            "params": list(kernels),
            "lr": settings.learning_rate,
            "weight_decay": settings.weight_decay,
            "momentum": 0.0,
            "nesterov": False,
            "spectral_momentum": momentum,
        }
        super().__init__(
            [*others, spectral], rate, momentum, weight_decay=decay, nesterov=momentum > 0
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step; the gradients of convolutions are used up by it."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if "spectral_momentum" in group:
                for kernel in group["params"]:
                    if kernel.grad is not None:
                        self._straighten(kernel, group["spectral_momentum"])
        super().step()
        return loss

    def _straighten(self, kernel: nn.Parameter, momentum: float) -> None:
        state = self.state[kernel]
        if "sum" not in state:
            state["sum"] = torch.zeros_like(kernel)
        gradient: Tensor = kernel.grad  # type: ignore[assignment]  # the caller has looked
        state["sum"].mul_(momentum).add_(gradient)
        ahead = gradient.add(state["sum"], alpha=momentum).flatten(1)
        straight = orthogonalised(ahead) if kernel.shape[1] > 1 else _unit_rows(ahead)
        gradient.copy_(straight.view_as(gradient))


def orthogonalised(matrix: Tensor) -> Tensor:
    """A matrix with its singular vectors, and singular values of about 1, or of √(rows/columns).

    The larger of the two: a layer that widens its input may change each output as much.
    Newton-Schulz iteration on the smaller Gram matrix, in float32: the polynomials of all rounds
    commute, so the large matrix is multiplied twice instead of twice in each round.

    Args:
        matrix: (rows, columns).
    """
    rows, columns = matrix.shape
    wide = matrix if rows <= columns else matrix.T
    wide = wide / (wide.norm() + _TINY)
    gram = wide @ wide.T
    product = torch.eye(len(gram), device=gram.device)
    for _ in range(_ROUNDS):
        polynomial = _B * gram + _C * gram @ gram
        polynomial.diagonal().add_(_A)
        product = polynomial @ product
        gram = polynomial @ gram @ polynomial
    straight: Tensor = product @ wide
    same_way = straight if rows <= columns else straight.T
    return same_way * max(1.0, math.sqrt(rows / columns))


def _unit_rows(matrix: Tensor) -> Tensor:
    lengths: Tensor = matrix.norm(dim=1, keepdim=True)
    return matrix / (lengths + _TINY)
