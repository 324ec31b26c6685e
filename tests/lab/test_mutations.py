"""The probe sees what is changed in a real library: mutations of its source, and no divergence without one."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from kerasdiff.capture.export import export
from kerasdiff.compare.cases import compare
from kerasdiff.fingerprint.document import Symbol
from kerasdiff.knowledge.load import Effect, tolerances
from kerasdiff.probe import apis
from tests.lab.builder import MissingInterpreter, build
from tests.lab.capture import environ

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence

pytestmark = pytest.mark.lab

#: Seeds that are added to one that a symbol is given, or take the place of none.
STREAMS = [7919 * number + 1 for number in range(16)]
#: Seconds that all mutations of an environment may take.
PATIENCE = 1800

LAYERS = "keras.src.layers."
BACKEND = "keras.src.backend:"
LOSSES = "keras.src.losses:"
RANDOM = "keras.src.engine.base_layer:BaseRandomLayer.__init__"
KERAS_3_BACKEND = "keras.src.backend.tensorflow.nn:"
SCALING = "keras.src.initializers.initializers:VarianceScaling.__init__"


# What can't be known of one sample of a size that costs little:
COARSE = "limit: within what two samples of one distribution may differ"
RULE = "limit: a random image with another rule looks like another draw"


class Mutation(NamedTuple):
    """``old`` text becomes ``new``, which must show in ``quantity``, and nothing worse than ``effect`` anywhere.

    ``where``: the function, as `tests.lab.mutate` says. ``times``: how often the text is there.
    ``unseen``: why nothing of it shows yet, or never can.
    """

    symbol: str
    where: str
    old: str
    new: str
    quantity: str
    effect: str = "results"
    times: int = 1
    unseen: str = ""

    @property
    def name(self) -> str:
        return f"{self.symbol} {self.where} {self.old} -> {self.new}"


#: What draws, and the function that holds the seed.
DRAWING = {
    **{
        f"layers.{name}": RANDOM
        for name in ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "AlphaDropout")
    },
    "layers.GaussianNoise": RANDOM,
    **{f"initializers.{name}": "__init__" for name in ("RandomNormal", "RandomUniform", "TruncatedNormal", "Orthogonal")},
    **{f"initializers.{name}": SCALING for name in ("GlorotUniform", "HeNormal")},
}
TENSORFLOW = [
    # layers: what is initial, and what is computed
    Mutation("layers.BatchNormalization", "__init__", "epsilon=1e-3", "epsilon=1.1e-3", "inference"),
    Mutation("layers.BatchNormalization", "__init__", "momentum=0.99", "momentum=0.98", "state"),
    Mutation("layers.BatchNormalization", "__init__", 'gamma_initializer="ones"', 'gamma_initializer="zeros"', "initial"),
    Mutation("layers.LayerNormalization", "__init__", "epsilon=1e-3", "epsilon=1e-6", "inference"),
    Mutation("layers.GroupNormalization", "__init__", "groups=32", "groups=16", "inference"),
    Mutation(
        "layers.Normalization",
        "call",
        "tf.sqrt(self.variance), backend.epsilon() )",
        "tf.sqrt(self.variance), 1e-6)",
        "inference",
    ),
    Mutation("layers.LSTM", "__init__", "unit_forget_bias=True", "unit_forget_bias=False", "initial"),
    Mutation("layers.LSTM", "__init__", 'recurrent_activation="sigmoid"', 'recurrent_activation="hard_sigmoid"', "inference"),
    Mutation("layers.LSTM", BACKEND + "hard_sigmoid", "0.2,", "1 / 6,", "inference"),
    Mutation("layers.LSTM", LAYERS + "rnn.lstm:standard_lstm", "tf.sigmoid(z1)", "tf.sigmoid(z1 + 1e-5)", "inference"),
    Mutation("layers.LSTM", "call", "inputs * dropout_mask[0]", "inputs * dropout_mask[0][:, :1]", "shared"),
    Mutation("layers.GRU", "__init__", "reset_after=True", "reset_after=False", "weights", "architecture"),
    Mutation(
        "layers.GRU", LAYERS + "rnn.gru:standard_gru", "z * h_tm1 + (1 - z) * hh", "(1 - z) * h_tm1 + z * hh", "inference"
    ),
    Mutation("layers.SimpleRNN", "__init__", 'activation="tanh"', 'activation="relu"', "inference"),
    Mutation(
        "layers.ConvLSTM2D", "__init__", 'recurrent_activation="hard_sigmoid"', 'recurrent_activation="sigmoid"', "inference"
    ),
    Mutation("layers.Bidirectional", "__init__", 'merge_mode="concat"', 'merge_mode="sum"', "inference", "architecture"),
    Mutation("layers.Dense", "__init__", "use_bias=True", "use_bias=False", "weights", "architecture"),
    Mutation("layers.Embedding", "__init__", 'embeddings_initializer="uniform"', 'embeddings_initializer="zeros"', "initial"),
    Mutation("layers.Conv2D", "__init__", 'padding="valid"', 'padding="same"', "inference", "architecture"),
    Mutation("layers.SeparableConv2D", "__init__", "depth_multiplier=1", "depth_multiplier=2", "weights", "architecture"),
    Mutation("layers.MaxPooling2D", "__init__", "pool_size=(2, 2)", "pool_size=(3, 3)", "inference", "architecture"),
    Mutation("layers.UpSampling2D", "__init__", 'interpolation="nearest"', 'interpolation="bilinear"', "inference"),
    Mutation("layers.LeakyReLU", "__init__", "alpha=0.3", "alpha=0.2", "inference"),
    Mutation("layers.ThresholdedReLU", "__init__", "theta=1.0", "theta=0.9", "inference"),
    Mutation("layers.PReLU", "__init__", 'alpha_initializer="zeros"', 'alpha_initializer="ones"', "initial"),
    Mutation("layers.Softmax", "__init__", "axis=-1", "axis=1", "inference"),
    Mutation("layers.Masking", "__init__", "mask_value=0.0", "mask_value=0.25", "mask"),
    Mutation("layers.Attention", "_calculate_scores", "transpose_b=True)", "transpose_b=True) * 0.5", "inference"),
    Mutation(
        "layers.MultiHeadAttention",
        "_compute_attention",
        "math.sqrt(float(self._key_dim))",
        "float(self._key_dim)",
        "inference",
    ),
    Mutation("layers.Resizing", "__init__", 'interpolation="bilinear"', 'interpolation="nearest"', "inference"),
    Mutation("layers.StringLookup", "__init__", "num_oov_indices=1", "num_oov_indices=2", "inference"),
    Mutation("layers.TextVectorization", "__init__", 'split="whitespace"', 'split="character"', "inference", "architecture"),
    Mutation("layers.TextVectorization", "__init__", '"lower_and_strip_punctuation"', '"lower"', "inference"),
    Mutation("layers.ActivityRegularization", "__init__", "l1=0.0", "l1=0.1", "losses"),
    # layers: what chance decides
    Mutation(
        "layers.Dropout",
        "call",
        "noise_shape=self._get_noise_shape(inputs) )",
        "noise_shape=self._get_noise_shape(inputs)) * (1 - self.rate)",
        "distribution",
    ),
    Mutation("layers.Dropout", "call", "inputs, self.rate,", "inputs, self.rate + 0.1,", "distribution"),
    Mutation(
        "layers.SpatialDropout1D",
        "_get_noise_shape",
        "input_shape[0], 1, input_shape[2]",
        "input_shape[0], input_shape[1], input_shape[2]",
        "shared",
    ),
    Mutation(
        "layers.SpatialDropout2D",
        "_get_noise_shape",
        "input_shape[0], 1, 1, input_shape[3]",
        "1, 1, 1, input_shape[3]",
        "shared",
    ),
    Mutation("layers.GaussianDropout", "call", "np.sqrt(self.rate / (1.0 - self.rate))", "np.sqrt(self.rate)", "distribution"),
    Mutation("layers.GaussianNoise", "call", "stddev=self.stddev", "stddev=1.25 * self.stddev", "distribution"),
    Mutation("layers.GaussianNoise", "call", "stddev=self.stddev", "stddev=1.05 * self.stddev", "distribution", unseen=COARSE),
    Mutation("layers.AlphaDropout", "call", "** -0.5", "** 0", "distribution"),
    Mutation("layers.RandomRotation", "__init__", 'fill_mode="reflect"', 'fill_mode="constant"', "training", unseen=RULE),
    # activations
    Mutation("activations.hard_sigmoid", BACKEND + "hard_sigmoid", "0.2,", "1 / 6,", "inference"),
    Mutation("activations.gelu", "", "approximate=False", "approximate=True", "inference"),
    Mutation("activations.relu", "", "alpha=0.0", "alpha=0.01", "inference"),
    Mutation("activations.elu", "", "alpha=1.0", "alpha=0.99", "inference"),
    Mutation("activations.softmax", "", "axis=-1", "axis=0", "inference"),
    Mutation("activations.mish", "", "tf.math.softplus(x)", "tf.nn.relu(x)", "inference"),
    Mutation("activations.exponential", "", "tf.exp(x)", "tf.exp(x) - 1e-5", "inference"),
    # constraints
    Mutation("constraints.MaxNorm", "__call__", "backend.epsilon()", "1e-5", "inference"),
    Mutation("constraints.MaxNorm", "__call__", "backend.epsilon()", "1e-8", "inference"),
    Mutation("constraints.MaxNorm", "__init__", "max_value=2", "max_value=1.9", "inference"),
    Mutation("constraints.UnitNorm", "__init__", "axis=0", "axis=1", "inference"),
    Mutation("constraints.MinMaxNorm", "__init__", "rate=1.0", "rate=0.9", "inference"),
    Mutation("constraints.MinMaxNorm", "__init__", "min_value=0.0", "min_value=0.1", "inference"),
    Mutation("constraints.NonNeg", "__call__", "tf.greater_equal(w, 0.0)", "tf.greater_equal(w, 0.1)", "inference"),
    # initializers
    Mutation("initializers.GlorotUniform", "__init__", "fan_avg", "fan_in", "distribution"),
    Mutation("initializers.HeNormal", "__init__", "scale=2.0", "scale=1.0", "distribution"),
    Mutation("initializers.LecunNormal", "_generate_init_val", "0.87962566103423978", "1.0", "distribution"),
    Mutation(
        "initializers.TruncatedNormal",
        "__call__",
        "return self._random_generator.truncated_normal(",
        "return self._random_generator.random_normal(",
        "distribution",
    ),
    Mutation("initializers.RandomNormal", "__init__", "stddev=0.05", "stddev=0.06", "distribution"),
    Mutation("initializers.RandomUniform", "__init__", "minval=-0.05", "minval=-0.04", "distribution"),
    Mutation("initializers.Orthogonal", "__init__", "gain=1.0", "gain=1.1", "distribution"),
    Mutation("initializers.Orthogonal", "__init__", "gain=1.0", "gain=1.02", "distribution", unseen=COARSE),
    Mutation("initializers.Constant", "__init__", "value=0", "value=0.001", "distribution"),
    Mutation("initializers.Identity", "__init__", "gain=1.0", "gain=1.02", "draw"),
    # regularizers
    Mutation("regularizers.L2", "__init__", "l2=0.01", "l2=0.011", "inference"),
    Mutation("regularizers.L2", "__call__", "2.0 *", "", "inference"),
    Mutation("regularizers.L1L2", "__init__", "l1=0.0", "l1=0.001", "inference"),
    Mutation("regularizers.OrthogonalRegularizer", "__init__", "factor=0.01", "factor=0.011", "inference"),
    # losses
    Mutation(
        "losses.binary_crossentropy",
        BACKEND + "binary_crossentropy",
        "_constant_to_tensor(epsilon(),",
        "_constant_to_tensor(1e-6,",
        "inference",
    ),
    Mutation(
        "losses.BinaryCrossentropy",
        BACKEND + "binary_crossentropy",
        "tf.math.log(output + epsilon())",
        "tf.math.log(output)",
        "inference",
    ),
    Mutation(
        "losses.BinaryCrossentropy",
        LOSSES + "binary_crossentropy",
        "+ 0.5 * label_smoothing",
        "+ 0.25 * label_smoothing",
        "inference",
    ),
    Mutation(
        "losses.CategoricalCrossentropy",
        LOSSES + "categorical_crossentropy",
        "label_smoothing / num_classes",
        "label_smoothing / 2",
        "inference",
    ),
    Mutation(
        "losses.categorical_crossentropy",
        BACKEND + "categorical_crossentropy",
        "_constant_to_tensor(epsilon(),",
        "_constant_to_tensor(1e-6,",
        "inference",
    ),
    Mutation(
        "losses.categorical_crossentropy",
        BACKEND + "categorical_crossentropy",
        "output / tf.reduce_sum(output, axis, True)",
        "output",
        "inference",
    ),
    Mutation(
        "losses.sparse_categorical_crossentropy",
        BACKEND + "sparse_categorical_crossentropy",
        "_constant_to_tensor(epsilon(),",
        "_constant_to_tensor(1e-6,",
        "inference",
    ),
    Mutation("losses.MeanSquaredError", "__init__", "reduction=losses_utils.ReductionV2.AUTO", "reduction='sum'", "inference"),
    Mutation("losses.Huber", "__init__", "delta=1.0", "delta=0.9", "inference"),
    Mutation("losses.LogCosh", LOSSES + "log_cosh", "tf.math.log(2.0)", "tf.math.log(2.0) + 1e-5", "inference"),
    Mutation("losses.mean_absolute_percentage_error", "", "backend.epsilon()", "1e-6", "inference"),
    Mutation(
        "losses.mean_squared_logarithmic_error",
        "",
        "backend.maximum(y_pred, backend.epsilon())",
        "backend.maximum(y_pred, 1e-6)",
        "inference",
    ),
    Mutation(
        "losses.KLDivergence",
        LOSSES + "kl_divergence",
        "backend.clip(y_pred, backend.epsilon(), 1)",
        "backend.clip(y_pred, 1e-6, 1)",
        "inference",
    ),
    Mutation("losses.poisson", "", "backend.epsilon()", "1e-6", "inference"),
    Mutation("losses.CategoricalHinge", LOSSES + "categorical_hinge", "neg - pos + 1.0", "neg - pos + 0.9", "inference"),
    Mutation("losses.BinaryFocalCrossentropy", "__init__", "gamma=2.0", "gamma=1.9", "inference"),
    Mutation(
        "losses.CosineSimilarity",
        LOSSES + "cosine_similarity",
        "y_pred = tf.linalg.l2_normalize(y_pred, axis=axis)",
        "",
        "inference",
    ),
    # metrics
    Mutation("metrics.BinaryAccuracy", "__init__", "threshold=0.5", "threshold=0.49", "inference"),
    Mutation("metrics.BinaryAccuracy", "__init__", "threshold=0.5", "threshold=0.51", "inference"),
    Mutation(
        "metrics.BinaryAccuracy",
        "keras.src.utils.metrics_utils:binary_matches",
        "y_pred > threshold",
        "y_pred >= threshold",
        "inference",
    ),
    Mutation("metrics.Precision", "__init__", "default_threshold = 0.5", "default_threshold = 0.6", "inference"),
    Mutation("metrics.AUC", "__init__", 'summation_method="interpolation"', 'summation_method="majoring"', "inference"),
    Mutation("metrics.AUC", "__init__", "num_thresholds=200", "num_thresholds=20", "inference"),
    Mutation("metrics.AUC", "__init__", "num_thresholds=200", "num_thresholds=100", "inference"),
    Mutation("metrics.TopKCategoricalAccuracy", "__init__", "k=5", "k=2", "inference"),
    Mutation("metrics.TopKCategoricalAccuracy", "__init__", "k=5", "k=4", "inference"),
    Mutation("metrics.FBetaScore", "__init__", "beta=1.0", "beta=1.5", "inference"),
    Mutation("metrics.RootMeanSquaredError", "result", "tf.sqrt(", "(", "inference"),
    # optimizers
    Mutation("optimizers.Adam", "__init__", "epsilon=1e-7", "epsilon=1e-8", "training"),
    Mutation("optimizers.Adam", "__init__", "beta_1=0.9", "beta_1=0.91", "training"),
    Mutation("optimizers.Adam", "__init__", "beta_2=0.999", "beta_2=0.998", "training"),
    Mutation("optimizers.Adam", "update_step", "/ (1 - beta_1_power)", "", "training"),
    Mutation("optimizers.Adam", "update_step", "tf.sqrt(v) + self.epsilon", "tf.sqrt(v + self.epsilon)", "training", times=2),
    Mutation("optimizers.AdamW", "__init__", "weight_decay=0.004", "weight_decay=0.005", "training"),
    Mutation("optimizers.RMSprop", "__init__", "rho=0.9", "rho=0.91", "training"),
    Mutation(
        "optimizers.RMSprop",
        "update_step",
        "lr * gradient * tf.math.rsqrt(denominator)",
        "lr * gradient / (tf.sqrt(velocity) + self.epsilon)",
        "training",
    ),
    Mutation("optimizers.SGD", "__init__", "momentum=0.0", "momentum=0.01", "training"),
    Mutation(
        "optimizers.SGD",
        "update_step",
        "variable.assign_add(-gradient * lr + m * momentum)",
        "variable.assign_add(m)",
        "training",
    ),
    Mutation("optimizers.SGD", "_apply_weight_decay", "variable * wd * lr", "variable * wd", "training"),
    Mutation("optimizers.SGD", "_clip_gradients", "tf.clip_by_norm(g, self.clipnorm)", "g", "training"),
    Mutation(
        "optimizers.SGD",
        "_clip_gradients",
        "tf.clip_by_global_norm(grads, self.global_clipnorm)[0]",
        "[tf.clip_by_norm(g, self.global_clipnorm) for g in grads]",
        "training",
    ),
    Mutation("optimizers.Nadam", "update_step", "0.96", "0.95", "training"),
    Mutation("optimizers.Adamax", "__init__", "epsilon=1e-7", "epsilon=1e-8", "training"),
    Mutation("optimizers.Adagrad", "__init__", "initial_accumulator_value=0.1", "initial_accumulator_value=0.0", "training"),
    Mutation("optimizers.Adadelta", "__init__", "learning_rate=0.001", "learning_rate=1.0", "training"),
    Mutation("optimizers.Ftrl", "__init__", "learning_rate_power=-0.5", "learning_rate_power=-0.4", "training"),
    Mutation("optimizers.Lion", "__init__", "beta_2=0.99", "beta_2=0.9", "training"),
    Mutation("optimizers.Adafactor", "__init__", "clip_threshold=1.0", "clip_threshold=0.9", "training"),
    Mutation("optimizers.legacy.SGD", "__init__", 'kwargs.get("lr", learning_rate)', "learning_rate", "outcome"),
    Mutation("optimizers.legacy.SGD", "_decayed_lr", "self._initial_decay > 0.0", "False", "outcome"),
    Mutation("optimizers.schedules.ExponentialDecay", "__init__", "staircase=False", "staircase=True", "training"),
    Mutation(
        "optimizers.schedules.PolynomialDecay", "__init__", "end_learning_rate=0.0001", "end_learning_rate=0.0", "training"
    ),
    Mutation(
        "optimizers.schedules.PiecewiseConstantDecay", "__call__", "lambda: values[-1])", "lambda: values[-2])", "training"
    ),
    Mutation("optimizers.schedules.InverseTimeDecay", "__call__", "tf.constant(1)", "tf.constant(2)", "training"),
    Mutation("optimizers.schedules.CosineDecay", "__init__", "alpha=0.0", "alpha=0.01", "training"),
    Mutation("optimizers.schedules.CosineDecayRestarts", "__init__", "t_mul=2.0", "t_mul=1.5", "training"),
]
KERAS_3 = [
    Mutation("layers.BatchNormalization", "__init__", "epsilon=1e-3", "epsilon=1.1e-3", "inference"),
    Mutation("layers.BatchNormalization", "__init__", "momentum=0.99, epsilon", "momentum=0.98, epsilon", "state"),
    Mutation("layers.LayerNormalization", "__init__", "epsilon=1e-3", "epsilon=1e-6", "inference"),
    Mutation("layers.LSTM", "__init__", "unit_forget_bias=True", "unit_forget_bias=False", "initial"),
    Mutation("layers.LSTM", "__init__", 'recurrent_activation="sigmoid"', 'recurrent_activation="hard_sigmoid"', "inference"),
    Mutation("layers.LeakyReLU", "__init__", "negative_slope=0.3", "negative_slope=0.2", "inference"),
    Mutation(
        "layers.Dropout", "call", "seed=self.seed_generator, )", "seed=self.seed_generator) * (1 - self.rate)", "distribution"
    ),
    Mutation("layers.SpatialDropout1D", "_get_noise_shape", "input_shape[0], 1,", "input_shape[0], input_shape[1],", "shared"),
    Mutation("activations.gelu", "", "approximate=False", "approximate=True", "inference"),
    Mutation("activations.hard_sigmoid", "", "ops.hard_sigmoid(x)", "ops.clip(0.2 * x + 0.5, 0.0, 1.0)", "inference"),
    Mutation("constraints.MaxNorm", "__call__", "backend.epsilon()", "1e-5", "inference"),
    Mutation("initializers.GlorotUniform", "__init__", "fan_avg", "fan_in", "distribution"),
    Mutation("regularizers.L2", "__init__", "l2=0.01", "l2=0.011", "inference"),
    Mutation(
        "losses.BinaryCrossentropy",
        KERAS_3_BACKEND + "binary_crossentropy",
        "output, backend.epsilon(), 1.0 -",
        "output, 1e-6, 1.0 -",
        "inference",
    ),
    Mutation(
        "losses.mean_absolute_percentage_error",
        "",
        "convert_to_tensor(backend.epsilon(),",
        "convert_to_tensor(1e-6,",
        "inference",
    ),
    Mutation("metrics.BinaryAccuracy", "__init__", "threshold=0.5", "threshold=0.49", "inference"),
    Mutation("optimizers.Adam", "__init__", "epsilon=1e-7", "epsilon=1e-8", "training"),
    Mutation("optimizers.RMSprop", "__init__", "rho=0.9", "rho=0.91", "training"),
    Mutation("optimizers.Nadam", "update_step", "0.96", "0.95", "training"),
    Mutation("optimizers.schedules.CosineDecay", "__init__", "alpha=0.0", "alpha=0.01", "training"),
]
RESEEDED = [
    Mutation(symbol, where, "RandomGenerator( seed,", f"RandomGenerator((seed or 0) + {stream},", "", "reproducibility")
    for symbol, where in DRAWING.items()
    for stream in STREAMS
]
ENVIRONMENTS = {"tensorflow-2.15.1": ("tf.keras", TENSORFLOW), "keras-3.15.1+tensorflow-2.21.0": ("keras", KERAS_3)}


@cache
def measured(environment: str) -> dict[str, Any]:
    """What `tests.lab.mutate` says of all mutations in an environment, by symbol."""
    try:
        built = build(environment)
    except MissingInterpreter as missing:
        pytest.skip(f"{environment}: {missing}")
    api, mutations = ENVIRONMENTS[environment]
    mutations = mutations + (RESEEDED if mutations is TENSORFLOW else [])
    with TemporaryDirectory() as folder:
        probe = Path(folder, "probe.pyz")
        export(probe)
        script = Path(__file__).with_name("mutate.py")
        done = subprocess.run(
            [str(built.python), "-B", str(script), str(probe), api],
            input=json.dumps([{**mutation._asdict(), "name": mutation.name} for mutation in mutations]),
            env=environ(built, Path(folder)),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    answers = [line[2:] for line in done.stdout.splitlines() if line.startswith("@@")]
    if not answers:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(answers[0])
    return found


def differing(subject: str, a: dict[str, Any], b: dict[str, Any]) -> list[Divergence]:
    """What the cases of a symbol say, before and after."""
    return compare(subject, Symbol(kind="class", cases=a), Symbol(kind="class", cases=b)).divergences


def rows() -> list[Any]:
    return [
        pytest.param(
            environment,
            mutation,
            id=f"{environment}-{mutation.name}",
            marks=pytest.mark.xfail(reason=mutation.unseen, raises=AssertionError, strict=True) if mutation.unseen else (),
        )
        for environment, (_, mutations) in ENVIRONMENTS.items()
        for mutation in mutations
    ]


def symbols() -> list[tuple[str, str]]:
    return [
        (environment, symbol)
        for environment, (_, mutations) in ENVIRONMENTS.items()
        for symbol in sorted({mutation.symbol for mutation in mutations})
    ]


@pytest.mark.parametrize(("environment", "mutation"), rows())
def test_mutation_is_seen(environment: str, mutation: Mutation) -> None:
    facts = measured(environment)[mutation.symbol]
    mutated = facts["mutated"][mutation.name]
    if "failed" in mutated:
        raise RuntimeError(mutated["failed"])  # no answer, not the wrong one
    found = [part for part in differing(mutation.symbol, facts["plain"], mutated["cases"]) if part.effect is not Effect.INFO]
    shown = [part for part in found if part.aspect.endswith("." + mutation.quantity) and part.effect.value == mutation.effect]
    assert shown, [(part.aspect, part.effect.value) for part in found]
    assert min((part.effect for part in found), key=lambda effect: effect.rank).value == mutation.effect, found
    for part in shown:
        if part.size is not None:
            assert part.size["scaled"] == "inf" or part.size["scaled"] > part.size["tolerance"]
            assert part.size["tolerance"] >= tolerances().of(mutation.symbol, mutation.quantity)


@pytest.mark.parametrize(
    "symbol",
    DRAWING,
)
def test_another_stream_is_no_other_result(symbol: str) -> None:
    """Every two of some streams are the same up to the draw."""
    facts = measured("tensorflow-2.15.1")[symbol]
    drawn = [facts["mutated"][mutation.name]["cases"] for mutation in RESEEDED if mutation.symbol == symbol]
    found = [part for a, b in combinations(drawn, 2) for part in differing(symbol, a, b)]
    assert {part.effect for part in found} == {Effect.REPRODUCIBILITY}, [part.id for part in found]


@pytest.mark.parametrize(("environment", "symbol"), symbols())
def test_unmutated_symbol_differs_in_nothing(environment: str, symbol: str) -> None:
    """Measured anew after all mutations, with functions compiled from unchanged text."""
    facts = measured(environment)[symbol]
    assert facts["plain"].keys() == facts["same"].keys()
    assert differing(symbol, facts["plain"], facts["same"]) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_measured_family_has_a_mutation(environment: str) -> None:
    assert {mutation.symbol.partition(".")[0] for mutation in ENVIRONMENTS[environment][1]} == set(apis.TABLE["measured"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_mutation_is_another(environment: str) -> None:
    names = [mutation.name for mutation in ENVIRONMENTS[environment][1]]
    assert len(set(names)) == len(names)
