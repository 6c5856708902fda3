"""Draw with plotly what `test_plots` draws, in an environment that has it.

Prints the seconds that it takes to make the figure and its JSON, which is what a
notebook holds of it, and the length of that.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import plotly.graph_objects as go

KIND, PATH = sys.argv[1:]
data = np.load(PATH)
go.Figure(go.Scatter(x=[0], y=[0])).to_json()  # imports what is imported late

start = time.perf_counter()
trace = go.Scattergl(y=data, mode="lines") if KIND == "signal" else go.Heatmap(z=data)
text = go.Figure(trace).to_json()
sys.stdout.write(f"{time.perf_counter() - start} {len(text)}")
