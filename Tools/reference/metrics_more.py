"""Prints the values of Tests/SwiftletMetricsTests/MoreMetricTests.swift.

Needs numpy and scikit-learn of Tools/reference/setup: evaluate's scripts for these metrics call the functions used here, or
are the formulas written out here. usage: python Tools/reference/metrics_more.py
"""

import numpy as np
from sklearn.metrics import accuracy_score, brier_score_loss, f1_score, mean_absolute_percentage_error

predictions, references = np.array([2.5, 0.0, 2, 8, -1.25]), np.array([3, -0.5, 2, 7, 0])
print("MAPE", repr(float(mean_absolute_percentage_error(references, predictions))))
epsilon = np.finfo(np.float64).eps
print("SMAPE", repr(float(np.average(
    2 * np.abs(predictions - references) / np.maximum(np.abs(references) + np.abs(predictions), epsilon)))))
print("MANY", mean_absolute_percentage_error(
    [[0.1, 2], [-1, 2], [8, -5]], [[0.5, 1], [-1, 1], [7, -6]], multioutput="raw_values").tolist())
print("RSQ", round(float(1 - np.sum((predictions - references) ** 2) / np.sum((references - references.mean()) ** 2)), 3))
labels, probabilities = [0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3]
print("BRIERW", repr(float(brier_score_loss(labels, probabilities, sample_weight=[1, 2, 3, 4]))))
print("BRIER0", repr(float(brier_score_loss(labels, probabilities, pos_label=0))))
for name in ["ham", "x"]:
    print("BRIERT", repr(float(brier_score_loss(["spam", "ham", "ham", "spam"], probabilities, pos_label=name))))
print("BRIER", repr(float(brier_score_loss(labels, probabilities))))
print("XNLI", repr(float(accuracy_score([0, 1, 0], [0, 1, 1]))))
print("F1", repr(float(f1_score([0, 1, 0], [0, 1, 1]))))
