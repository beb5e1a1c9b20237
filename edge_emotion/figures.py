"""What was measured of a model file, as its manifest records it.

All shares are fractions from 0 to 1. What is optional was added after the first manifests: it is
absent where it was not measured.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Images = Annotated[int, Field(gt=0)]
LabelsOf = Literal["fer2013", "ferplus"]
"""Who says what a face shows: the dataset's own label, or the majority of FER+ votes."""
JUDGES: dict[LabelsOf, str] = {"fer2013": "FER-2013", "ferplus": "FER+ majority"}
"""How each is called in tables."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Measurement(_Frozen):
    """Where a figure comes from."""

    split: str
    images: Images
    """Those that were judged."""
    backend: str
    labels: LabelsOf = "fer2013"


class PartFigure(_Frozen):
    """Accuracy on some of a split's images."""

    images: Images
    accuracy: Share


class ClassFigure(_Frozen):
    """One class against the others."""

    precision: Share
    recall: Share
    f1: Share
    support: Count
    """Images of this class."""


class AccuracyFigure(Measurement):
    """One measured accuracy of this very file."""

    accuracy: Share
    leak_free: PartFigure | None = None
    """On the images that are near no training image."""
    eight_class: PartFigure | None = None
    """With contempt as a class, which no model here answers; FER+ labels only."""
    label_agreement: Share | None = None
    """How many of the dataset's own labels the votes confirm; FER+ labels only."""
    balanced_accuracy: Share | None = None
    macro_f1: Share | None = None
    per_class: dict[str, ClassFigure] = {}


class CalibrationFigure(Measurement):
    """How the temperature was fitted, and what it brings on images that did not choose it.

    A compiled file carries the record of the file that it was made from, as it carries the
    temperature.
    """

    ece_uncalibrated: Share
    """Expected calibration error at temperature 1, with 15 bins."""
    ece_cross_fitted: Share
    """The same with each half of the images at the temperature that fits the other half; the
    manifest's temperature fits all of them."""


class AgainstFigure(Measurement):
    """A file beside another one, on the same images."""

    name: str
    """The other model."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """The other file."""
    agreement: Share
    """Images on which both give the same answer."""
    only_this: Count
    """Images that this file alone has right."""
    only_other: Count
    accuracy_difference: float = Field(ge=-1, le=1)
    """This file's accuracy minus the other's."""
    mcnemar_p: Share
    """Exact, two-sided: how likely equal models differ by as much or more."""


class RobustnessFigure(Measurement):
    """Accuracy on spoilt images; each triple is severity 1, 2 and 3."""

    clean: Share
    corruptions: dict[str, tuple[Share, Share, Share]]
    mean: tuple[Share, Share, Share]
    drop_middle: float = Field(ge=-1, le=1)
    """``clean`` minus the mean at severity 2."""
