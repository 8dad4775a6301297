#!/usr/bin/env python3
"""An independent UNet2DModel: reads a diffusers model folder and evaluates it in plain functional PyTorch.

Written from the published definition of diffusers' UNet2DModel, so that ours can be checked against something that
shares no line with it. Needs only torch and numpy (Debian: python3-torch); the safetensors file is parsed by hand.

    unet_reference.py MODEL INPUT OUTPUT --shape N,C,H,W [--labels] [--seamless]

INPUT holds float32, little-endian: the sample [N, C, H, W], N timesteps and, with --labels, N class labels.
OUTPUT receives the network's output as float32.
"""
import argparse
import json
import math
import os
import struct

import numpy as np
import torch
import torch.nn.functional as F


def read_safetensors(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = data[begin:end]
        if entry["dtype"] == "BF16":
            bits = np.frombuffer(raw, "<u2").astype("<u4") << 16
            values = bits.view("<f4")
        else:
            values = np.frombuffer(raw, {"F64": "<f8", "F32": "<f4", "F16": "<f2"}[entry["dtype"]])
        tensors[name] = torch.from_numpy(values.astype("<f4")).reshape(entry["shape"])
    return tensors


class Network:
    """config: unet/config.json; weights: tensors by name. Every method is one piece of the published definition."""

    def __init__(self, config, weights, seamless):
        self.c = config
        self.w = weights
        self.seamless = seamless
        functions = {"silu": F.silu, "swish": F.silu, "mish": F.mish, "gelu": F.gelu, "relu": F.relu}
        self.act = functions[self.get("act_fn", "silu")]
        self.groups = self.get("norm_num_groups", 32)
        self.eps = self.get("norm_eps", 1e-5)

    def get(self, key, default):
        value = self.c.get(key, default)
        return default if value is None else value

    def linear(self, name, x):
        return F.linear(x, self.w[name + ".weight"], self.w[name + ".bias"])

    def norm(self, name, x, groups=None):
        return F.group_norm(x, groups or self.groups, self.w[name + ".weight"], self.w[name + ".bias"], self.eps)

    def conv(self, name, x, stride=1, pad=(1, 1, 1, 1)):
        weight = self.w[name + ".weight"]
        if weight.shape[-1] == 1:
            pad = (0, 0, 0, 0)
        if any(pad):
            x = F.pad(x, pad, mode="circular") if self.seamless else F.pad(x, pad)
        return F.conv2d(x, weight, self.w[name + ".bias"], stride=stride)

    # Embeddings

    def project(self, t):
        channels = self.c["block_out_channels"][0]
        kind = self.get("time_embedding_type", "positional")
        if kind == "fourier":
            angle = torch.log(t)[:, None] * self.w["time_proj.weight"][None, :] * 2 * math.pi
            return torch.cat([torch.sin(angle), torch.cos(angle)], dim=-1)
        if kind == "learned":
            return F.embedding(t.long(), self.w["time_proj.weight"])
        half = channels // 2
        exponent = -math.log(10000) * torch.arange(half, dtype=torch.float32) / (half - self.get("freq_shift", 0))
        angle = t[:, None].float() * torch.exp(exponent)[None, :]
        embedding = torch.cat([torch.sin(angle), torch.cos(angle)], dim=-1)
        if self.get("flip_sin_to_cos", True):
            embedding = torch.cat([embedding[:, half:], embedding[:, :half]], dim=-1)
        return F.pad(embedding, (0, 1)) if channels % 2 else embedding

    def embed(self, name, features):
        return self.linear(name + ".linear_2", F.silu(self.linear(name + ".linear_1", features)))

    # Blocks

    def resnet(self, name, x, temb, scale=1.0, resample=None):
        h = self.act(self.norm(name + ".norm1", x))
        if resample == "up":
            x, h = (F.interpolate(v, scale_factor=2.0, mode="nearest") for v in (x, h))
        elif resample == "down":
            x, h = (F.avg_pool2d(v, kernel_size=2, stride=2) for v in (x, h))
        h = self.conv(name + ".conv1", h)
        t = self.linear(name + ".time_emb_proj", self.act(temb))[:, :, None, None]
        if self.get("resnet_time_scale_shift", "default") == "scale_shift":
            time_scale, time_shift = t.chunk(2, dim=1)
            h = self.norm(name + ".norm2", h) * (1 + time_scale) + time_shift
        else:
            h = self.norm(name + ".norm2", h + t)
        h = self.conv(name + ".conv2", self.act(h))
        if name + ".conv_shortcut.weight" in self.w:
            x = self.conv(name + ".conv_shortcut", x)
        return (x + h) / scale

    def attention(self, name, x, groups, scale=1.0):
        n, channels, height, width = x.shape
        dim = self.c.get("attention_head_dim", 8) or channels
        heads = channels // dim
        h = x.reshape(n, channels, height * width)
        if groups:
            h = self.norm(name + ".group_norm", h, groups)
        h = h.transpose(1, 2)
        q, k, v = (
            self.linear(f"{name}.{part}", h).reshape(n, -1, heads, dim).permute(0, 2, 1, 3)
            for part in ("to_q", "to_k", "to_v")
        )
        probabilities = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(dim), dim=-1)
        h = (probabilities @ v).permute(0, 2, 1, 3).reshape(n, height * width, heads * dim)
        h = self.linear(name + ".to_out.0", h).transpose(1, 2).reshape(n, channels, height, width)
        return (h + x) / scale

    def downsample(self, name, x):
        asymmetric = self.get("downsample_padding", 1) == 0
        return self.conv(name + ".conv", x, stride=2, pad=(0, 1, 0, 1) if asymmetric else (1, 1, 1, 1))

    def upsample(self, name, x):
        return self.conv(name + ".conv", F.interpolate(x, scale_factor=2.0, mode="nearest"))

    # The network

    def forward(self, x, timestep, labels):
        c = self.c
        levels = len(c["block_out_channels"])
        layers = self.get("layers_per_block", 2)
        if self.get("center_input_sample", False):
            x = 2 * x - 1
        patch = self.get("patch_size", 1)
        x = F.pixel_unshuffle(x, patch)

        temb = self.embed("time_embedding", self.project(timestep))
        kind = c.get("class_embed_type")
        if kind is None and c.get("num_class_embeds"):
            temb = temb + F.embedding(labels.long(), self.w["class_embedding.weight"])
        elif kind == "timestep":
            temb = temb + self.embed("class_embedding", self.project(labels))

        h = self.conv("conv_in", x)
        skips = [h]
        for i, block in enumerate(c["down_block_types"]):
            name = f"down_blocks.{i}"
            for j in range(layers):
                h = self.resnet(f"{name}.resnets.{j}", h, temb)
                if block == "AttnDownBlock2D":
                    h = self.attention(f"{name}.attentions.{j}", h, self.groups)
                skips.append(h)
            if i < levels - 1:
                by_resnet = block == "ResnetDownsampleBlock2D" or (
                    block == "AttnDownBlock2D" and self.get("downsample_type", "conv") == "resnet")
                sampler = f"{name}.downsamplers.0"
                h = self.resnet(sampler, h, temb, resample="down") if by_resnet else self.downsample(sampler, h)
                skips.append(h)

        if c.get("mid_block_type", "UNetMidBlock2D") is not None:
            scale = self.get("mid_block_scale_factor", 1)
            h = self.resnet("mid_block.resnets.0", h, temb, scale)
            if self.get("add_attention", True):
                default = self.groups if self.get("resnet_time_scale_shift", "default") == "default" else None
                h = self.attention("mid_block.attentions.0", h, c.get("attn_norm_num_groups") or default, scale)
            h = self.resnet("mid_block.resnets.1", h, temb, scale)

        for i, block in enumerate(c["up_block_types"]):
            name = f"up_blocks.{i}"
            for j in range(layers + 1):
                h = self.resnet(f"{name}.resnets.{j}", torch.cat([h, skips.pop()], dim=1), temb)
                if block == "AttnUpBlock2D":
                    h = self.attention(f"{name}.attentions.{j}", h, self.groups)
            if i < levels - 1:
                by_resnet = block == "ResnetUpsampleBlock2D" or (
                    block == "AttnUpBlock2D" and self.get("upsample_type", "conv") == "resnet")
                sampler = f"{name}.upsamplers.0"
                h = self.resnet(sampler, h, temb, resample="up") if by_resnet else self.upsample(sampler, h)

        h = self.conv("conv_out", F.silu(self.norm("conv_norm_out", h)))
        if self.get("time_embedding_type", "positional") == "fourier":
            h = h / timestep[:, None, None, None]
        return F.pixel_shuffle(h, patch)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--shape", required=True)
    parser.add_argument("--labels", action="store_true")
    parser.add_argument("--seamless", action="store_true")
    args = parser.parse_args()

    folder = os.path.join(args.model, "unet")
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    weights = read_safetensors(os.path.join(folder, "diffusion_pytorch_model.safetensors"))
    shape = [int(edge) for edge in args.shape.split(",")]
    values = torch.from_numpy(np.fromfile(args.input, "<f4"))
    count = math.prod(shape)
    sample = values[:count].reshape(shape)
    timestep = values[count : count + shape[0]]
    labels = values[count + shape[0] : count + 2 * shape[0]] if args.labels else None
    with torch.no_grad():
        output = Network(config, weights, args.seamless).forward(sample, timestep, labels)
    output.contiguous().numpy().astype("<f4").tofile(args.output)


if __name__ == "__main__":
    main()
