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
from tests.lab.mutate import family

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence

#: One process, which keeps what it has measured.
pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("mutations")]

#: Seeds that are added to one that a symbol is given, or take the place of none.
STREAMS = [7919 * number + 1 for number in range(16)]
#: Seconds that all mutations of an environment may take.
PATIENCE = 1800

LAYERS = "keras.src.layers."
BACKEND = "keras.src.backend:"
LOSSES = "keras.src.losses:"
RANDOM = "keras.src.engine.base_layer:BaseRandomLayer.__init__"
KERAS_3_BACKEND = "keras.src.backend.tensorflow.nn:"
IMAGES = "keras.src.applications.imagenet_utils:_preprocess_numpy_input"
ADAPTERS = "keras.src.engine.data_adapter:"
COMPILED = "keras.src.engine.compile_utils:"
CLIPPING = "keras.src.optimizers.optimizer:_BaseOptimizer._clip_gradients"
MODEL = "keras.src.engine.training:Model."
KERAS_3_COMPILED = "keras.src.trainers.compile_utils:"
KERAS_3_LOSS = "keras.src.losses.loss:"
KERAS_3_NN = "keras.src.ops.nn:"
KERAS_3_TRAINER = "keras.src.backend.tensorflow.trainer:TensorFlowTrainer."
KERAS_3_H5 = "keras.src.legacy.saving.legacy_h5_format:"
ARCHIVE = "keras.src.saving.saving_lib:"
H5 = "keras.src.saving.legacy.hdf5_format:"
SCALING = "keras.src.initializers.initializers:VarianceScaling.__init__"


# What can't be known of one sample of a size that costs little:
COARSE = "limit: within what two samples of one distribution may differ"
RULE = "limit: a random image with another rule looks like another draw"


class Mutation(NamedTuple):
    """``old`` text becomes ``new``, which must show in ``quantity``, and nothing worse than ``effect`` anywhere.

    ``subject`` and ``where``: as `tests.lab.mutate` says. ``times``: how often the text is there.
    ``unseen``: why nothing of it shows yet, or never can.
    """

    subject: str
    where: str
    old: str
    new: str
    quantity: str
    effect: str = "results"
    times: int = 1
    unseen: str = ""

    @property
    def name(self) -> str:
        return f"{self.subject} {self.where} {self.old} -> {self.new}"


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
#: What both environments have in the same words.
BOTH = [
    Mutation("layers.BatchNormalization", "__init__", "epsilon=1e-3", "epsilon=1.1e-3", "inference"),
    Mutation("layers.LayerNormalization", "__init__", "epsilon=1e-3", "epsilon=1e-6", "inference"),
    Mutation("layers.LSTM", "__init__", "unit_forget_bias=True", "unit_forget_bias=False", "initial"),
    Mutation("layers.LSTM", "__init__", 'recurrent_activation="sigmoid"', 'recurrent_activation="hard_sigmoid"', "inference"),
    Mutation("activations.gelu", "", "approximate=False", "approximate=True", "inference"),
    Mutation("constraints.MaxNorm", "__call__", "backend.epsilon()", "1e-5", "inference"),
    Mutation("initializers.GlorotUniform", "__init__", "fan_avg", "fan_in", "distribution"),
    Mutation("regularizers.L2", "__init__", "l2=0.01", "l2=0.011", "inference"),
    Mutation("metrics.BinaryAccuracy", "__init__", "threshold=0.5", "threshold=0.49", "inference"),
    Mutation("optimizers.Adam", "__init__", "epsilon=1e-7", "epsilon=1e-8", "training"),
    Mutation("optimizers.RMSprop", "__init__", "rho=0.9", "rho=0.91", "training"),
    Mutation("optimizers.Nadam", "update_step", "0.96", "0.95", "training"),
    Mutation("optimizers.schedules.CosineDecay", "__init__", "alpha=0.0", "alpha=0.01", "training"),
    Mutation("utils.pad_sequences", "", 'padding="pre"', 'padding="post"', "result"),
    Mutation("utils.pad_sequences", "", 'truncating="pre"', 'truncating="post"', "result"),
    Mutation("utils.image_dataset_from_directory", "", "image_size=(256, 256)", "image_size=(224, 224)", "result"),
    Mutation("utils.image_dataset_from_directory", "", "batch_size=32", "batch_size=64", "result"),
    Mutation("applications.imagenet_utils.preprocess_input", IMAGES, "103.939", "103.94", "result"),
    Mutation(
        "saving.to_json/varied",
        LAYERS + "core.dense:Dense.get_config",
        "activations.serialize(self.activation)",
        '"linear"',
        "restored",
    ),
]
TENSORFLOW = [
    # layers: what is initial, and what is computed
    Mutation("layers.BatchNormalization", "__init__", "momentum=0.99", "momentum=0.98", "state"),
    Mutation("layers.BatchNormalization", "__init__", 'gamma_initializer="ones"', 'gamma_initializer="zeros"', "initial"),
    Mutation("layers.GroupNormalization", "__init__", "groups=32", "groups=16", "inference"),
    Mutation(
        "layers.Normalization",
        "call",
        "tf.sqrt(self.variance), backend.epsilon() )",
        "tf.sqrt(self.variance), 1e-6)",
        "inference",
    ),
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
    Mutation("layers.StringLookup", "__init__", "num_oov_indices=1", "num_oov_indices=2", "inference", "architecture"),
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
    Mutation("activations.relu", "", "alpha=0.0", "alpha=0.01", "inference"),
    Mutation("activations.elu", "", "alpha=1.0", "alpha=0.99", "inference"),
    Mutation("activations.softmax", "", "axis=-1", "axis=0", "inference"),
    Mutation("activations.mish", "", "tf.math.softplus(x)", "tf.nn.relu(x)", "inference"),
    Mutation("activations.exponential", "", "tf.exp(x)", "tf.exp(x) - 1e-5", "inference"),
    # constraints
    Mutation("constraints.MaxNorm", "__call__", "backend.epsilon()", "1e-8", "inference"),
    Mutation("constraints.MaxNorm", "__init__", "max_value=2", "max_value=1.9", "inference"),
    Mutation("constraints.UnitNorm", "__init__", "axis=0", "axis=1", "inference"),
    Mutation("constraints.MinMaxNorm", "__init__", "rate=1.0", "rate=0.9", "inference"),
    Mutation("constraints.MinMaxNorm", "__init__", "min_value=0.0", "min_value=0.1", "inference"),
    Mutation("constraints.NonNeg", "__call__", "tf.greater_equal(w, 0.0)", "tf.greater_equal(w, 0.1)", "inference"),
    # initializers
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
    Mutation("optimizers.Adam", "__init__", "beta_1=0.9", "beta_1=0.91", "training"),
    Mutation("optimizers.Adam", "__init__", "beta_2=0.999", "beta_2=0.998", "training"),
    Mutation("optimizers.Adam", "update_step", "/ (1 - beta_1_power)", "", "training"),
    Mutation("optimizers.Adam", "update_step", "tf.sqrt(v) + self.epsilon", "tf.sqrt(v + self.epsilon)", "training", times=2),
    Mutation("optimizers.AdamW", "__init__", "weight_decay=0.004", "weight_decay=0.005", "training"),
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
    Mutation("optimizers.schedules.CosineDecayRestarts", "__init__", "t_mul=2.0", "t_mul=1.5", "training"),
    # preprocessing
    Mutation("utils.pad_sequences", "", 'dtype="int32"', 'dtype="float32"', "result"),
    Mutation("utils.to_categorical", "", 'dtype="float32"', 'dtype="float64"', "result"),
    Mutation("utils.to_categorical", "", "num_classes = np.max(y) + 1", "num_classes = len(y)", "result"),
    Mutation("utils.normalize", "", "l2[l2 == 0] = 1", "", "result"),
    Mutation("preprocessing.image.smart_resize", "", 'interpolation="bilinear"', 'interpolation="nearest"', "result"),
    Mutation(
        "preprocessing.image.smart_resize",
        "",
        'tf.cast(height - crop_height, "float32") / 2',
        'tf.cast(height - crop_height, "float32")',
        "result",
    ),
    Mutation("utils.image_dataset_from_directory", "", 'interpolation="bilinear"', 'interpolation="nearest"', "result"),
    Mutation("utils.image_dataset_from_directory", "", 'label_mode="int"', 'label_mode="categorical"', "result"),
    Mutation(
        "utils.timeseries_dataset_from_array",
        "",
        "(sequence_length - 1) * sampling_rate",
        "sequence_length * sampling_rate",
        "result",
    ),
    Mutation("utils.timeseries_dataset_from_array", "", "batch_size=128", "batch_size=64", "result"),
    Mutation("applications.imagenet_utils.preprocess_input", IMAGES, "x /= 127.5", "x /= 128.0", "result"),
    Mutation("applications.imagenet_utils.preprocess_input", IMAGES, "0.229, 0.224,", "0.229, 0.229,", "result"),
    Mutation("preprocessing.text.Tokenizer", "fit_on_texts", "reverse=True", "reverse=False", "result"),
    Mutation("preprocessing.text.Tokenizer", "texts_to_sequences_generator", "i >= num_words", "i > num_words", "result"),
    Mutation("preprocessing.text.Tokenizer", "__init__", "lower=True", "lower=False", "result"),
    # operations
    Mutation("operations.hard_sigmoid", BACKEND + "hard_sigmoid", "0.2,", "1 / 6,", "result"),
    Mutation(
        "operations.binary_crossentropy",
        BACKEND + "binary_crossentropy",
        "_constant_to_tensor(epsilon(),",
        "_constant_to_tensor(1e-6,",
        "result",
    ),
    Mutation(
        "operations.binary_crossentropy",
        BACKEND + "binary_crossentropy",
        "tf.math.log(output + epsilon())",
        "tf.math.log(output)",
        "result",
    ),
    Mutation("operations.l2_normalize", BACKEND + "l2_normalize", "axis=axis)", "axis=axis, epsilon=1e-10)", "result"),
    Mutation(
        "operations.resize_images", BACKEND + "resize_images", 'interpolation="nearest"', 'interpolation="bilinear"', "result"
    ),
    Mutation("operations.conv2d", BACKEND + "conv2d", 'padding="valid"', 'padding="same"', "result"),
    Mutation("operations.conv1d", BACKEND + "conv1d", "(left_pad, 0)", "(0, left_pad)", "result"),
    Mutation("operations.batch_normalization", BACKEND + "batch_normalization", "epsilon=1e-3", "epsilon=1e-4", "result"),
    Mutation("operations.ctc_batch_cost", BACKEND + "ctc_batch_cost", "+ epsilon()", "", "result"),
    # training
    Mutation("training.fit/shuffled", MODEL + "fit", "shuffle=True", "shuffle=False", "order", "reproducibility"),
    Mutation(
        "training.fit/batch_size",
        ADAPTERS + "TensorLikeDataAdapter.__init__",
        "if steps else 32",
        "if steps else 16",
        "batches",
    ),
    Mutation(
        "training.fit/class_weight",
        ADAPTERS + "_make_class_weight_map_fn",
        "cw = tf.gather(class_weight_tensor, y_classes)",
        "cw = tf.ones_like(y)",
        "updated",
    ),
    Mutation(
        "training.fit/cnn",
        COMPILED + "MetricsContainer._get_metric_object",
        "metric_name = metric",
        'metric_name = "acc"',
        "history",
        "breaks",
    ),
    Mutation("training.fit/mlp", MODEL + "fit", '"val_" + name', '"validation_" + name', "history", "breaks"),
    Mutation(
        "training.train_on_batch/masked",
        LOSSES + "Loss.__call__",
        "in_mask = losses_utils.get_mask(y_pred)",
        "in_mask = None",
        "result",
    ),
    Mutation(
        "training.train_on_batch/clipvalue",
        CLIPPING,
        "clip_value_min=-self.clipvalue",
        "clip_value_min=-2 * self.clipvalue",
        "updated",
    ),
    Mutation("training.train_on_batch/clipnorm", CLIPPING, "tf.clip_by_norm(g, self.clipnorm)", "g", "updated"),
    Mutation(
        "training.train_on_batch/clipnorm",
        CLIPPING,
        "tf.clip_by_norm(g, self.clipnorm)",
        "tf.clip_by_global_norm(grads, self.clipnorm)[0][len(clipped_grads)]",
        "updated",
    ),
    Mutation(
        "training.train_on_batch/frozen_batch_normalization",
        "keras.src.layers.normalization.batch_normalization:BatchNormalizationBase._get_training_value",
        "if not self.trainable:",
        "if False:",
        "updated",
    ),
    Mutation(
        "training.train_on_batch/frozen_after_compile",
        "keras.src.engine.training_utils:RespectCompiledTrainableState.__enter__",
        "if self._should_set_trainable:",
        "if False:",
        "updated",
    ),
    Mutation("training.train_on_batch/three_calls", MODEL + "train_on_batch", "if reset_metrics:", "if False:", "result"),
    Mutation(
        "training.evaluate/masked_metric_mae",
        COMPILED + "MetricsContainer.update_state",
        "sample_weight=mask",
        "sample_weight=None",
        "result",
    ),
    Mutation(
        "training.evaluate/masked_metric_mae",
        LOSSES + "Loss.__call__",
        "in_mask = losses_utils.get_mask(y_pred)",
        "in_mask = None",
        "result",
    ),
    Mutation(
        "training.evaluate/sample_weight",
        "keras.src.utils.losses_utils:compute_weighted_loss",
        "tf.multiply(losses, sample_weight)",
        "losses",
        "result",
    ),
    Mutation(
        "training.evaluate/regularized",
        COMPILED + "LossesContainer.__call__",
        "if regularization_losses:",
        "if False:",
        "result",
    ),
    Mutation(
        "training.evaluate/smaller_last_batch",
        COMPILED + "LossesContainer.__call__",
        "total_total_loss_mean_value, sample_weight=batch_dim",
        "total_total_loss_mean_value",
        "result",
    ),
    Mutation(
        "training.evaluate/accuracy_of_one_unit",
        COMPILED + "MetricsContainer._get_metric_object",
        "is_binary = y_p_last_dim == 1",
        "is_binary = False",
        "result",
    ),
    Mutation("training.evaluate/batch_normalization", MODEL + "test_step", "training=False", "training=True", "result"),
    Mutation("training.predict/batch_normalization", MODEL + "predict_step", "training=False", "training=True", "result"),
    Mutation("training.compile", MODEL + "compile", "jit_compile=None", "jit_compile=True", "settings", "reproducibility"),
    # saving
    Mutation(
        "saving.save/keras",
        "keras.src.engine.base_layer:Layer.load_own_variables",
        "for i, v in enumerate(all_vars)",
        "for i, v in list(enumerate(all_vars))[1:]",
        "restored",
    ),
    Mutation(
        "saving.save/keras_recurrent",
        "keras.src.engine.base_layer:Layer.save_own_variables",
        "enumerate(all_vars)",
        "enumerate(all_vars[::-1])",
        "restored",
        "breaks",
    ),
    Mutation(
        "saving.save/h5",
        H5 + "load_weights_from_hdf5_group",
        "backend.batch_set_value(weight_value_tuples)",
        "backend.batch_set_value(weight_value_tuples[:-1])",
        "restored",
    ),
    Mutation(
        "saving.save/keras",
        ARCHIVE + "_save_container_state",
        'name = f"{name}_{used_names[name]}"',
        'name = f"{name}{used_names[name]}"',
        "restored",
        "breaks",
    ),
    Mutation(
        "saving.save/without_extension",
        "keras.src.saving.saving_api:get_save_format",
        "if tf.__internal__.tf2.enabled():",
        "if False:",
        "files",
        "info",
    ),
    Mutation(
        "saving.save_weights/h5",
        H5 + "save_subset_weights_to_hdf5_group",
        'w.name.encode("utf8")',
        'w.name.encode("utf8") + b"x"',
        "files",
        "info",
    ),
    Mutation(
        "saving.clone_model",
        "keras.src.models.cloning:_clone_layer",
        "layer.get_config()",
        'dict(layer.get_config(), **{"activation": "relu"} if hasattr(layer, "activation") else {})',
        "restored",
    ),
    # loading: files of other generations
    Mutation(
        "loading.load_model/texts.h5@keras-2.2.4",
        H5 + "load_weights_from_hdf5_group",
        "backend.batch_set_value(weight_value_tuples)",
        "backend.batch_set_value(weight_value_tuples[:-1])",
        "restored",
    ),
    Mutation("loading.load_model/gates.h5@keras-2.2.4", BACKEND + "hard_sigmoid", "0.2,", "1 / 6,", "restored"),
    Mutation(
        "loading.load_model/gates.keras@tf.keras-2.15",
        ARCHIVE + "_load_container_state",
        "generic_utils.to_snake_case(trackable.__class__.__name__)",
        "trackable.__class__.__name__",
        "restored",
        "breaks",
    ),
    *BOTH,
]
KERAS_3 = [
    Mutation("layers.BatchNormalization", "__init__", "momentum=0.99, epsilon", "momentum=0.98, epsilon", "state"),
    Mutation("layers.LeakyReLU", "__init__", "negative_slope=0.3", "negative_slope=0.2", "inference"),
    Mutation(
        "layers.Dropout", "call", "seed=self.seed_generator, )", "seed=self.seed_generator) * (1 - self.rate)", "distribution"
    ),
    Mutation("layers.SpatialDropout1D", "_get_noise_shape", "input_shape[0], 1,", "input_shape[0], input_shape[1],", "shared"),
    Mutation("activations.hard_sigmoid", "", "ops.hard_sigmoid(x)", "ops.clip(0.2 * x + 0.5, 0.0, 1.0)", "inference"),
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
    # preprocessing
    Mutation(
        "utils.to_categorical",
        "",
        "np.zeros((batch_size, num_classes))",
        'np.zeros((batch_size, num_classes), "float32")',
        "result",
    ),
    Mutation("utils.normalize", "", "axis=-1, order=2", "axis=-1, order=1", "result"),
    Mutation(
        "preprocessing.image.smart_resize", "", "float(height - crop_height) / 2", "float(height - crop_height)", "result"
    ),
    Mutation("utils.image_dataset_from_directory", "", "shuffle=True", "shuffle=False", "result", "reproducibility"),
    Mutation(
        "utils.timeseries_dataset_from_array",
        "keras.src.utils.timeseries_dataset_utils:_timeseries_dataset_tf",
        "(sequence_length - 1) * sampling_rate",
        "sequence_length * sampling_rate",
        "result",
    ),
    # operations
    Mutation(
        "operations.hard_sigmoid",
        KERAS_3_BACKEND + "hard_sigmoid",
        "relu6(x + tf.constant(3.0, x.dtype)) / tf.constant(6.0, x.dtype)",
        "tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)",
        "result",
    ),
    Mutation(
        "operations.binary_crossentropy",
        KERAS_3_BACKEND + "binary_crossentropy",
        "output, backend.epsilon(), 1.0 -",
        "output, 1e-6, 1.0 -",
        "result",
    ),
    Mutation("operations.l2_normalize", KERAS_3_NN + "_normalize", "epsilon = backend.epsilon()", "epsilon = 1e-5", "result"),
    Mutation("operations.conv2d", KERAS_3_NN + "conv", 'padding="valid"', 'padding="same"', "result"),
    Mutation("operations.batch_normalization", KERAS_3_NN + "batch_normalization", "epsilon=1e-3", "epsilon=1e-4", "result"),
    Mutation(
        "operations.image.resize", "keras.src.ops.image:resize", 'interpolation="bilinear"', 'interpolation="nearest"', "result"
    ),
    Mutation("operations.image.resize", "keras.src.ops.image:resize", "antialias=False", "antialias=True", "result"),
    Mutation(
        "operations.image.affine_transform",
        "keras.src.ops.image:affine_transform",
        'interpolation="bilinear"',
        'interpolation="nearest"',
        "result",
    ),
    Mutation(
        "operations.image.rgb_to_grayscale", "keras.src.backend.tensorflow.image:rgb_to_grayscale", "0.2989", "0.299", "result"
    ),
    # training
    Mutation("training.fit/shuffled", KERAS_3_TRAINER + "fit", "shuffle=True", "shuffle=False", "order", "reproducibility"),
    Mutation(
        "training.fit/batch_size",
        "keras.src.trainers.data_adapters.array_data_adapter:ArrayDataAdapter.__init__",
        "if steps else 32",
        "if steps else 16",
        "batches",
    ),
    Mutation(
        "training.fit/class_weight",
        "keras.src.trainers.data_adapters.data_adapter_utils:class_weight_to_sample_weights",
        "class_weight.get(int(y_numpy[i]), 1.0)",
        "1.0",
        "updated",
    ),
    Mutation("training.fit/mlp", KERAS_3_TRAINER + "fit", 'f"val_{name}"', 'f"validation_{name}"', "history", "breaks"),
    Mutation(
        "training.train_on_batch/masked",
        KERAS_3_LOSS + "Loss.__call__",
        "in_mask = backend.get_keras_mask(y_pred)",
        "in_mask = None",
        "result",
    ),
    Mutation(
        "training.train_on_batch/masked",
        KERAS_3_LOSS + "apply_mask",
        "mask_weight = ops.divide_no_nan(total, valid)",
        "mask_weight = 1.0",
        "updated",
    ),
    Mutation(
        "training.train_on_batch/clipvalue",
        "keras.src.optimizers.base_optimizer:BaseOptimizer._clip_gradients",
        "ops.clip(g, -v, v)",
        "g",
        "updated",
    ),
    Mutation(
        "training.train_on_batch/clipnorm",
        "keras.src.backend.tensorflow.optimizer:TFOptimizer._clip_by_norm",
        "tf.clip_by_norm(values, self.clipnorm, axes)",
        "values",
        "updated",
    ),
    Mutation(
        "training.train_on_batch/frozen_batch_normalization",
        LAYERS + "normalization.batch_normalization:BatchNormalization.call",
        "if training and self.trainable:",
        "if training:",
        "updated",
    ),
    Mutation("training.train_on_batch/three_calls", KERAS_3_TRAINER + "train_on_batch", "self.reset_metrics()", "", "result"),
    Mutation(
        "training.evaluate/masked_metric_mae",
        "keras.src.metrics.reduction_metrics:MeanMetricWrapper.update_state",
        "mask = backend.get_keras_mask(y_pred)",
        "mask = None",
        "result",
    ),
    Mutation(
        "training.evaluate/sample_weight",
        KERAS_3_LOSS + "reduce_weighted_values",
        "values = values * sample_weight",
        "pass",
        "result",
    ),
    Mutation(
        "training.evaluate/regularized",
        "keras.src.trainers.trainer:Trainer.compute_loss",
        "for loss in self.losses:",
        "for loss in []:",
        "result",
    ),
    Mutation(
        "training.evaluate/smaller_last_batch",
        KERAS_3_TRAINER + "test_step",
        ", sample_weight=tf.shape( next(i for i in tree.flatten(x) if i is not None) )[0],",
        "",
        "result",
    ),
    Mutation(
        "training.evaluate/batch_normalization",
        KERAS_3_TRAINER + "test_step",
        "self(x, training=False)",
        "self(x, training=True)",
        "result",
    ),
    Mutation("training.evaluate/accuracy_of_one_unit", KERAS_3_COMPILED + "get_metric", "if is_binary:", "if False:", "result"),
    Mutation(
        "training.predict/batch_normalization", KERAS_3_TRAINER + "predict_step", "training=False", "training=True", "result"
    ),
    # saving
    Mutation(
        "saving.save/keras",
        LAYERS + "layer:Layer.load_own_variables",
        "for i, v in enumerate(all_vars)",
        "for i, v in list(enumerate(all_vars))[1:]",
        "restored",
    ),
    Mutation(
        "saving.save/keras_recurrent",
        LAYERS + "layer:Layer.save_own_variables",
        "enumerate(all_vars)",
        "enumerate(all_vars[::-1])",
        "restored",
        "breaks",
    ),
    Mutation(
        "saving.save/h5", KERAS_3_H5 + "_set_weights", "enumerate(weight_values)", "enumerate(weight_values[:1])", "restored"
    ),
    Mutation(
        "saving.save/keras",
        ARCHIVE + "_save_container_state",
        "naming.to_snake_case(saveable.__class__.__name__)",
        "saveable.__class__.__name__",
        "restored",
        "breaks",
    ),
    Mutation(
        "saving.save/h5",
        KERAS_3_H5 + "save_subset_weights_to_hdf5_group",
        "str(w.path).encode(",
        "str(w.name).encode(",
        "files",
        "info",
    ),
    # loading: files of other generations
    Mutation(
        "loading.load_model/functional.h5@tf.keras-2.10",
        KERAS_3_H5 + "_set_weights",
        "enumerate(weight_values)",
        "enumerate(weight_values[:1])",
        "restored",
    ),
    Mutation(
        "loading.load_model/gates.keras@keras-3.0.5",
        KERAS_3_BACKEND + "hard_sigmoid",
        "tf.constant(6.0, x.dtype)",
        "tf.constant(5.0, x.dtype)",
        "restored",
    ),
    Mutation(
        "loading.load_model/gates.keras@keras-3.0.5",
        ARCHIVE + "_load_container_state",
        "naming.to_snake_case(saveable.__class__.__name__)",
        "saveable.__class__.__name__",
        "restored",
        "breaks",
    ),
    *BOTH,
]
#: Where Pillow and SciPy are.
PICTURES = [
    Mutation("utils.load_img", "", 'interpolation="nearest"', 'interpolation="bilinear"', "result"),
    Mutation("utils.load_img", "", 'img.mode not in ("L", "I;16", "I")', 'img.mode != "L"', "result"),
    Mutation("preprocessing.image.ImageDataGenerator", "__init__", 'fill_mode="nearest"', 'fill_mode="constant"', "result"),
    Mutation("preprocessing.image.ImageDataGenerator", "__init__", "zca_epsilon=1e-6", "zca_epsilon=1e-5", "result"),
    Mutation(
        "preprocessing.image.ImageDataGenerator",
        "standardize",
        "np.std(x, keepdims=True) + 1e-6",
        "np.std(x, keepdims=True) + 1e-3",
        "result",
    ),
    Mutation("preprocessing.image.ImageDataGenerator", "flow", "batch_size=32", "batch_size=16", "result"),
    Mutation("preprocessing.image.ImageDataGenerator", "__init__", "interpolation_order=1", "interpolation_order=0", "result"),
    Mutation("utils.save_img", "", "scale=True", "scale=False", "result"),
    Mutation("utils.array_to_img", "", "x = x - np.min(x)", "", "result"),
    Mutation("preprocessing.image.apply_affine_transform", "", "order=1", "order=0", "result"),
]
RESEEDED = [
    Mutation(symbol, where, "RandomGenerator( seed,", f"RandomGenerator((seed or 0) + {stream},", "", "reproducibility")
    for symbol, where in DRAWING.items()
    for stream in STREAMS
]
ENVIRONMENTS = {
    "tensorflow-2.15.1": ("tf.keras", TENSORFLOW),
    "keras-3.15.1+tensorflow-2.21.0": ("keras", KERAS_3),
    "tensorflow-2.11.1": ("tf.keras", PICTURES),
}


@cache
def measured(environment: str) -> dict[str, Any]:
    """What `tests.lab.mutate` says of all mutations in an environment, by subject."""
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
    """What the cases of a subject say, before and after."""
    return compare(subject.partition("/")[0], Symbol(kind="class", cases=a), Symbol(kind="class", cases=b)).divergences


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


def subjects() -> list[tuple[str, str]]:
    return [
        (environment, subject)
        for environment, (_, mutations) in ENVIRONMENTS.items()
        for subject in sorted({mutation.subject for mutation in mutations})
    ]


@pytest.mark.parametrize(("environment", "mutation"), rows())
def test_mutation_is_seen(environment: str, mutation: Mutation) -> None:
    facts = measured(environment)[mutation.subject]
    mutated = facts["mutated"][mutation.name]
    if "failed" in mutated:
        raise RuntimeError(mutated["failed"])  # no answer, not the wrong one
    found = differing(mutation.subject, facts["plain"], mutated["cases"])
    if mutation.effect != Effect.INFO.value:
        found = [part for part in found if part.effect is not Effect.INFO]
    shown = [part for part in found if part.aspect.endswith("." + mutation.quantity) and part.effect.value == mutation.effect]
    assert shown, [(part.aspect, part.effect.value) for part in found]
    assert min((part.effect for part in found), key=lambda effect: effect.rank).value == mutation.effect, found
    for part in shown:
        if part.size is not None:
            assert part.size["scaled"] == "inf" or part.size["scaled"] > part.size["tolerance"]
            assert part.size["tolerance"] >= tolerances().of(mutation.subject, mutation.quantity)


@pytest.mark.parametrize(
    "symbol",
    DRAWING,
)
def test_another_stream_is_no_other_result(symbol: str) -> None:
    """Every two of some streams are the same up to the draw."""
    facts = measured("tensorflow-2.15.1")[symbol]
    drawn = [facts["mutated"][mutation.name]["cases"] for mutation in RESEEDED if mutation.subject == symbol]
    found = [part for a, b in combinations(drawn, 2) for part in differing(symbol, a, b)]
    assert {part.effect for part in found} == {Effect.REPRODUCIBILITY}, [part.id for part in found]


@pytest.mark.parametrize(("environment", "subject"), subjects())
def test_unmutated_subject_differs_in_nothing(environment: str, subject: str) -> None:
    """Measured anew after all mutations, with functions compiled from unchanged text."""
    facts = measured(environment)[subject]
    assert facts["plain"].keys() == facts["same"].keys()
    assert differing(subject, facts["plain"], facts["same"]) == []


@pytest.mark.parametrize("mutations", [TENSORFLOW, KERAS_3], ids=["TensorFlow", "Keras 3"])
def test_every_measured_family_has_a_mutation(mutations: list[Mutation]) -> None:
    """Of Keras: what surrounds it isn't Keras's to change."""
    own = set(apis.TABLE["measured"]) - set(apis.TABLE["libraries"])
    assert {family(mutation.subject) for mutation in mutations} == own


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_mutation_is_another(environment: str) -> None:
    names = [mutation.name for mutation in ENVIRONMENTS[environment][1]]
    assert len(set(names)) == len(names)
