# > 100 round particles
assert len(centres) == len(diameters) == 100
# > One pixel is 0.1 µm.
assert image.dx == image.dy == pixel == 0.1
# > The diameters have a log-normal distribution with a median of 1.6 µm.
assert abs(np.median(diameters) - 1.6) < 0.1
# > Some of the particles touch.
assert connected.max() < len(diameters)
# > a background that is brighter on one side
assert (blurred[:, -20:].mean() - blurred[:, :20].mean()) > 20
# > The background varies slowly, and the particles are small. An opening with a disk that is larger than each particle removes them
assert diameters.max() / pixel < 2 * 20
# > leaves the background
left = workspace.get(smooth).data - workspace.get(flat).data
assert abs((left - 60 - x).mean()) < 15
# > there are fewer than in truth
assert connected.max() < len(diameters)
# > A watershed on the distance from the edge separates them at their necks.
assert separate.max() == len(diameters)
# > The diameter of a particle is that of a circle of the same area.
areas = np.bincount(separate.ravel())[1:] * pixel**2
assert np.allclose(np.pi * (measured / 2) ** 2, areas)
# > A histogram may agree by chance. The particle at the centre of each true one says more.
assert missed == merged == 0
assert abs(deviation.mean()) < 0.03
assert deviation.std() < 0.03
