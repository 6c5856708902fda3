"""The task as a macro of DataLab."""

import os

import numpy as np
from datalab.adapters_metadata import GeometryAdapter
from datalab.control.proxy import RemoteProxy
from sigima.params import ContourShapeParam, GaussianParam

os.chdir("FOLDER")  # of the files: a macro runs in another one
proxy = RemoteProxy()
header = {"header": "x,y,diameter", "delimiter": ",", "comments": ""}

# The particles: a feature computes from the selected object, and selects its result.
proxy.set_current_panel("image")
proxy.load_from_files([os.path.abspath("particles.tif")])
proxy.calc("gaussian_filter", GaussianParam.create(sigma=2.0))
proxy.calc("contour_shape", ContourShapeParam.create(threshold=0.5, shape="circle"))
smooth = proxy.get_object()
[found] = GeometryAdapter.iterate_from_obj(smooth)
x, y, radius = found.result.coords.T
np.savetxt("particles.csv", np.c_[x, y, 2 * radius], **header)

# The peak: a fit leaves its parameters in the metadata of the curve.
proxy.set_current_panel("signal")
proxy.load_from_files([os.path.abspath("peak.csv")])
proxy.calc("gaussian_fit")
fit = proxy.get_object().metadata["fit_params"]
header["header"] = "position,fwhm"
fwhm = np.sqrt(8 * np.log(2)) * fit["sigma"]
np.savetxt("fit.csv", [[fit["x0"], fwhm]], **header)

# One project has the objects and this macro.
proxy.save_h5_workspace(os.path.abspath("project.h5"))
