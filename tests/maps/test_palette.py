"""Colours of the classes: an order that every eye can read."""

import numpy as np
import pytest

from maps.palette import COLOURS, SHARE_BREAKS, SHARE_COLOURS

# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB
EYES = {
    "all cones": np.eye(3),
    "no red cones": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green cones": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ]
    ),
    "no blue cones": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.3039],
        ]
    ),
}


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lightness(colour: str, eye: np.ndarray) -> float:
    y = np.array([0.2126, 0.7152, 0.0722]) @ np.clip(eye @ linear(colour), 0, 1)
    return float(116 * np.cbrt(y) - 16)


@pytest.mark.parametrize("eye", EYES)
def test_each_class_is_clearly_darker_than_the_one_below_for_every_eye(eye):
    steps = -np.diff([lightness(colour, EYES[eye]) for colour in SHARE_COLOURS])
    assert (steps > 6).all()


def test_each_class_has_a_colour():
    assert len(SHARE_COLOURS) == len(SHARE_BREAKS) + 1


@pytest.mark.parametrize(
    "name", ["incident", "skynet", "social", "unsorted", "sees", "possible", "near"]
)
def test_white_figures_can_be_read_on_every_sign(name):
    y = float(np.array([0.2126, 0.7152, 0.0722]) @ linear(COLOURS[name]))
    assert 1.05 / (y + 0.05) >= 4.5
