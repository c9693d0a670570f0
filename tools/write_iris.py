"""Writes the embedded table `kerasbook/data/iris/iris.csv` from scikit-learn's `load_iris`.

pip install 'scikit-learn>=0.20' && python tools/write_iris.py

From 0.20 on scikit-learn has the two flowers that are wrong in the file of the UCI repository as
Fisher printed them; the test of the data names both.
"""

import pathlib

from sklearn.datasets import load_iris

FILE = pathlib.Path(__file__).parent.parent / "kerasbook" / "data" / "iris" / "iris.csv"
COLUMNS = ("sepal_length", "sepal_width", "petal_length", "petal_width", "species")


def main():
    iris = load_iris()
    lines = [",".join(COLUMNS)]
    for row, label in zip(iris.data, iris.target, strict=True):
        lines.append(",".join([*(f"{value:.1f}" for value in row), iris.target_names[label]]))
    FILE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
