"""The prose of the page of the spec language. Every spec in it is read by a test."""

HEAD = """# The spec language

A network is a YAML file: what it is fed, numbers with names, blocks, and a list of layers. Made by `report
language --out docs`; the tables come from what reads specs, a test reads every spec on this page. What each
layer does stands in [layers](layers.md); your own PyTorch class beside its spec in [from
PyTorch](from-pytorch.md).

```yaml
name: small
input: {channels: 3, time: frames, height: crop, width: crop, every: 2}
sizes: {frames: 16, crop: 64, width: 24, classes: 12}
network:
  - conv: {name: stem, channels: width, kernel: [1, 3, 3], stride: [1, 2, 2]}
  - bn
  - relu
  - conv: {channels: 2 * width, kernel: 3, stride: [1, 2, 2]}
  - bn
  - relu
  - global_pool
  - linear: {channels: classes}
```

`costmodel analyze small.yaml --continual --set crop=96` reads it. Mistakes are told all at once, each with
its file, line and place. YAML is read strictly: no aliases (`*name`), no tags, no key twice. Numbers are
exact: `1.1` is 11/10.

## Keys
"""

INPUT = """
The keys of `input`, each but the last a number or arithmetic:
"""

SIZES = """
## Numbers with names

`sizes` scale layers: `--set`, formulas, sweeps and searches move them. `structure` decides which layers
exist, such as depths, flags and kinds, and is a number, true or false too. `let` names values made of them,
in order; formulas keep its names. `variants` set several at once and may extend each other. `extends` takes
another spec over, one beside it or a shipped one: sections are joined name by name, all else is replaced.

```yaml
name: sized
variant: S
input: {channels: 3, time: frames, height: crop, width: crop}
structure: {depth: 1, has_gate: false}
sizes: {frames: 8, crop: 32, gamma_w: 1, classes: 5}
let:
  wide: round8(24 * gamma_w)
  deep: ceil(2 * depth)
variants:
  S: {}
  L: {extends: S, depth: 2.5, has_gate: true, gamma_w: 2}
blocks:
  layer:
    layers:
      - conv: {channels: wide, kernel: [3, 1, 1], groups: wide}
      - squeeze_excite: {when: has_gate}
      - relu
network:
  - conv: {channels: wide, kernel: [1, 3, 3]}
  - layer: {repeat: deep}
  - global_pool
  - linear: {channels: classes}
```
"""

ARITHMETIC = """
## Arithmetic

Where a number stands, arithmetic may: names in scope, `+ - * / // % **`, comparisons, `and or not`, `a if b
else c`, `min`, `max`, `floor`, `ceil`, `round_to(x, n)` (the multiple of n nearest to x, at least n and
nine tenths of x: MobileNet's) and `round8(x)`. It is exact, and never run as code. In scope are structure,
sizes and `let`, in a block its arguments, and always `in_channels` (the channels that come into the block,
or to a layer outside of blocks) and in a repeated block `i`, from 0 on.
"""

LAYERS = """
## Layers

A layer is a word (`relu`), or one word with its fields (`conv: {channels: 8}`). It reads the layer before
it. Where three numbers are asked for they are time, height and width; one alone stands for all three. `all`
as the kernel of a pool covers the whole axis. Unnamed layers are called by their word, numbered where that
is taken; layers in a block have its name ahead of their own (`res2.0.conv`). Weights are stored under these
names, so a name that stays keeps its weights.

`add`, `concat`, `gate` and `attention` join branches: each a list of layers that begins at what came in,
the empty list being that itself. Branches of unlike frames are refused, or cut with `crop`. Every layer
takes:
"""

WINDOWS = """
`as` and `from` stand where branches do not nest. A layer that `when` leaves out hands on what it would have
read, under its name too.

```yaml
name: joined
input: {channels: 3, time: 8, height: 16, width: 16}
network:
  - conv: {channels: 8, kernel: [1, 3, 3], as: plain}
  - concat:
      narrow: [{conv: {channels: 4}}]
      wide: [{conv: {channels: 4, kernel: [3, 1, 1]}}, relu]
  - conv: {channels: 8, as: mixed}
  - add: {from: [mixed, plain]}
  - global_pool
  - linear: {channels: 5}
```

### Windows and padding

A window of `kernel`, `stride` and `dilation` is padded by half its kernel unless told otherwise: strides
alone make a map smaller. The size that comes out is (m + 2p - d(k - 1) - 1) // s + 1 on each axis.
`padding` is a number for both ends, `[ahead, behind]`, or `same` (TensorFlow's). A `causal` window has all
its padding in time ahead. In PyTorch padding is 0 unless given, and a convolution has a bias: write
`padding: 0` and `bias: true` for those.

```yaml
name: padded
input: {channels: 3, time: 9, height: 17, width: 17}
network:
  - conv: {channels: 8, kernel: 3, padding: [0, 1, same], bias: true}
  - conv: {channels: 8, kernel: [3, 1, 1], dilation: [2, 1, 1], causal: true}
  - max_pool: {kernel: [1, 3, 3], stride: [1, 2, 2], padding: [0, [0, 1], [0, 1]]}
  - avg_pool: {kernel: [1, all, all]}
  - global_pool
  - linear: {channels: 5}
```
"""

BLOCKS = """
## Blocks

A block has `layers`, and `args` with their defaults, `~` where there is none. It is called like a layer,
with its arguments, `repeat` and, for the first of the repeats, `first`; names given by `as` are its own,
and `in` is what comes into it. Blocks call blocks, not themselves. `squeeze_excite` is one that every spec
has.

```yaml
name: stages
input: {channels: 3, time: 8, height: 32, width: 32}
sizes: {depth: 3, classes: 5}
blocks:
  residual:
    args: {out: ~, stride: 1}
    layers:
      - add:
          main:
            - conv: {channels: out, kernel: 3, stride: [1, stride, stride]}
            - bn
            - squeeze_excite: {when: i % 2 == 0}
          shortcut:
            - conv: {channels: out, stride: [1, stride, stride], when: stride > 1 or in_channels != out}
      - relu
network:
  - residual: {name: res2, out: 16, repeat: depth, first: {stride: 2}}
  - residual: {name: res3, out: 32, repeat: depth, first: {stride: 2}}
  - global_pool
  - linear: {channels: classes}
```
"""

AXES = """
## Axes

What `search`, `solve` and `sweep` may change (see [search](search.md)). An axis moves one size, and others
with it.

```yaml
name: moved
input: {channels: 3, time: frames, height: crop, width: crop, every: rate}
sizes: {frames: 4, crop: 32, rate: 8, width: 16}
axes:
  Faster: {moves: frames, with: {rate: "max(1, floor(rate / factor))"}, bounds: [1, 32], grid: [4, 8, 16]}
  Wider: {moves: width, factor: 1.5, bounds: [8, 64], grid: [16, 24, 32]}
network:
  - conv: {channels: width, kernel: 3}
  - relu
  - global_pool
  - linear: {channels: 5}
```
"""

FORMS = """
A form is an axis too, a list of values in place of keys: `form`, whose values are `clip` and the words of
transforms, and fields of transforms, which move where the form has that transform.

```yaml
name: formed
input: {channels: 3, time: 8, height: 16, width: 16}
axes:
  form: [continual, causal, dissect]
  continual.pool: [8, 16]
network:
  - conv: {channels: 8, kernel: 3}
  - bn
  - relu
  - global_pool
  - linear: {channels: 5}
```

A spec without `axes` has those of its input: frames and the size of the map.
"""

NAMES = """
## PyTorch's names

Fields may have the names that PyTorch gives them, and `batch_norm` is `bn`; what the tool writes has ours.
Names alone: defaults stay those of this language. What PyTorch must be told and a graph knows
(`in_channels`, `num_features`, `inplace`) is left out.
"""

EVERY_LAYER = """
## Every layer

Fields without a value must be given; three numbers are time, height and width. Merges take named branches
beside their fields. Examples, and what becomes of each on a stream, stand in [layers](layers.md).
"""
