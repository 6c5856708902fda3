"""The task with HyperSpy."""

import hyperspy.api as hs
import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.measure import label, regionprops_table

# The particles: HyperSpy maps any function over the images of a stack.
image = hs.load("particles.tif")
image.change_dtype(float)
smooth = image.map(gaussian_filter, sigma=2.0, inplace=False)
half = (smooth.data.min() + smooth.data.max()) / 2
wanted = ("centroid", "equivalent_diameter_area")
found = regionprops_table(label(smooth.data > half), properties=wanted)
table = np.c_[found["centroid-1"], found["centroid-0"], found[wanted[1]]]
header = {"header": "x,y,diameter", "delimiter": ",", "comments": ""}
np.savetxt("particles.csv", table, **header)

# The peak: a model of components, which also holds for each pixel of a map.
x, y = np.loadtxt("peak.csv", delimiter=",", skiprows=1, unpack=True)
peak = hs.signals.Signal1D(y)
axis = peak.axes_manager[0]
axis.name, axis.units, axis.scale, axis.offset = "wavelength", "nm", x[1] - x[0], x[0]
model = peak.create_model()
gaussian = hs.model.components1D.GaussianHF(centre=546, fwhm=1, height=100)
model.extend([gaussian, hs.model.components1D.Offset(offset=10)])
model.fit()
result = [gaussian.centre.value, gaussian.centre.std, gaussian.fwhm.value]
header["header"] = "position,uncertainty,fwhm"
np.savetxt("fit.csv", [result], **header)

# One file has the signal and the model with its values.
model.store("gaussian")
peak.save("peak.hspy", overwrite=True)
again = hs.load("peak.hspy").models.restore("gaussian")
print(again["GaussianHF"].centre.value)
