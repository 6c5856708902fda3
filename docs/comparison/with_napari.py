"""The task with napari: the libraries of Python compute, napari shows."""

import numpy as np
from napari.components import ViewerModel
from scipy.optimize import curve_fit
from skimage.filters import gaussian
from skimage.io import imread
from skimage.measure import label, regionprops_table

# The particles: each step is a layer of the viewer.
viewer = ViewerModel()  # without a window; napari.Viewer() opens one
image = viewer.add_image(imread("particles.tif"), name="particles")
smooth = gaussian(image.data, sigma=2.0, preserve_range=True)
viewer.add_image(smooth, name="smooth")
half = (smooth.min() + smooth.max()) / 2
labels = viewer.add_labels(label(smooth > half), name="found")
wanted = ("label", "centroid", "equivalent_diameter_area")
found = regionprops_table(labels.data, properties=wanted)
labels.features = found  # shown when the mouse is over a particle
table = np.c_[found["centroid-1"], found["centroid-0"], found[wanted[2]]]
header = {"header": "x,y,diameter", "delimiter": ",", "comments": ""}
np.savetxt("particles.csv", table, **header)


# The peak: napari has no curves, so SciPy does all of it.
def peak(x, height, position, fwhm, background):
    return background + height * np.exp(-4 * np.log(2) * ((x - position) / fwhm) ** 2)


x, y = np.loadtxt("peak.csv", delimiter=",", skiprows=1, unpack=True)
best, covariance = curve_fit(peak, x, y, (100, 546, 1, 10))
header["header"] = "position,uncertainty,fwhm"
np.savetxt("fit.csv", [[best[1], np.sqrt(covariance[1, 1]), best[2]]], **header)
