"""The task with glue: its data, subsets and fitter, without its window."""

import numpy as np
from glue.core import Data, DataCollection
from glue.core.data_factories import load_data
from glue.core.fitters import BasicGaussianFitter
from skimage.filters import gaussian
from skimage.io import imread
from skimage.measure import label, regionprops_table

# The particles: what is brighter than half of the range is a subset. Each viewer
# shows it, also in other data that are linked to the image.
# glue 1.28 reduces a TIFF file of 16 bits to 8, so scikit-image reads it.
pixels = imread("particles.tif")
image = Data(
    label="particles", raw=pixels, smooth=gaussian(pixels, 2.0, preserve_range=True)
)
collection = DataCollection([image])
smooth = image.id["smooth"]
half = sum(image.compute_statistic(of, smooth) for of in ("minimum", "maximum")) / 2
bright = collection.new_subset_group("particles", smooth > half).subsets[0]
wanted = ("centroid", "equivalent_diameter_area")
found = regionprops_table(label(bright.to_mask()), properties=wanted)
table = np.c_[found["centroid-1"], found["centroid-0"], found[wanted[1]]]
header = {"header": "x,y,diameter", "delimiter": ",", "comments": ""}
np.savetxt("particles.csv", table, **header)
collection.append(Data(label="table", x=table[:, 0], y=table[:, 1]))

# The peak: the fitter has no background, so the median of the rest is subtracted.
peak = load_data("peak.csv")
wavelength, counts = peak.main_components
near = peak.new_subset((wavelength > 544) & (wavelength < 548)).to_mask()
x, y = peak[wavelength], peak[counts]
fitter = BasicGaussianFitter()
_, position, sigma = fitter.build_and_fit(x[near], y[near] - np.median(y[~near]))
header["header"] = "position,fwhm"
np.savetxt("fit.csv", [[position, np.sqrt(8 * np.log(2)) * sigma]], **header)
