"""The task with ImageJ, by the bridge between Python and Java that PyImageJ uses."""

import os

import numpy as np
import scyjava

scyjava.config.set_java_constraints(fetch="never")  # PyImageJ: imagej.init()
scyjava.config.add_classpath(os.environ["IJ_JAR"])
IJ, ResultsTable = scyjava.jimport("ij.IJ"), scyjava.jimport("ij.measure.ResultsTable")
CurveFitter = scyjava.jimport("ij.measure.CurveFitter")
Analyzer = scyjava.jimport("ij.plugin.filter.ParticleAnalyzer")
header = {"header": "x,y,diameter", "delimiter": ",", "comments": ""}

# The particles: smooth the image, and measure what is above half of the range.
image = IJ.openImage(os.path.abspath("particles.tif"))
scyjava.jimport("ij.process.ImageConverter")(image).convertToGray32()
image.getProcessor().blurGaussian(2.0)
smooth = image.getStatistics()
half = (smooth.min + smooth.max) / 2
image.getProcessor().setThreshold(half, smooth.max, 2)
table = ResultsTable()
Analyzer(0, 1 + 32, table, 0.0, float("inf")).analyze(image)  # area and centroid
x, y, area = (np.array(table.getColumn(name)) for name in ("X", "Y", "Area"))
# ImageJ counts from the corner of the first pixel, the others count from its centre.
found = np.c_[x - 0.5, y - 0.5, 2 * np.sqrt(area / np.pi)]
np.savetxt("particles.csv", found, **header)

# The peak: fit a Gaussian on a constant background.
x, y = np.loadtxt("peak.csv", delimiter=",", skiprows=1, unpack=True)
fitter = CurveFitter(x, y)
fitter.doFit(CurveFitter.GAUSSIAN)
_, _, position, sigma, *_ = fitter.getParams()
header["header"] = "position,fwhm"
np.savetxt("fit.csv", [[position, np.sqrt(8 * np.log(2)) * abs(sigma)]], **header)
