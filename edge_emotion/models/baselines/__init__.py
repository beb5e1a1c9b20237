"""Networks that others use for this task, to be trained and measured beside the family.

They take and give what the family does: faces (N, 1, 48, 48), 0 to 255 → logits (N, 7), with the
family's normalisation inside. ``quantised_twin`` fine-tunes and encodes those made of convolutions,
ReLU, additions, pools and linear layers: keras-cnn, alexnet, mini-xception, resnet18 and vgg11-bn.
Hard-swish, SiLU, squeeze-excitation and channel shuffles are outside its scheme, so
mobilenet-v3-small, shufflenet-v2 and efficientnet-b0 are for recipes without an ``[int8]`` phase.
"""
