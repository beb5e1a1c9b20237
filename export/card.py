"""The model card, written from the recipe and the manifests, so that no figure is typed by hand."""

from __future__ import annotations

from collections.abc import Sequence

from edge_emotion.artifact import Manifest
from edge_emotion.training.recipe import Recipe

_TEMPLATE = """\
# Model card: {name}

A compact residual convolutional network that assigns one of seven facial emotions
({labels}) to a 48×48 grayscale face.

| | |
|---|---|
| network | `{network}`, {macs:.1f} M multiply-accumulates, {parameters:.2f} M parameters |
| input | uint8, {shape}; normalisation {normalisation} |
| output | 7 logits; divide by the temperature {temperature} before the softmax |
| training | recipe `{recipe}`: {fp32} epochs in floating point, {int8} quantization-aware |
| data | FER-2013 (Goodfellow et al., 2013), train split, original labels |
| licence | MIT, as the rest of this project; FER-2013's images are not included |

## Measured

Accuracy with one forward pass per image, no averaging, of the very file that ships.

| file | precision | backend | split | images | accuracy |
|---|---|---|---|---|---|
{rows}

PublicTest was used to choose the recipe, so its figure is optimistic. About 8 % of its images also
stand in the train split. PrivateTest was used for nothing.

## Limits

* FER-2013's labels are noisy: FER+'s majority of ten annotators agrees with about 63 % of them.
* Faces come from web searches for emotion words: posed and exaggerated expressions are
  over-represented, and so are adults, light skin and frontal views.
* An expression is not a feeling. The model reads the shape of a face, nothing else.
* Disgust has 436 training images of 28,709; its figures are the least certain.

## Use

Meant for research, art, accessibility and user-experience work with people's knowledge. Inferring
emotions of people at workplaces and in education is prohibited in the European Union (Regulation
(EU) 2024/1689, Art. 5(1)(f)), and exposed people must be informed (Art. 50(3)). Do not base
decisions about a person on it.
"""


def model_card(recipe: Recipe, manifests: Sequence[Manifest]) -> str:
    """Markdown for one model and all files it ships as."""
    first = manifests[0]
    rows = [
        f"| `{_file(manifest)}` | {manifest.precision} | {figure.backend} | {figure.split} "
        f"| {figure.images:,} | {figure.accuracy:.2%} |"
        for manifest in manifests
        for figure in manifest.accuracy
    ]
    return _TEMPLATE.format(
        name=recipe.name,
        labels=", ".join(first.labels),
        network=first.network,
        macs=first.macs / 1e6,
        parameters=first.parameters / 1e6,
        shape="×".join("N" if size is None else str(size) for size in first.input.shape),
        normalisation=first.input.normalisation,
        temperature=first.temperature,
        recipe=f"export/recipes/{recipe.name}.toml",
        fp32=recipe.fp32.epochs,
        int8=recipe.int8.epochs if recipe.int8 else 0,
        rows="\n".join(rows),
    )


def _file(manifest: Manifest) -> str:
    middle = "" if manifest.encoding == "none" else f".{manifest.encoding}"
    return f"{manifest.name}{middle}.onnx"
