# > silver-110 has a half-life of 24.6 s, and silver-108 one of 2.38 min
assert half_lives[0] == 24.6
assert abs(half_lives[1] / 60 - 2.38) < 1e-9
# > The counts in each interval of 5 s are simulated.
assert {*np.diff(time)} == {5.0}
# > it is a straight line
straight = np.polynomial.Polynomial.fit(time[late], np.log2(expected[late]), 1)
assert abs(straight(time[late]) - np.log2(expected[late])).max() < 0.01
# > The slopes are the half-lives.
assert abs(fast - 24.6) < 0.5
assert abs(slow - 142.8) < 5
# > DataLab and all later pictures then use it.
assert plotter.plot("decay").axes[0].get_yscale() == "log"
# > so the slope is -2
assert abs(slope + 2) < 0.01
# > with its resonance at 100 Hz and a quality factor of 20
assert abs(frequency[amplitude.argmax()] - 100) < 1
assert abs(amplitude.max() - 20) < 0.3
# > linear near zero, and logarithmic beyond on both sides
ticks = plotter.plot(slope_of, xlog=True, ylog="symlog").axes[0]
assert ticks.get_yscale() == "symlog"
# > The first ring has only 1.75 % of the intensity at the centre
assert abs(airy[np.hypot(x, y) > 1.22].max() / 1e5 - 0.0175) < 0.0001
assert abs(ring / 1e5 - 0.0175) < 0.0003
# > background has 10 counts in each pixel
assert abs(star[airy < 1].mean() - 10) < 1
# > `vmax` cuts the bright end instead
assert (star > 2000).sum() > 0
# > the first at 1.22 λ/D
assert abs(dark - 1.22) < width
assert abs(j1(np.pi * 1.2197)) < 1e-3
