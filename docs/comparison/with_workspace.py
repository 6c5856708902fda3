"""The task with the workspace of DataLab-Kernel."""

import datalab_workspace as dlw

workspace = dlw.Workspace()

# The particles: smooth the image, outline them at half of the range.
[image] = workspace.read("particles.tif")
smooth = workspace.calc.gaussian_filter(image, sigma=2.0)
workspace.calc.contour_shape(smooth, threshold=0.5, shape="circle")
particles = workspace.results(smooth).to_dataframe(wide=True)
particles["diameter"] = 2 * particles["r"]
particles[["x", "y", "diameter"]].to_csv("particles.csv", index=False)

# The peak: fit a Gaussian on a constant background.
[peak] = workspace.read("peak.csv")
fit = workspace.calc.gaussian_fit(peak)
workspace.results(fit).to_csv("fit.csv", overwrite=True)

# One file has the objects, their results and how they were made.
workspace.save("analysis.h5", overwrite=True)
print(workspace.replay(fit))
