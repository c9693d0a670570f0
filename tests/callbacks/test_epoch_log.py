"""EpochLog: its columns, and what a resumed run keeps."""

import keras
import numpy as np

from kerasbook.callbacks import EpochLog
from kerasbook.callbacks.epoch_log import read_log


def fit(path, epochs, first_epoch=0):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = np.ones((8, 3)), np.zeros(8)
    log = EpochLog(path, 8, first_epoch=first_epoch)
    model.fit(
        x,
        y,
        validation_data=(x, y),
        epochs=epochs,
        initial_epoch=first_epoch,
        callbacks=[log],
        verbose=0,
    )


def test_a_row_an_epoch_with_keras_fit(tmp_path):
    fit(tmp_path / "log.csv", 2)
    header = (tmp_path / "log.csv").read_text().splitlines()[0]
    assert header == (
        "epoch,accuracy,loss,val_accuracy,val_loss,"
        "learning_rate,input_bound,seconds,examples_per_second"
    )
    rows = read_log(tmp_path / "log.csv")
    assert [row["epoch"] for row in rows] == [1, 2]
    assert all(row["loss"] > 0 and row["val_loss"] > 0 for row in rows)
    assert all(row["seconds"] > 0 and row["examples_per_second"] > 0 for row in rows)
    assert rows[0]["learning_rate"] is None  # Keras does not log it


def test_resuming_keeps_the_rows_before_it_and_drops_those_after(tmp_path):
    path = tmp_path / "log.csv"
    fit(path, 3)
    before = path.read_text().splitlines()
    fit(path, 3, first_epoch=1)
    after = path.read_text().splitlines()
    assert after[:2] == before[:2]
    assert [row["epoch"] for row in read_log(path)] == [1, 2, 3]
