"""The networks of packages/pipeline/src/models as PyTorch modules: LeNet5 and CNN written here, the others torchvision's and timm's own."""

from torch import nn
from torchvision.models.efficientnet import EfficientNet, _efficientnet_conf
from torchvision.models.resnet import BasicBlock, ResNet

DEPTHS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3)}
ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "gelu": nn.GELU, "silu": nn.SiLU}
POOLINGS = {"avg": nn.AvgPool2d, "max": nn.MaxPool2d}


class LeNet5(nn.Module):
    def __init__(self, variant, in_channels, classes):
        super().__init__()
        if variant == "lenet5":
            body = [nn.Conv2d(in_channels, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2)]
        else:
            body = []
            for i, o in ((in_channels, 6), (6, 16)):
                body += [nn.Conv2d(i, o, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Sigmoid()]
        head = [nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes)]
        self.model = nn.Sequential(*body, *head)

    def forward(self, x):
        return self.model(x)


class ResNetOfAnyWidth(ResNet):
    """torchvision's ResNet, whose constructor fixes the width at 64; its stages and its forward pass are used as they are."""

    def __init__(self, depths, width, classes):
        nn.Module.__init__(self)
        self._norm_layer = nn.BatchNorm2d
        self.inplanes, self.dilation, self.groups, self.base_width = width, 1, 1, 64
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._make_layer(BasicBlock, width, depths[0])
        for i in (1, 2, 3):
            setattr(self, f"layer{i + 1}", self._make_layer(BasicBlock, width << i, depths[i], stride=2))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8 * width, classes)


def resnet(name, in_channels, classes, stem="imagenet", width=64):
    depths = DEPTHS[name]
    is_full = width == 64
    model = ResNet(BasicBlock, list(depths), classes) if is_full else ResNetOfAnyWidth(depths, width, classes)
    if stem == "small":
        model.conv1 = nn.Conv2d(in_channels, width, 3, 1, 1, bias=False)
        model.maxpool = nn.Identity()
    elif in_channels != 3:
        model.conv1 = nn.Conv2d(in_channels, width, 7, 2, 3, bias=False)
    return model


class CnnBlock(nn.Module):
    def __init__(self, i, o, kernel, norm, activation, pooling):
        super().__init__()
        self.conv = nn.Conv2d(i, o, kernel, padding=kernel // 2, bias=norm == "none")
        self.norm = nn.Identity() if norm == "none" else nn.BatchNorm2d(o)
        self.activation = ACTIVATIONS[activation]()
        self.pool = POOLINGS[pooling](2)

    def forward(self, x):
        return self.pool(self.activation(self.norm(self.conv(x))))


class Cnn(nn.Module):
    def __init__(self, in_channels, classes, depth=3, width=32, kernel=3, norm="batch", activation="relu", pooling="max"):
        super().__init__()
        widths = [in_channels] + [width << i for i in range(depth)]
        blocks = [CnnBlock(i, o, kernel, norm, activation, pooling) for i, o in zip(widths, widths[1:])]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x):
        return self.head(self.blocks(x).mean((2, 3)))


EFFICIENT = {"efficientnet_b0": 1.0, "efficientnet_b1": 1.1}
VITS = {"vit_tiny": (192, 3), "vit_small": (384, 6)}


def efficientnet(name, in_channels, classes, stem="imagenet", width=32, dropout=0.2, drop_path=0.2):
    stages, last = _efficientnet_conf("efficientnet_b0", width_mult=width / 32, depth_mult=EFFICIENT[name])
    model = EfficientNet(stages, dropout, drop_path, num_classes=classes, last_channel=last)
    first = model.features[0][0]
    if in_channels != 3:
        model.features[0][0] = nn.Conv2d(in_channels, first.out_channels, 3, first.stride, 1, bias=False)
    if stem == "small":
        model.features[0][0].stride = (1, 1)
        model.features[2][0].block[1][0].stride = (1, 1)
    return model


def vit(name, in_channels, classes, image=224, patch=16, embedding=None, heads=None, blocks=12, dropout=0.0, drop_path=0.0):
    from timm.models.vision_transformer import VisionTransformer

    features, published = VITS[name]
    return VisionTransformer(
        img_size=image,
        patch_size=patch,
        in_chans=in_channels,
        num_classes=classes,
        embed_dim=embedding or features,
        depth=blocks,
        num_heads=heads or published,
        drop_rate=dropout,
        drop_path_rate=drop_path,
    )


def build(name, in_channels, classes, architecture):
    if name in DEPTHS:
        return resnet(name, in_channels, classes, **architecture)
    if name in EFFICIENT:
        return efficientnet(name, in_channels, classes, **architecture)
    if name in VITS:
        return vit(name, in_channels, classes, **architecture)
    if name == "cnn":
        return Cnn(in_channels, classes, **architecture)
    return LeNet5(name, in_channels, classes)
