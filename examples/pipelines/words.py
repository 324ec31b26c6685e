"""Sentences as numbers, by the Tokenizer of Keras 2 and by the layer that takes its place in Keras 3.

kerasdiff capture --python OLD --pipeline words:before -o before.json     in the old environment
kerasdiff capture --python NEW --pipeline words:after -o after.json       in the new one
kerasdiff compare before.json after.json --only 'pipeline*'               what differs: words.txt

``mended`` is what the report leads to; it compares equal with ``before``.
"""

LENGTH = 16
TEXT = """
the same code in two environments may give other numbers
the gates of a recurrent layer may have another activation
the order of the samples may be another one in each epoch
the numbers of the words may start at two
the padding may stand before the words or after the words
a sequence that is too long may lose the start or the end
the channels of an image may be in another order
an image may be resized in another way
a layer may be trained in another way
no error is raised and the model is another one
"""
SENTENCES = TEXT.strip().splitlines()


def batches(ids):
    return [ids[at : at + 4] for at in range(0, len(ids), 4)]


def before():
    from keras.preprocessing.sequence import pad_sequences
    from keras.preprocessing.text import Tokenizer

    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(SENTENCES)
    return batches(pad_sequences(tokenizer.texts_to_sequences(SENTENCES), maxlen=LENGTH))


def layer(vocabulary=None):
    import keras

    made = keras.layers.TextVectorization(output_sequence_length=LENGTH, vocabulary=vocabulary)
    if vocabulary is None:
        made.adapt(SENTENCES)
    return made


def after():
    return batches(layer()(SENTENCES).numpy())


def mended():
    import keras
    import numpy as np

    words = " ".join(SENTENCES).split()
    by_count = sorted(dict.fromkeys(words), key=lambda word: -words.count(word))  # as the Tokenizer numbers them
    ids = [[number - 1 for number in row if number] for row in layer(by_count)(SENTENCES).numpy()]  # 1 is for unknown words
    return batches(np.asarray(keras.utils.pad_sequences(ids, maxlen=LENGTH)))
